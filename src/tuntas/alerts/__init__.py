"""Tells people what needs them: once when it begins, once when it is over."""
