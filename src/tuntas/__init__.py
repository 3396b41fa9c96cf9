"""Tuntas runs WhatsApp Web sessions and brings every one cleanly through its whole life."""

__version__ = "0.2.0"
