"""The heart: what a session is, what is wanted of it, and the one actor that brings the two together."""
