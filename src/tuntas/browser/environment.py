"""What a browser inherits of the server's environment: a short list of variables, and nothing else.

The server's has its API key, the database's password and whatever else its unit file or container was given. A page's
process can read its own environment, and every process of a browser's tree has the same one. No proxy variables: what
a browser goes through is decided by flags, not by what the server happens to be started with.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tuntas.browser.user import BrowserUser

# Where programs, libraries, fonts and temporary files are, and how texts and times are shown.
_NAMES = frozenset(
    {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "FONTCONFIG_FILE",
        "FONTCONFIG_PATH",
        "FONTCONFIG_SYSROOT",
        # Where a setuid helper of Chromium's sandbox is that does not lie beside it.
        "CHROME_DEVEL_SANDBOX",
    }
)
_PREFIXES = ("LC_", "XDG_")
# Folders of the server's own user, and who that is.
_PERSONAL = frozenset(
    {
        "HOME",
        "USER",
        "LOGNAME",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "XDG_STATE_HOME",
    }
)
# A full Chromium puts a socket into a folder of its own there, and ends at once where that path does not fit into a
# socket's address ("Socket path too long", seen with 156): 108 bytes with Linux, 104 with macOS, a zero at the end.
_LONGEST_TEMPORARY_FOLDER = 103 - len("/org.chromium.Chromium.XXXXXX/SingletonSocket")
_DISPLAY = frozenset({"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"})
# Without SystemRoot no socket can be opened; the folders are asked for by name all over Windows.
_WINDOWS = frozenset(
    {
        "ALLUSERSPROFILE",
        "APPDATA",
        "COMMONPROGRAMFILES",
        "COMMONPROGRAMFILES(X86)",
        "COMMONPROGRAMW6432",
        "COMPUTERNAME",
        "COMSPEC",
        "HOMEDRIVE",
        "HOMEPATH",
        "LOCALAPPDATA",
        "NUMBER_OF_PROCESSORS",
        "OS",
        "PATH",
        "PATHEXT",
        "PROCESSOR_ARCHITECTURE",
        "PROGRAMDATA",
        "PROGRAMFILES",
        "PROGRAMFILES(X86)",
        "PROGRAMW6432",
        "PUBLIC",
        "SYSTEMDRIVE",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "USERDOMAIN",
        "USERNAME",
        "USERPROFILE",
        "WINDIR",
    }
)


def environment_of_another(user: BrowserUser, home: Path, *, headed: bool = False) -> dict[str, str]:
    """Return what a browser gets that runs as ``user``: what it would look for at home it finds in ``home``."""
    ours = browser_environment(headed=headed)
    shared = {name: value for name, value in ours.items() if name not in _PERSONAL}
    return shared | {"HOME": str(home), "USER": user.name, "LOGNAME": user.name}


def browser_environment(
    ours: Mapping[str, str] | None = None, *, headed: bool = False, platform: str = sys.platform
) -> dict[str, str]:
    """Return what of ``ours`` (default: this process's environment) a browser gets; a display only if ``headed``."""
    ours = os.environ if ours is None else ours
    if platform == "win32":
        # Names there are equal without regard to case.
        return {name: value for name, value in ours.items() if name.upper() in _WINDOWS}
    names = _NAMES | _DISPLAY if headed else _NAMES
    taken = {name: value for name, value in ours.items() if name in names or name.startswith(_PREFIXES)}
    if len(os.fsencode(taken.get("TMPDIR", ""))) > _LONGEST_TEMPORARY_FOLDER:
        del taken["TMPDIR"]  # it then uses /tmp
    return taken
