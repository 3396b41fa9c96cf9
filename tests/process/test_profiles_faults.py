"""Faults that only the kernel can make: mounts in the way, other volumes, read-only disks, missing rights.

Each story is told by this very file in a child process with a mount namespace of its own, so that nothing it mounts
is seen or left outside.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from support.journal import FileJournal
from tuntas.foundation.clock import SystemClock
from tuntas.profiles import marker, safe_delete_directory
from tuntas.profiles.model import Reason, RemovalState
from tuntas.profiles.removal import Remover
from tuntas.profiles.settings import RemovalSettings
from tuntas.profiles.store import ProfileStore

SETTINGS = RemovalSettings(attempts=2, delay_seconds=0.01, first_retry_seconds=0.01, retry_ceiling_seconds=0.01)


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True)


def unmount(place: Path) -> None:
    subprocess.run(["umount", place], check=True)


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.rglob("*"))


def fill(path: Path) -> None:
    for folder in ("Default/IndexedDB", "Default/Cache"):
        (path / folder).mkdir(parents=True)
        (path / folder / "data").write_bytes(b"x" * 5000)
    (path / "Default" / "Cookies").write_text("cookies")


def profile(store: ProfileStore, session: str = "ani") -> Path:
    path = store.create(session, session)
    fill(path)
    return path


def start(folder: Path) -> tuple[ProfileStore, Remover]:
    store = ProfileStore(folder / "profiles")
    store.prepare()
    return store, Remover(store, FileJournal(folder / "journal"), SystemClock(), SETTINGS)


async def the_profile_is_a_mount_point(folder: Path) -> None:
    store, remover = start(folder)
    path = store.root / "ani"
    path.mkdir()
    mount("-t", "tmpfs", "tmpfs", path)
    store.create("ani", "ani")
    fill(path)
    removal = await remover.remove("ani", path)
    assert removal.state is RemovalState.PURGED, removal
    assert path.is_mount()
    assert list(path.iterdir()) == []
    assert (await remover.remove("ani", path)).state is RemovalState.PURGED
    assert remover.open_removals() == ()


async def a_file_inside_is_a_mount_point(folder: Path) -> None:
    store, remover = start(folder)
    path = profile(store)
    canary = folder / "canary"
    canary.write_text("precious")
    mount("--bind", canary, path / "Default" / "Cookies")
    assert (await remover.remove("ani", path)).state is RemovalState.QUARANTINED
    (left,) = await remover.sweep()
    for _ in range(3):
        (left,) = await remover.sweep()
    assert (left.state, left.reason) == (RemovalState.STUCK, Reason.MOUNT_POINT), left
    assert left.trash_path is not None
    assert left.obstacle_path == str(left.trash_path / "Default" / "Cookies")
    assert f"In the way: {left.obstacle_path}." in str(left.message)
    assert names(left.trash_path) == [marker.NAME, "Cookies", "Default"]
    assert canary.read_text() == "precious"
    assert store.folder_for("ani") == "ani"
    unmount(left.trash_path / "Default" / "Cookies")
    assert await remover.sweep() == ()


async def somebody_else_s_folder_is_mounted_inside(folder: Path) -> None:
    store, remover = start(folder)
    path = profile(store)
    canary = folder / "canary"
    (canary / "inner").mkdir(parents=True)
    (canary / "inner" / "photo").write_text("precious")
    for place, arguments in (("bound", ["--bind", canary]), ("tmp", ["-t", "tmpfs", "tmpfs"])):
        (path / place).mkdir()
        mount(*arguments, path / place)
        (path / place / "foreign").write_text("precious")
    await remover.remove("ani", path)
    (left,) = await remover.sweep()
    assert left.reason is Reason.MOUNT_POINT
    assert left.trash_path is not None
    assert (left.trash_path / "tmp" / "foreign").read_text() == "precious"
    assert (canary / "inner" / "photo").read_text() == "precious"
    for place in ("bound", "tmp"):
        unmount(left.trash_path / place)
    assert await remover.sweep() == ()
    assert (canary / "foreign").exists()


async def the_profile_lies_in_the_lower_layer_of_an_overlay(folder: Path) -> None:
    for name in ("lower/profiles/ani", "upper", "work", "merged"):
        (folder / name).mkdir(parents=True)
    fill(folder / "lower/profiles/ani")
    ProfileStore(folder / "lower" / "profiles").adopt("ani", "ani")
    options = f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work,redirect_dir=off"
    mount("-t", "overlay", "overlay", "-o", options, folder / "merged")
    store, remover = start(folder / "merged")
    removal = await remover.remove("ani", store.root / "ani")
    assert removal.state is RemovalState.PURGED, removal
    assert not (store.root / "ani").exists()
    assert (folder / "lower" / "profiles" / "ani" / "Default" / "Cookies").exists()


async def the_disk_becomes_read_only(folder: Path) -> None:
    disk = folder / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "tmpfs", disk)
    store = ProfileStore(disk / "profiles")
    store.prepare()
    path = profile(store)
    remover = Remover(store, FileJournal(folder / "journal"), SystemClock(), SETTINGS)
    await remover.resume()
    mount("-o", "remount,ro", disk)
    removal = await remover.remove("ani", path)
    assert (removal.state, removal.reason, removal.attempts) == (RemovalState.STUCK, Reason.READ_ONLY, 1), removal
    assert removal.message is not None
    assert "read-only" in removal.message
    mount("-o", "remount,rw", disk)
    assert await remover.sweep() == ()
    assert not path.exists()


async def a_person_names_a_mount_point(folder: Path) -> None:
    path = folder / "session-ani"
    path.mkdir()
    mount("-t", "tmpfs", "tmpfs", path)
    fill(path)
    result = safe_delete_directory(path, delay=0.01)
    assert result, result
    assert result.message is not None
    assert "mount point" in result.message
    assert list(path.iterdir()) == []


async def a_person_names_a_folder_with_a_busy_file(folder: Path) -> None:
    path = folder / "session-ani"
    fill(path)
    canary = folder / "canary"
    canary.write_text("precious")
    mount("--bind", canary, path / "Default" / "Cookies")
    result = safe_delete_directory(path, delay=0.01)
    assert not result
    assert result.attempts == 3
    assert not path.exists()
    (left,) = result.remaining
    assert left.parent == folder
    assert result.message is not None
    assert result.message.startswith("Session ani files may not be fully deleted. Manual cleanup may be required.")
    unmount(left / "Default" / "Cookies")
    assert safe_delete_directory(path, delay=0.01)
    assert names(folder) == ["canary"]


async def our_own_folders_deny_us(folder: Path) -> None:
    """Told without root: rights are missing on directories of our own, and on the profile itself."""
    store, remover = start(folder)
    path = profile(store)
    outside = folder / "outside"
    outside.write_text("precious")
    outside.chmod(0o400)
    os.link(outside, path / "Default" / "linked")
    (path / "Default" / "IndexedDB").chmod(0o500)
    (path / "Default" / "Cache").chmod(0o000)
    (path / "Default").chmod(0o100)
    path.chmod(0o500)
    removal = await remover.remove("ani", path)
    assert removal.state is RemovalState.QUARANTINED, removal
    assert await remover.sweep() == ()
    assert outside.stat().st_mode & 0o777 == 0o400
    assert outside.read_text() == "precious"


async def the_root_of_all_profiles_denies_us(folder: Path) -> None:
    """Told without root: the parent folder is not writable, which is not ours to change."""
    store, remover = start(folder)
    path = profile(store)
    store.root.chmod(0o500)
    removal = await remover.remove("ani", path)
    assert (removal.state, removal.reason) == (RemovalState.STUCK, Reason.PERMISSION), removal
    assert (path / "Default" / "Cookies").exists()
    store.root.chmod(0o700)
    assert await remover.sweep() == ()
    assert not path.exists()


WITH_MOUNTS = [
    the_profile_is_a_mount_point,
    a_file_inside_is_a_mount_point,
    somebody_else_s_folder_is_mounted_inside,
    the_profile_lies_in_the_lower_layer_of_an_overlay,
    the_disk_becomes_read_only,
    a_person_names_a_mount_point,
    a_person_names_a_folder_with_a_busy_file,
]
WITHOUT_ROOT = [our_own_folders_deny_us, the_root_of_all_profiles_denies_us]

Story = Callable[[Path], Awaitable[None]]
NOBODY = 65534


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder that an unprivileged user can reach and owns; pytest's own are closed to others."""
    folder = Path("/tmp") / f"tuntas-faults-{os.getpid()}"
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


def tell(story: Story, folder: Path, *before: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [*before, sys.executable, __file__, story.__name__, str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def own_mounts() -> list[str]:
    """The command in front of which a process may mount what it likes; skips where that is not allowed."""
    command = ["unshare", "-m", "--propagation", "private"]
    try:
        tried = subprocess.run(
            [*command, "mount", "-t", "tmpfs", "x", "/mnt"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        pytest.skip(f"mounts are not possible here: {error}")
    if tried.returncode:
        pytest.skip(f"mounts are not allowed here: {tried.stderr.strip()}")
    return command


@pytest.mark.parametrize("story", WITH_MOUNTS, ids=lambda story: story.__name__)
def test_whatever_is_mounted(tmp_path: Path, own_mounts: list[str], story: Story) -> None:
    done = tell(story, tmp_path, *own_mounts)
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.parametrize("story", WITHOUT_ROOT, ids=lambda story: story.__name__)
def test_whatever_is_denied(elsewhere: Path, story: Story) -> None:
    done = tell(story, elsewhere)
    assert done.returncode == 0, done.stderr + done.stdout


if __name__ == "__main__":
    chosen = {story.__name__: story for story in [*WITH_MOUNTS, *WITHOUT_ROOT]}[sys.argv[1]]
    if chosen in WITHOUT_ROOT and os.geteuid() == 0:
        # Only now: an unprivileged user may not even be able to read our interpreter's files.
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    asyncio.run(chosen(Path(sys.argv[2])))
