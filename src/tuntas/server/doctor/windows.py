"""What only Windows has: Defender, its rights, its short paths. Elsewhere each says that it was not checked.

Reads the registry and the process token; changes nothing. Written from Microsoft's documentation; run under Wine only.
"""

from __future__ import annotations

import os
import sys
from pathlib import PureWindowsPath

from tuntas.config import Settings
from tuntas.server.doctor.finding import Finding, fine, warning

_NOT_HERE = "not checked here: this is not Windows"
_EXCLUSIONS = r"SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths"
_FILE_SYSTEM = r"SYSTEM\CurrentControlSet\Control\FileSystem"
_LONGEST_PATH = 260
# What Chromium puts below its profile reaches some 140 characters (service worker and IndexedDB paths).
_BELOW_PROFILE = 150


def defender(settings: Settings) -> Finding:
    """Whether Defender leaves the data folder alone; its scanner holds files open while a profile is removed."""
    if sys.platform == "win32":
        import winreg

        excluded: list[str] | None
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _EXCLUSIONS) as paths:
                count = winreg.QueryInfoKey(paths)[1]
                excluded = [winreg.EnumValue(paths, index)[0] for index in range(count)]
        except FileNotFoundError:
            excluded = []
        except PermissionError:
            excluded = None
        return judge_exclusions(excluded, str(settings.data_dir))
    return fine("Windows Defender", _NOT_HERE)


def rights(settings: Settings) -> Finding:  # noqa: ARG001 - every check is asked in the same way
    """Whether this is an administrator: other users' holders of a file can be named only then."""
    check = "Windows rights"
    if sys.platform == "win32":
        import ctypes

        if ctypes.windll.shell32.IsUserAnAdmin():
            return fine(check, "administrator")
        return fine(check, "an ordinary user: who holds a file of another user is named to administrators only")
    return fine(check, _NOT_HERE)


def long_paths(settings: Settings) -> Finding:
    """Whether paths of more than 260 characters work, or are not needed."""
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _FILE_SYSTEM) as file_system:
                is_on = winreg.QueryValueEx(file_system, "LongPathsEnabled")[0] == 1
        except FileNotFoundError:
            is_on = False
        return judge_path(os.fspath(settings.profiles_dir), is_on=is_on)
    return fine("Windows long paths", _NOT_HERE)


def judge_exclusions(excluded: list[str] | None, folder: str) -> Finding:
    """Judge Defender's excluded paths, None if this user may not see them."""
    check = "Windows Defender"
    advice = f'As administrator, in PowerShell: Add-MpPreference -ExclusionPath "{folder}"'
    if excluded is None:
        return warning(check, "its exclusions can be seen by an administrator only", advice)
    wanted = PureWindowsPath(folder)
    places = [PureWindowsPath(os.path.expandvars(one)) for one in excluded]
    if any(place == wanted or place in wanted.parents for place in places):
        return fine(check, f"{folder} is excluded")
    return warning(check, f"{folder} is not excluded: files in it may be held open for seconds", advice)


def judge_path(profiles: str, *, is_on: bool) -> Finding:
    """Judge whether a browser's files below ``profiles`` fit into a path."""
    check = "Windows long paths"
    if is_on:
        return fine(check, "on")
    left = _LONGEST_PATH - len(profiles) - _BELOW_PROFILE
    if left > 0:
        return fine(check, f"off, and not needed: session names may have {left} characters here")
    advice = r"Choose a --data-dir with a short path such as C:\tuntas, or switch long paths on in the group policy."
    return warning(check, f"off, and {profiles} is long", advice)
