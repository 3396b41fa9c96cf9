"""Where the stand-in for a browser is: a program that runs ``fake_browser.py``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_VARIABLE = "TUNTAS_FAKE_BROWSER"


def stand_in() -> Path:
    """Return the program, or skip the calling module."""
    if _VARIABLE not in os.environ:
        reason = f"{_VARIABLE} names no program made of tests/wine/launcher.c with SCRIPT"
        pytest.skip(reason, allow_module_level=True)
    return Path(os.environ[_VARIABLE])
