"""The ``tuntas`` command: parse, call, print. Errors are one line that says what to do next, never a traceback."""

from tuntas.cli.app import main

__all__ = ["main"]
