"""Whether browsers can run as another user than the server, the way to their profiles, and what is said of it.

A browser's user must pass through each folder above its profile. Our own two are opened for its group to pass through,
and for nothing else; whatever lies above them is not ours to open.
"""

from __future__ import annotations

from pathlib import Path

from tuntas.browser import (
    BrowserUser,
    BrowserUserUnusable,
    Candidate,
    browser_user,
    can_reach,
    is_in_container,
    is_root,
    runs_without_sandbox,
)
from tuntas.config import Settings
from tuntas.server.private_modes import open_way


def user_for_browsers(settings: Settings, browser: Candidate) -> BrowserUser | None:
    """Return the user that browsers are to run as, None for the server's own. Blocking; changes nothing.

    Raises:
        BrowserUserUnusable: it cannot be; the message says why.
    """
    user = browser_user(settings.browser_user)
    if user is not None and not can_reach(user, browser.path):
        raise BrowserUserUnusable(_closed(user, browser.path, "Install the browser where everybody may run it"))
    return user


def open_way_to_profiles(settings: Settings, user: BrowserUser) -> None:
    """Let ``user`` pass through the data folder to the profiles, and see nothing else of it. Blocking.

    Raises:
        BrowserUserUnusable: a folder above is closed to it; the data folder is as it was.
    """
    above = settings.data_dir.resolve().parent
    if not can_reach(user, above):
        raise BrowserUserUnusable(_closed(user, above, "Open it (chmod o+x), or choose another --data-dir"))
    settings.profiles_dir.mkdir(mode=0o700, exist_ok=True)
    try:
        for folder in (settings.data_dir, settings.profiles_dir):
            open_way(folder, user.gid)
    except OSError as error:
        message = f"{settings.data_dir} cannot be opened for {user.name}: {error.strerror}. Choose another --data-dir."
        raise BrowserUserUnusable(message) from error
    if not can_reach(user, settings.profiles_dir):
        raise BrowserUserUnusable(_closed(user, settings.profiles_dir, "Choose another --data-dir"))


def said_of_sandbox(user: BrowserUser | None) -> str | None:
    """Return the line about the browsers' own sandbox that a start says, None where nothing needs to be said."""
    if user is None:
        if not runs_without_sandbox():
            return "Browsers run in their own sandbox." if is_in_container() else None
        if not is_root():
            return (
                "The browsers' own sandbox is off: this container forbids the namespaces that it is made of, and is "
                "the only fence. `tuntas doctor` says how to have both."
            )
        return (
            "Running as root, so the browsers' own sandbox is off. To have it, set TUNTAS_BROWSER_USER=nobody (or a "
            "user made for it), or run the server as a user of its own."
        )
    if runs_without_sandbox(user):
        return (
            f"Browsers run as {user.name}, and their own sandbox is off: this system does not let {user.name} make "
            "namespaces. `tuntas doctor` says how to change that."
        )
    return f"Browsers run as {user.name}, in their own sandbox."


def _closed(user: BrowserUser, path: Path, advice: str) -> str:
    closed = next((one for one in (*reversed(path.parents), path) if not can_reach(user, one)), path)
    return f"Setting TUNTAS_BROWSER_USER: {user.name} cannot get to {path}: {closed} is closed to it. {advice}."
