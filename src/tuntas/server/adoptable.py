"""Which folders of another tool can become profiles here, and what speaks against one. Looks; changes nothing."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tuntas.api.app import route_words
from tuntas.foundation.plain_values import is_utf8
from tuntas.foundation.user_error import UserError
from tuntas.processes import HolderScanTimedOut, holders_of
from tuntas.profiles import RefusedPath
from tuntas.profiles.guards import checked_name, folded, is_real_directory, located
from tuntas.sessions.names import refusal_of

PREFIX = "session-"
# LocalAuth without a clientId names its folder just "session"; WAHA's name for the one session is "default".
PLAIN = "session"
PLAIN_SESSION = "default"
# The links that a running Chromium has at the top of its profile.
LOCKS = frozenset({"SingletonLock", "SingletonSocket", "SingletonCookie"})

_SESSION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ImportRefused(UserError):
    """The import did not happen and nothing was changed; the message says what is in the way and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A folder to import, absolute, and the session that it will be."""

    path: Path
    session: str


def find_sources(directory: Path) -> list[Source]:
    """Return the session folders in ``directory``, or ``directory`` itself if it is one; by name, at least one.

    Raises:
        ImportRefused: there is none, or a name cannot be a session's.
    """
    try:
        directory = located(directory.expanduser())
        if not is_utf8(str(directory)):
            shown = os.fsencode(directory).decode(errors="replace")
            message = f"{shown} has a name that is no UTF-8, which could not be written down. Rename it."
            raise ImportRefused(message)
        if not is_real_directory(directory):
            message = f"{directory} is not a folder. Name whatsapp-web.js's .wwebjs_auth, or one session folder in it."
            raise ImportRefused(message)
        found = [directory] if _is_session_folder(directory) else sorted(_inside(directory))
    except OSError as error:
        message = f"{directory} cannot be read ({error.strerror}). Run this as the user who owns it."
        raise ImportRefused(message) from error
    if not found:
        message = (
            f"There is no {PREFIX}NAME folder in {directory}. What was imported before is in `tuntas sessions list`."
        )
        raise ImportRefused(message)
    sources = [Source(path, _session_name(path)) for path in found]
    names = [folded(source.session) for source in sources]
    for source in sources:
        if names.count(folded(source.session)) > 1:  # "session" and "session-default"
            message = f"Two folders in {directory} would be the session {source.session}. Rename or import one by one."
            raise ImportRefused(message)
    return sources


def check_source(source: Source, profiles_root: Path, *, copy: bool) -> None:
    """Refuse a folder that is no browser profile, is ours already, or cannot reach ``profiles_root`` by a rename.

    Raises:
        ImportRefused: one of these.
    """
    path = source.path
    if not ((path / "Local State").is_file() or (path / "Default").is_dir()):
        message = f"{path} is not a browser's profile (no `Local State`, no `Default`). Name another folder."
        raise ImportRefused(message)
    _refuse_links(path)
    if path.parent.name == "profiles" and (path.parent.parent / "tuntas.lock").exists():
        message = f"{path} belongs to the Tuntas data folder {path.parent.parent}; use that with --data-dir."
        raise ImportRefused(message)
    if profiles_root == path or path in profiles_root.parents:
        message = f"{path} contains the data folder itself. Choose another --data-dir."
        raise ImportRefused(message)
    _check_rights(path, copy=copy)
    if not copy and path.lstat().st_dev != _nearest(profiles_root).stat().st_dev:
        message = (
            f"{path} is on another volume than {profiles_root}, so it cannot be renamed. Move it to a folder on that "
            f"volume first (mv {path} {profiles_root.parent.parent}/), or use --copy, which keeps the source."
        )
        raise ImportRefused(message)


def _refuse_links(profile: Path) -> None:
    """A browser makes no link in its profile but its lock: another would lead the browser, and us, somewhere else."""
    for place, folders, files in os.walk(profile, onerror=_unreadable):
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink() and not (path.parent == profile and name in LOCKS):
                message = (
                    f"{path} is a link to {path.readlink()}; no browser makes such a link in its profile. Remove it, "
                    "or put what it leads to in its place, then import again."
                )
                raise ImportRefused(message)


def _unreadable(error: OSError) -> NoReturn:
    message = f"{error.filename} cannot be read ({error.strerror}). Run this as the user who owns it."
    raise ImportRefused(message) from error


def check_owner(data_dir: Path) -> None:
    """Refuse to work in another user's data folder: what root makes there its server could not change.

    Raises:
        ImportRefused: it belongs to somebody else.
    """
    if sys.platform != "win32" and data_dir.exists() and (owner := data_dir.stat().st_uid) != os.geteuid():
        message = f"{data_dir} belongs to user id {owner}, this is {os.geteuid()}. Run this as the server's own user."
        raise ImportRefused(message)


def _check_rights(path: Path, *, copy: bool) -> None:
    needed = os.R_OK | os.X_OK if copy else os.R_OK | os.W_OK | os.X_OK
    if not os.access(path, needed) or not (copy or os.access(path.parent, os.W_OK | os.X_OK)):
        message = f"{path} cannot be changed by this user. Run this as root, or give it to the server's user: chown -R."
        raise ImportRefused(message)
    if not copy and sys.platform != "win32" and os.geteuid() not in (0, owner := path.stat().st_uid):
        message = f"{path} belongs to user id {owner}, this is {os.geteuid()}. Give it to the server's user: chown -R."
        raise ImportRefused(message)


def check_unused(path: Path) -> None:
    """Refuse a folder that any process uses.

    Raises:
        ImportRefused: it names the processes, or says that it could not be found out.
    """
    try:
        holders = holders_of(path)
    except HolderScanTimedOut as error:
        message = f"Who uses {path} could not be found out ({error}). Try again."
        raise ImportRefused(message) from error
    if holders:
        who = ", ".join(f"{holder.name} (pid {holder.pid}, {holder.how})" for holder in holders[:5])
        more = f" and {len(holders) - 5} more" if len(holders) > 5 else ""
        message = f"{path} is in use by {who}{more}. Stop whatsapp-web.js and its browsers, then import again."
        raise ImportRefused(message)


def _is_session_folder(path: Path) -> bool:
    return (path.name == PLAIN or path.name.startswith(PREFIX)) and not any(_inside(path))


def _inside(directory: Path) -> list[Path]:
    return [
        path
        for path in directory.iterdir()
        if (path.name == PLAIN or path.name.startswith(PREFIX)) and is_real_directory(path)
    ]


def _session_name(path: Path) -> str:
    name = PLAIN_SESSION if path.name == PLAIN else path.name.removeprefix(PREFIX)
    try:
        checked_name(path.name)
        is_good = _SESSION_NAME.fullmatch(name) is not None
    except RefusedPath:
        is_good = False
    if is_good and (why := refusal_of(name, route_words())) is not None:
        message = f"{path} cannot become a session: nobody may call one {name!r}, {why}. Rename it to {PREFIX}NAME."
        raise ImportRefused(message)
    if not is_good:
        shown = os.fsencode(path).decode(errors="replace")
        message = (
            f"{shown} cannot become a session: {name!r} is no name for one (letters, digits, _ and -, at most 64). "
            f"Rename the folder to {PREFIX}NAME."
        )
        raise ImportRefused(message)
    return name


def _nearest(path: Path) -> Path:
    """Return ``path``, or what exists of its parents: it will be made on that volume."""
    while not path.exists():
        path = path.parent
    return path
