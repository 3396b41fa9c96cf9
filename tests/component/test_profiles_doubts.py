"""Where a look at the disk or at a process has no clear answer, a profile's room takes the careful one."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tuntas.foundation.clock import SystemClock
from tuntas.processes import clear_stale_singleton
from tuntas.processes.holders import _Search, uses_of
from tuntas.processes.mounts import is_mount_point
from tuntas.profiles import ProfileStore, RemovalSettings
from tuntas.profiles.reappearance import Reappearance, ReappearanceWatch
from tuntas.profiles.store import FolderTaken
from tuntas.profiles.trash import quarantine, sync_folder

HOLDER = """
import os, sys
how, place = sys.argv[1:3]
if how == "working directory":
    os.chdir(place)
if how == "open file":
    file = open(os.path.join(place, "Cookies"))
print("here", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "session-XX"
    path.mkdir()
    (path / "Cookies").write_text("cookies")
    return path


@contextmanager
def holder(how: str, *arguments: str | Path) -> Iterator[int]:
    command = [sys.executable, "-c", HOLDER, how, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "here\n"
        yield started.pid


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is only one way to look")
@pytest.mark.parametrize("how", ["working directory", "open file", "command line", "nothing"])
def test_both_ways_to_look_at_a_process_find_the_same(profile: Path, how: str) -> None:
    """Linux reads /proc; where there is none psutil is asked, and must say the same."""
    more = [f"--user-data-dir={profile}"] if how == "command line" else []
    with holder(how, profile, *more) as pid:
        search = _Search(profile)
        told = list(search._uses_by_proc(pid))
        assert list(search._uses_by_psutil(pid)) == told
        assert [found for found, _, _ in told] == ([] if how == "nothing" else [how])
    assert list(search._uses_by_psutil(pid)) == []


def test_a_look_that_has_no_time_says_that_it_is_not_all(profile: Path) -> None:
    assert not uses_of((profile,), deadline_seconds=0).in_time


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, which may act as somebody else")
def test_a_live_process_of_somebody_else_that_is_no_browser_owns_no_lock() -> None:
    """Its pid was a browser's once; everybody may read its command line, which names no profile."""
    look = (
        "import os, sys\n"
        "from tuntas.processes.singleton import _owner_is_gone\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print(_owner_is_gone(sys.argv[1]))"
    )
    lock = f"{socket.gethostname()}-{os.getpid()}"
    done = subprocess.run([sys.executable, "-c", look, lock], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "True\n"


def test_a_lock_that_changes_hands_during_the_look_is_kept(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = profile / "SingletonLock"
    lock.symlink_to("otherhost-1")
    gone = socket.gethostname

    def meanwhile() -> str:
        lock.unlink()
        lock.symlink_to(f"{gone()}-{os.getpid()}")
        return gone()

    monkeypatch.setattr("tuntas.processes.singleton.socket.gethostname", meanwhile)
    assert not clear_stale_singleton(profile)
    assert lock.is_symlink()


def test_a_zombie_owns_no_lock(profile: Path) -> None:
    with subprocess.Popen(["/bin/true"]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has reaped it
        (profile / "SingletonLock").symlink_to(f"{socket.gethostname()}-{ended.pid}")
        assert clear_stale_singleton(profile)


def test_a_socket_s_folder_that_cannot_go_keeps_no_session_from_starting(
    profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets = tmp_path / "org.chromium.Chromium.AbCdEf"
    sockets.mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for place in (sockets, profile):
        (place / "SingletonCookie").symlink_to("42")
    (profile / "SingletonSocket").symlink_to(sockets / "SingletonSocket")
    (sockets / "SingletonSocket").mkdir()  # no file: it cannot be unlinked
    with capture_logs() as said:
        assert clear_stale_singleton(profile)
    assert "socket_folder_kept" in [line["event"] for line in said]
    assert not (profile / "SingletonSocket").is_symlink()


def test_an_entry_of_the_trash_is_never_written_over(profile: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(FileExistsError):
        quarantine(profile, tmp_path / "taken")
    assert (profile / "Cookies").exists()


def test_a_rename_that_could_not_be_made_durable_is_said_and_stands(tmp_path: Path) -> None:
    with capture_logs() as said:
        sync_folder(tmp_path / "missing")
    assert [line["event"] for line in said] == ["folder_not_synced"]


def test_less_than_one_attempt_is_no_setting() -> None:
    with pytest.raises(ValueError, match="at least one attempt"):
        RemovalSettings(attempts=0)


def test_what_is_no_folder_is_not_adopted(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path / "profiles")
    store.prepare()
    (store.root / "shop").touch()
    with pytest.raises(FolderTaken, match="not a folder"):
        store.adopt("shop", "shop")
    with pytest.raises(FolderTaken, match="belongs to something else"):
        store.create("shop", "shop")


def test_an_old_place_that_cannot_be_looked_at_is_not_called_a_return(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path / "profiles")
    store.prepare()
    (store.root / "shop").mkdir()
    (store.root / "shop" / ".tuntas-profile.json").mkdir()  # a marker that is no file cannot be read
    seen: list[Reappearance] = []

    async def look() -> None:
        watch = ReappearanceWatch(store, SystemClock(), 0.01)
        watch.watch(Reappearance(store.root / "shop", "shop", 0))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await watch.run(seen.append)

    with capture_logs() as said:
        asyncio.run(look())
    assert seen == []
    assert "old_place_not_seen" in [line["event"] for line in said]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a list of mounts")
def test_a_mount_point_is_known_whatever_its_name(tmp_path: Path) -> None:
    place = tmp_path / "a b\tc\\d"
    place.mkdir()
    assert not is_mount_point(place)
    script = (
        "import sys; from pathlib import Path; from tuntas.processes.mounts import mounts_within; "
        "print(Path(sys.argv[1]) in mounts_within(Path(sys.argv[1])))"
    )
    inside = 'mount -t tmpfs none "$1" && exec "$2" -c "$3" "$1"'
    command = [
        "unshare",
        "-m",
        "--propagation",
        "private",
        "sh",
        "-c",
        inside,
        "sh",
        str(place),
        sys.executable,
        script,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError as error:
        pytest.skip(f"mounts are not possible here: {error}")
    if done.returncode:
        pytest.skip(f"mounts are not allowed here: {done.stderr.strip()}")
    assert done.stdout == "True\n"
