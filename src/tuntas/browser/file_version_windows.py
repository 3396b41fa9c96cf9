"""The version that a Windows program file carries in its resources. Reads only; starts nothing."""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from pathlib import Path

assert sys.platform == "win32"

_version = ctypes.WinDLL("version")


class _Fixed(ctypes.Structure):
    """The beginning of VS_FIXEDFILEINFO."""

    _fields_ = (
        ("signature", wintypes.DWORD),
        ("structure", wintypes.DWORD),
        ("high", wintypes.DWORD),
        ("low", wintypes.DWORD),
    )


def file_version(program: Path) -> str | None:
    """Return the dotted version, as in "140.0.7339.16"; None if the file carries none."""
    size = _version.GetFileVersionInfoSizeW(str(program), None)
    if not size:
        return None
    resources = ctypes.create_string_buffer(size)
    found, length = ctypes.POINTER(_Fixed)(), wintypes.UINT()
    if not _version.GetFileVersionInfoW(str(program), 0, size, resources):
        return None
    if not _version.VerQueryValueW(resources, "\\", ctypes.byref(found), ctypes.byref(length)) or not length.value:
        return None
    fixed = found.contents
    return ".".join(str(part) for half in (fixed.high, fixed.low) for part in (half >> 16, half & 0xFFFF))
