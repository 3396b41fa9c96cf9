"""Errors that are meant for the person at the terminal."""

from __future__ import annotations


class Advice(Exception):
    """What is wrong and what to do next, in one line. The command line prints it and exits with 1."""
