"""Brings committed events to those who asked for them: in order per session and receiver, at least once."""
