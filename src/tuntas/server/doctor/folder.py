"""The data folder: is it there, is it ours, does it lie on the right volume, is there room, and who holds it."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import httpx

from tuntas.browser import BrowserUserUnusable, browser_user
from tuntas.config import Settings
from tuntas.processes.mounts import mounts
from tuntas.profiles import ProfileStore
from tuntas.profiles.guards import is_real_directory
from tuntas.server.data_folder import DataFolder
from tuntas.server.doctor.file_systems import (
    fstab_points,
    in_container,
    judge_kind,
    judge_place,
    mount_of,
)
from tuntas.server.doctor.finding import Finding, broken, fine, warning
from tuntas.server.doctor.lock import lock_holder
from tuntas.server.private_modes import foreign_owner, open_entries

# One profile in use is 100 to 300 MB, and a full disk breaks the database of all sessions.
SPACE_BROKEN_BYTES = 200 * 1024 * 1024
SPACE_WARNING_BYTES = 2 * 1024 * 1024 * 1024
INODES_BROKEN = 1_000
INODES_WARNING = 20_000
ANSWER_SECONDS = 5.0


def data_folder(settings: Settings) -> Finding:
    """Whether the folder is there and this user may work in it."""
    check, path = "data folder", settings.data_dir
    if not path.exists():
        if path.is_symlink():
            return broken(check, f"{path} is a link to nothing", "Mend the link, or choose another --data-dir.")
        parent = _nearest(path)
        if not os.access(parent, os.W_OK | os.X_OK):
            advice = f"Make it for this user, or choose another --data-dir: {parent} is not writable."
            return broken(check, f"{path} does not exist and cannot be made", advice)
        advice = "The server makes it at its start. If you expected sessions here, name the right --data-dir."
        return warning(check, f"{path} does not exist", advice)
    if not path.is_dir():
        return broken(check, f"{path} is not a folder", "Choose another --data-dir.")
    for one in (path, settings.profiles_dir):
        if one.exists() and not os.access(one, os.R_OK | os.W_OK | os.X_OK):
            advice = f"Run as the user who owns it, or as root: chown -R USER {path}"
            return broken(check, f"{one} cannot be read and written by this user", advice)
    if sys.platform == "win32":
        return fine(check, f"{path}")
    if (owner := foreign_owner(path)) is not None:
        advice = "Run doctor and the server as the user who owns it, or what one makes the other cannot change."
        return warning(check, f"{path} belongs to user id {owner}, this is {os.geteuid()}", advice)
    if found := open_entries(path, _group_of_browsers(settings)):
        worst = next((one for one in found if one.mode & stat.S_IWOTH), found[0])
        how = "may be written by everybody" if worst.mode & stat.S_IWOTH else "is open to other users"
        more = f", and {len(found) - 1} more in it" if len(found) > 1 else ""
        advice = f"chmod -R go-rwx {path}: whoever can read a profile can write as its WhatsApp account."
        advice += f" The server leaves it, as {worst.why_not}." if worst.why_not else " The next start does it too."
        return warning(check, f"{worst} {how}{more}", advice)
    return fine(check, f"{path}")


def file_system(settings: Settings) -> Finding:
    """Whether the file system keeps what profiles and the database need."""
    mount = mount_of(_place(settings), mounts())
    if mount is None:
        return fine("file system", "not known on this system")
    return judge_kind(mount, free_of_container=not in_container())


def mount_place(settings: Settings) -> Finding:
    """Whether the data folder lies on the volume that somebody meant."""
    fstab = Path("/etc/fstab")
    expected = fstab_points(fstab.read_text()) if fstab.is_file() else []
    return judge_place(_place(settings), mounts(), in_container=in_container(), expected=expected)


def trash_volume(settings: Settings) -> Finding:
    """Whether a rename reaches the trash."""
    check = "trash"
    store = ProfileStore(settings.profiles_dir)
    if not store.trash.path.exists():
        return fine(check, "made at the first start")
    if not is_real_directory(store.trash.path):
        return broken(check, f"{store.trash.path} is not a plain folder", "Move it away; the server makes a new one.")
    if store.trash.path.stat().st_dev != store.root.stat().st_dev:
        advice = f"Unmount {store.trash.path}: profiles are renamed into it, which works only within one volume."
        return broken(check, f"{store.trash.path} is on another volume than {store.root}", advice)
    return fine(check, "on the profiles' own volume")


def free_space(settings: Settings) -> Finding:
    """Whether there is room for profiles."""
    check = "free space"
    place = _nearest(_place(settings))
    free = shutil.disk_usage(place).free
    detail = f"{free / 1e9:.1f} GB on {place}"
    advice = "Free some: `tuntas cleanup` removes what is left over; a profile needs 100 to 300 MB."
    if free < SPACE_BROKEN_BYTES:
        return broken(check, detail, advice)
    return warning(check, detail, advice) if free < SPACE_WARNING_BYTES else fine(check, detail)


def free_inodes(settings: Settings) -> Finding:
    """Whether there is room for files, however small."""
    check = "free inodes"
    if sys.platform == "win32":
        return fine(check, "not counted on this system")
    facts = os.statvfs(_nearest(_place(settings)))
    if facts.f_files == 0:
        return fine(check, "not counted on this file system")
    detail = f"{facts.f_favail} of {facts.f_files}"
    advice = "Remove small files you do not need (find / -xdev -type d -size +1M shows where): a profile has thousands."
    if facts.f_favail < INODES_BROKEN:
        return broken(check, detail, advice)
    return warning(check, detail, advice) if facts.f_favail < INODES_WARNING else fine(check, detail)


def server(settings: Settings) -> Finding:
    """Who holds the data folder, and whether that server answers."""
    check = "server"
    folder = DataFolder(settings.data_dir)
    noted = folder.running_server()
    holder = lock_holder(settings.data_dir / "tuntas.lock")
    if noted is None:
        if holder is None:
            return fine(check, "none runs on this data folder")
        advice = "If that does not change within a minute, look at its log, or end it and start again."
        return warning(check, f"{holder} holds the data folder and has not announced itself (yet)", advice)
    who = f"pid {noted.pid} at {noted.url}"
    try:
        answer = httpx.get(f"{noted.url}/healthz", timeout=ANSWER_SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        advice = f"Look at its log; if it hangs, kill -9 {noted.pid} is safe: start it again, no session is lost."
        return broken(check, f"{who} does not answer ({error})", advice)
    if not answer.is_success:
        return broken(check, f"{who} answers HTTP {answer.status_code} at /healthz", "Look at its log.")
    return fine(check, f"{who} answers")


def _group_of_browsers(settings: Settings) -> int | None:
    try:
        user = browser_user(settings.browser_user)
    except BrowserUserUnusable:
        return None  # the check of the sandbox says so
    return user.gid if user else None


def _place(settings: Settings) -> Path:
    return Path(os.path.realpath(settings.data_dir))


def _nearest(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
