"""Who uses a folder: real processes that use it in each of the ways there are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tuntas.processes.holders import HolderScanTimedOut, deleted_files, holders_of, uses_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

Start = Callable[..., subprocess.Popen[str]]

MAPPED = (
    "file = open(sys.argv[1] + '/Default/Cookies'); "
    "kept = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ); file.close(); os.closerange(3, 100)"
)

READY = "print('ready', flush=True); sys.stdin.read()"


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(
        code: str, *arguments: str | Path, cwd: Path | None = None, program: str = sys.executable
    ) -> subprocess.Popen[str]:
        command = [program, "-c", f"import os, sys, mmap; {code}; {READY}", *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, cwd=cwd)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "profiles" / "ani"
    (path / "Default").mkdir(parents=True)
    (path / "Default" / "Cookies").write_bytes(b"x" * 8192)
    return path


def test_nobody_holds_a_quiet_folder(profile: Path) -> None:
    assert holders_of(profile) == ()


@pytest.mark.parametrize(
    ("code", "how", "what"),
    [
        ("kept = open(sys.argv[1] + '/Default/Cookies')", "open file", "Default/Cookies"),
        ("kept = os.open(sys.argv[1] + '/Default', os.O_RDONLY)", "open file", "Default"),
        ("os.chdir(sys.argv[1] + '/Default')", "working directory", "Default"),
        (
            MAPPED,
            "memory map",
            "Default/Cookies",
        ),
    ],
)
def test_a_process_that_uses_it_is_named_with_pid_and_program(
    start: Start, profile: Path, code: str, how: str, what: str
) -> None:
    process = start(code, profile)
    (holder,) = holders_of(profile)
    assert (holder.pid, holder.how, holder.path) == (process.pid, how, str(profile / what))
    assert "python" in holder.name


def test_a_process_whose_root_is_inside_is_named(start: Start, profile: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can change the root directory")
    process = start("os.chroot(sys.argv[1])", profile)
    (holder,) = holders_of(profile)
    assert (holder.pid, holder.how) == (process.pid, "root directory")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--user-data-dir={}",),
        ("--user-data-dir", "{}"),
        ("--type=renderer --user-data-dir={} --lang=en",),  # how Chromium's children rewrite theirs
        ("--database={}/Crashpad",),
        ("--user-data-dir={}/../ani/",),
    ],
)
def test_a_browser_on_it_is_known_by_its_command_line(start: Start, profile: Path, arguments: tuple[str, ...]) -> None:
    process = start("pass", *(argument.format(profile) for argument in arguments))
    (holder,) = holders_of(profile)
    assert (holder.pid, holder.how) == (process.pid, "command line")


def test_a_relative_profile_is_seen_from_the_process_s_own_place(start: Start, profile: Path) -> None:
    process = start("pass", "--user-data-dir=profiles/ani", cwd=profile.parent.parent)
    assert [holder.pid for holder in holders_of(profile)] == [process.pid]


@pytest.mark.parametrize("argument", ["--user-data-dir={}2", "{}", "--dir={}", "--user-data-dir={}-old/x"])
def test_neighbours_and_mere_mentions_are_not_taken_for_holders(start: Start, profile: Path, argument: str) -> None:
    start("pass", argument.format(profile))
    assert holders_of(profile) == ()


def test_a_holder_is_found_through_a_link_and_after_a_rename(start: Start, profile: Path, tmp_path: Path) -> None:
    process = start("kept = open(sys.argv[1] + '/Default/Cookies')", profile)
    (tmp_path / "link").symlink_to(profile)
    assert [holder.pid for holder in holders_of(tmp_path / "link")] == [process.pid]
    profile.rename(tmp_path / "elsewhere")
    assert holders_of(profile) == ()
    assert [holder.pid for holder in holders_of(tmp_path / "elsewhere")] == [process.pid]


def test_deleted_files_that_are_open_are_found_one_by_one(start: Start, profile: Path) -> None:
    process = start("kept = [open(f'{sys.argv[1]}/Default/{n}', 'w') for n in range(3)]", profile)
    assert deleted_files(uses_of((profile,)).of_groups[0]) == ()
    for number in range(3):
        (profile / "Default" / str(number)).unlink()
    found = deleted_files(uses_of((profile,)).of_groups[0])
    assert len(found) == 3
    assert {holder.pid for holder in found} == {process.pid}


def test_one_look_tells_many_folders_users_apart(start: Start, profile: Path) -> None:
    others = [profile.parent / f"ani{number}" for number in range(3)]
    for other in others:
        other.mkdir()
    process = start("kept = open(sys.argv[1] + '/Default/Cookies')", profile)
    browser = start("pass", f"--user-data-dir={others[1]}/../{others[1].name}/")
    uses = uses_of((profile,), (others[0],), (others[1], others[2]))
    assert uses.in_time
    assert [[(one.pid, one.how, one.path) for one in each] for each in uses.of_groups] == [
        [(process.pid, "open file", str(profile / "Default" / "Cookies"))],
        [],
        [(browser.pid, "command line", str(others[1]))],
    ]


def test_our_own_handles_are_not_hidden(profile: Path) -> None:
    with (profile / "Default" / "Cookies").open():
        assert [holder.pid for holder in holders_of(profile)] == [os.getpid()]


def test_a_scan_out_of_time_is_no_proof(profile: Path) -> None:
    with pytest.raises(HolderScanTimedOut):
        holders_of(profile, deadline_seconds=0.0)


def test_processes_that_come_and_go_during_the_scan_are_no_trouble(profile: Path) -> None:
    storm = subprocess.Popen(["sh", "-c", "while :; do /bin/true; done"])
    try:
        for _ in range(30):
            assert holders_of(profile) == ()
    finally:
        storm.kill()
        storm.wait()
