"""Errors that are meant for the person at the terminal."""

from __future__ import annotations

from tuntas.foundation.extras import how_to_install


class UserError(Exception):
    """What is wrong and what to do next, in one line. The command line prints it and exits with 1."""


class NotInstalled(UserError):
    """A package is missing that only what was asked for needs, and that an extra installs."""

    def __init__(self, what: str, error: ImportError, extra: str) -> None:
        """Say how to install it."""
        super().__init__(f"{what} needs a package that is not installed ({error.name}): {how_to_install(extra)}")
