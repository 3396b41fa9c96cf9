"""Ending processes: real children, real signals, real zombies."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from support.processes import open_descriptors, processes_in_group, wait_until_none, zombie_children
from tuntas.browser.command import CommandFailed, run_command
from tuntas.foundation.tasks import spawn
from tuntas.processes import ending, process_table
from tuntas.processes.members import Member, ProcessIdentity, identify, is_alive, matches, members
from tuntas.processes.process_table import command_line, row_of, rows
from tuntas.processes.tree import StillRunning, StopLimits, end_orphan, end_tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pidfds and process groups are Linux's")

LIMITS = StopLimits(graceful_seconds=1, forced_seconds=5)


def sleeper(*arguments: str) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own that does nothing, with more arguments to be seen."""
    script = "import sys; print(flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def finish(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def as_member(pid: int) -> Member:
    row = row_of(pid)
    assert row is not None
    return Member(pid, row.create_time, row.name)


@pytest.mark.parametrize("with_pidfd", [True, False])
def test_the_wait_returns_as_soon_as_all_are_gone_and_names_those_that_are_not(
    with_pidfd: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not with_pidfd:
        monkeypatch.setattr(ending, "_pidfd", _no_pidfd)
    dying, staying = sleeper(), sleeper()
    try:
        both = [as_member(dying.pid), as_member(staying.pid)]
        before = open_descriptors()
        assert ending.kill(both[:1]) == tuple(both[:1])
        assert asyncio.run(ending.wait_gone(both[:1], timeout_seconds=5)) == ()
        assert asyncio.run(ending.wait_gone(both, timeout_seconds=0.05)) == (both[1],)
        assert open_descriptors() == before
    finally:
        finish(dying)
        finish(staying)


def test_a_dead_first_member_does_not_end_the_wait_for_the_second() -> None:
    dead, alive = sleeper(), sleeper()
    try:
        both = [as_member(dead.pid), as_member(alive.pid)]
        dead.kill()
        os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
        assert asyncio.run(ending.wait_gone(both, timeout_seconds=0.05)) == (both[1],)
    finally:
        finish(dead)
        finish(alive)


@pytest.mark.parametrize("with_pidfd", [True, False])
def test_a_recycled_pid_is_never_killed(with_pidfd: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if not with_pidfd:
        monkeypatch.setattr(ending, "_pidfd", _no_pidfd)
    stranger = sleeper(f"--user-data-dir={tmp_path}")
    try:
        identity = identify(stranger.pid, tmp_path)
        assert matches(identity)
        for wrong in (
            replace(identity, create_time=identity.create_time - 1),
            replace(identity, boot_id="another boot"),
            replace(identity, profile=tmp_path / "other"),
            replace(identity, pid=os.getpid()),
        ):
            assert not matches(wrong)
            assert asyncio.run(end_orphan(wrong, LIMITS)) == ()
        assert ending.kill([replace(as_member(stranger.pid), create_time=identity.create_time - 1)]) == ()
        assert stranger.poll() is None
        assert [killed.pid for killed in asyncio.run(end_orphan(identity, LIMITS))] == [stranger.pid]
    finally:
        finish(stranger)


def test_this_process_and_its_ancestors_are_never_members(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import os, pathlib, sys
        from tuntas.processes.members import identify, members
        print(len(members(identify(os.getpid(), pathlib.Path(sys.argv[1].partition("=")[2])))))
    """)
    answer = subprocess.run(
        [sys.executable, "-c", script, f"--user-data-dir={tmp_path}"],
        capture_output=True,
        check=True,
        start_new_session=True,
    )
    assert answer.stdout.strip() == b"0"


def test_a_second_browser_on_the_profile_is_a_stranger(tmp_path: Path) -> None:
    ours, rival = sleeper(f"--user-data-dir={tmp_path}"), sleeper(f"--user-data-dir={tmp_path}")
    try:
        identity = identify(ours.pid, tmp_path)
        assert [member.pid for member in members(identity)] == [ours.pid]
        assert [member.pid for member in asyncio.run(end_tree(identity, (), 5))] == [ours.pid]
        assert rival.poll() is None
    finally:
        finish(ours)
        finish(rival)


def test_a_helper_that_has_detached_itself_is_found_by_its_arguments(tmp_path: Path) -> None:
    main = sleeper(f"--user-data-dir={tmp_path}")
    helper = sleeper("--type=utility", f"--user-data-dir={tmp_path}")
    stranger = sleeper("--type=utility", f"--user-data-dir={tmp_path}2")
    try:
        # The main itself counts by its group; a second main would make the helper ambiguous.
        assert {member.pid for member in members(identify(main.pid, tmp_path))} == {main.pid, helper.pid}
    finally:
        for process in (main, helper, stranger):
            finish(process)


def test_a_process_whose_first_thread_has_ended_is_alive_until_the_last_one_has() -> None:
    script = (
        "import ctypes, threading, sys; t = threading.Thread(target=sys.stdin.read); t.start(); print(flush=True); "
    )
    script += "ctypes.CDLL(None).syscall(60, 0)"  # exit(2) ends this thread only
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        member = as_member(process.pid)
        deadline_reads = 10_000
        while b") Z " not in Path(f"/proc/{process.pid}/stat").read_bytes() and deadline_reads:
            deadline_reads -= 1
        assert b") Z " in Path(f"/proc/{process.pid}/stat").read_bytes()
        assert is_alive(member)
        assert asyncio.run(ending.wait_gone([member], timeout_seconds=0.05)) == (member,)
    finally:
        finish(process)


def test_a_tree_with_a_detached_session_and_stopped_members_is_ended_and_reaped_without_a_zombie(
    tmp_path: Path,
) -> None:
    """In a process of its own, since becoming a subreaper cannot be undone by a test."""
    script = textwrap.dedent("""
        import asyncio, os, signal, subprocess, sys
        from pathlib import Path
        from support.processes import processes_in_group, zombie_children
        from tuntas.processes.ending import become_subreaper
        from tuntas.processes.members import identify, members
        from tuntas.processes.tree import end_tree

        assert become_subreaper()
        tree = '''
        import os, subprocess, sys
        grandchild = subprocess.Popen(["sleep", "1000"])
        detached = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        print(grandchild.pid, detached.pid, flush=True)
        sys.stdin.read()
        '''.replace("        ", "")
        mine = subprocess.Popen(["true"])
        main = subprocess.Popen(
            [sys.executable, "-c", tree, "--user-data-dir=" + sys.argv[1]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )
        pids = {main.pid, *map(int, main.stdout.readline().split())}
        identity = identify(main.pid, Path(sys.argv[1]))
        assert {member.pid for member in members(identity)} == pids
        os.killpg(main.pid, signal.SIGSTOP)
        killed = asyncio.run(end_tree(identity, (), 5))
        assert {member.pid for member in killed} == pids, killed
        assert not processes_in_group(main.pid)
        # All of the tree is reaped; the child of another part of this program is not touched.
        assert zombie_children() == {mine.pid}, zombie_children()
        assert mine.wait() == 0
        print("done")
    """)
    answer = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "done" in answer.stdout, answer.stderr


def test_helpers_that_outlive_a_lost_main_process_are_ended_but_nothing_else_is(tmp_path: Path) -> None:
    script = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1], *sys.argv[2:]]); print()"
    wait = "import sys, signal; print(flush=True); signal.pause()"
    for arguments, ends in ((("--type=utility",), True), (("something", "else"), False)):
        leader = subprocess.Popen(
            [sys.executable, "-c", f"{script}; sys.stdout.flush(); sys.stdin.read()", wait, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert leader.stdout is not None
        leader.stdout.readline()
        leader.stdout.readline()
        identity = identify(leader.pid, tmp_path)
        assert len(members(identity)) == 2
        finish_alone(leader)
        left = processes_in_group(leader.pid)
        assert len(left) == 1
        killed = asyncio.run(end_orphan(identity, LIMITS))
        assert ({member.pid for member in killed} == left) is ends
        for pid in left:
            assert is_in_table(pid) is not ends
            if not ends:
                os.kill(pid, signal.SIGKILL)
        assert not wait_until_none(partial(processes_in_group, leader.pid), 5)


def test_the_end_of_an_orphan_waits_for_a_helper_that_is_dying_and_cannot_say_any_more_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = sleeper("--type=zygote")
    row = row_of(helper.pid)
    assert row is not None
    # The main process, whose number the group keeps, is gone; the memory of its helper is too, for as long as it lives.
    main = ProcessIdentity(2**22 - 1, row.create_time, row.group, process_table.boot_id(), tmp_path.resolve())
    monkeypatch.setattr(process_table, "command_line", lambda _pid: ())

    async def end() -> None:
        ending_it = spawn(end_orphan(main, LIMITS), name="end")
        done, _ = await asyncio.wait({ending_it}, timeout=0.3)
        assert not done
        helper.kill()
        await asyncio.to_thread(helper.wait)
        assert await ending_it == ()

    try:
        asyncio.run(end())
        stays = sleeper("--type=zygote")
        stuck = identify(stays.pid, tmp_path)
        try:
            with pytest.raises(StillRunning, match=str(stays.pid)):
                asyncio.run(end_orphan(stuck, replace(LIMITS, forced_seconds=0.1)))
        finally:
            finish(stays)
    finally:
        finish(helper)


def finish_alone(process: subprocess.Popen[bytes]) -> None:
    """Kill and reap one process, and leave its children."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()


def is_in_table(pid: int) -> bool:
    row = row_of(pid)
    return row is not None and not row.ended


def test_the_process_table_agrees_with_what_we_know_of_ourselves() -> None:
    mine = next(row for row in rows() if row.pid == os.getpid())
    assert (mine.parent, mine.group, mine.session) == (os.getppid(), os.getpgid(0), os.getsid(0))
    assert command_line(os.getpid())[0].encode() == Path("/proc/self/cmdline").read_bytes().split(b"\0")[0]
    assert row_of(2**22 + 1) is None
    assert command_line(2**22 + 1) == ()


def test_a_command_that_hangs_is_ended_with_its_children() -> None:
    script = "echo $$; sleep 1000 & wait"
    with pytest.raises(CommandFailed, match="did not end within") as caught:
        run_command(["sh", "-c", script], timeout_seconds=0.5)
    # A signal is sent at once and takes effect a moment later.
    assert not wait_until_none(partial(processes_in_group, int(caught.value.output)), 5)
    assert not zombie_children()


def _no_pidfd(pid: int) -> int:
    raise OSError("no pidfds here")
