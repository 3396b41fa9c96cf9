"""The user that browsers run as where the server runs as root, so that they keep Chromium's own sandbox.

Chromium refuses its sandbox to root. setpriv(1) gives up root for good before it becomes the browser: pid and create
time stay, and so does the parent-death signal, which it sets last. Looks and tells; changes nothing.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tuntas.browser.command import CommandFailed, run_command
from tuntas.foundation.user_error import UserError

if sys.platform != "win32":
    import pwd

_SECONDS = 10.0
# What Docker and Podman leave in their containers; Podman and systemd also set ``container``.
_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")


class BrowserUserUnusable(UserError):
    """The user that browsers should run as cannot be that; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class BrowserUser:
    """A user without rights of root, with its own group and no other."""

    name: str
    uid: int
    gid: int


def browser_user(wanted: str) -> BrowserUser | None:
    """Return the user of this name or number, None for an empty name: then browsers run as we do.

    Raises:
        BrowserUserUnusable: there is no such user, or we may not become it.
    """
    if not wanted:
        return None
    if sys.platform != "linux":
        raise _unusable(wanted, "this works on Linux only")
    user = _known(wanted)
    if user.uid == 0:
        raise _unusable(wanted, "that is root itself, who has no sandbox")
    if not is_root():
        raise _unusable(wanted, "only root can start browsers as somebody else. Unset it: this user's have a sandbox")
    if shutil.which("setpriv") is None:
        raise _unusable(wanted, "there is no setpriv. Install util-linux")
    try:
        _run_as(user, ["true"])
    except CommandFailed as error:
        said = error.output.strip().splitlines()
        raise _unusable(wanted, said[-1] if said else str(error)) from error
    return user


def launch_prefix(user: BrowserUser | None) -> list[str]:
    """Return the words before a browser's command line: they have it end with its parent, and run as ``user``."""
    # Without setpriv the end of the pipe still ends the browser, unless it is stopped or hung.
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    if setpriv is None:
        return []
    return [setpriv, *(_becoming(user) if user else ()), "--pdeathsig", "KILL", "--"]


def can_reach(user: BrowserUser, path: Path) -> bool:
    """Whether ``user`` may use what is at ``path``: enter a folder, run a program."""
    try:
        _run_as(user, ["test", "-x", str(path)])
    except CommandFailed:
        return False
    return True


@cache
def has_namespaces(user: BrowserUser | None) -> bool:
    """Whether the kernel lets ``user`` (None: us) make the namespaces that Chromium's sandbox is built of."""
    asked = ["unshare", "--user", "--map-root-user", "--net", "true"]
    try:
        if user is None:
            run_command(asked, timeout_seconds=_SECONDS)
        else:
            _run_as(user, asked)
    except CommandFailed:
        return False
    return True


def runs_without_sandbox(user: BrowserUser | None = None) -> bool:
    """Whether browsers that this process starts (as ``user``) have Chromium's own sandbox off."""
    if sys.platform == "win32":
        return False
    if is_root():
        return user is None or not has_namespaces(user)
    # An ordinary user's browser without it would not start. That is right on a desktop; a container is itself a fence,
    # and the usual ones forbid the namespaces.
    return is_in_container() and not has_namespaces(None)


def is_root() -> bool:
    """Whether this process has root's rights over files and other users."""
    return sys.platform != "win32" and os.geteuid() == 0


def is_in_container() -> bool:
    """Whether this process is in a container: an engine says so, or has laid a filter over its system calls."""
    if sys.platform != "linux":
        return False
    if {"container", "KUBERNETES_SERVICE_HOST"} & os.environ.keys() or any(
        Path(one).exists() for one in _CONTAINER_MARKS
    ):
        return True
    status = Path("/proc/self/status").read_text()
    return "\nSeccomp:\t2\n" in status


def _known(wanted: str) -> BrowserUser:
    assert sys.platform != "win32"
    is_number = wanted.isascii() and wanted.isdecimal() and len(wanted) <= 10
    try:
        entry = pwd.getpwuid(int(wanted)) if is_number else pwd.getpwnam(wanted)
    except (KeyError, OverflowError, ValueError):
        if is_number and int(wanted) < 2**32 - 1:
            return BrowserUser(wanted, int(wanted), int(wanted))
        raise _unusable(wanted, f"there is no such user. Make it: useradd --system --user-group {wanted}") from None
    return BrowserUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _becoming(user: BrowserUser) -> list[str]:
    return ["--reuid", str(user.uid), "--regid", str(user.gid), "--clear-groups"]


def _run_as(user: BrowserUser, arguments: list[str]) -> None:
    run_command(["setpriv", *_becoming(user), "--", *arguments], timeout_seconds=_SECONDS)


def _unusable(wanted: str, why: str) -> BrowserUserUnusable:
    return BrowserUserUnusable(f"Setting TUNTAS_BROWSER_USER: {wanted!r} cannot run browsers: {why}.")
