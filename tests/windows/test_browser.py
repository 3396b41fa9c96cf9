"""Owning a browser on Windows: pipes by handle, a job for the tree, and nothing left however it ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tuntas.browser import Browser, BrowserKind, Candidate, LaunchFailed, StopStage
from tuntas.browser.launch import LaunchOptions, launch
from tuntas.processes import Member, StopLimits, end_orphan, members
from tuntas.processes.members import is_alive, matches
from tuntas.processes.process_table import row_of
from tuntas.processes.system import kill_tree, wait_gone
from windows.stand_in import stand_in

assert sys.platform == "win32"

from tuntas.processes import job_object  # noqa: E402 - exists on Windows only

BROWSER = stand_in()
LIMITS = StopLimits(graceful_seconds=10, forced_seconds=10)


def options(profile: Path, *flags: str) -> LaunchOptions:
    return LaunchOptions(Candidate(BROWSER, BrowserKind.HEADLESS_SHELL, "test"), profile, extra_flags=flags)


def with_browser(profile: Path, test: Callable[[Browser], Coroutine[Any, Any, None]], *flags: str) -> None:
    async def main() -> None:
        async with asyncio.timeout(60):
            browser = await launch(options(profile, *flags))
            try:
                await test(browser)
            finally:
                await browser.kill(LIMITS)

    asyncio.run(main())
    assert job_object.groups() == {}


async def whole_tree(browser: Browser) -> tuple[Member, ...]:
    """Return all of the tree once the main process, its helper, and the helper's helper are there.

    Windows adds a host for a console that nobody sees.
    """
    while True:
        tree = members(browser.identity)
        if sum(member.name == BROWSER.name for member in tree) == 3:
            return tree
        await asyncio.sleep(0.02)


def gone(tree: tuple[Member, ...]) -> bool:
    return not any(is_alive(member) for member in tree) and not any(psutil.pid_exists(member.pid) for member in tree)


def test_messages_go_both_ways_whatever_their_size(tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        assert browser.version.number == "1.2.3.4"
        assert await browser.connection.call("Test.echo", {"text": "grüße"}) == {"text": "grüße"}
        big = await browser.connection.call("Test.big", {"length": 3_000_000})
        assert len(big["text"]) == 3_000_000
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(browser.connection.call("Test.echo", {"n": n})) for n in range(20)]
        assert [task.result()["n"] for task in tasks] == list(range(20))

    with_browser(tmp_path / "profile", test)


def test_a_stop_asks_first_and_leaves_nobody(tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        tree = await whole_tree(browser)
        report = await browser.stop(LIMITS)
        assert (report.stage, report.exit_code, report.killed_pids) == (StopStage.CLOSED, 0, ())
        assert gone(tree)

    with_browser(tmp_path / "profile", test)


def test_a_browser_that_hangs_is_killed_with_all_its_helpers(tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        tree = await whole_tree(browser)
        report = await browser.stop(StopLimits(graceful_seconds=0.3, forced_seconds=10))
        assert report.stage is StopStage.KILLED
        assert set(report.killed_pids) == {member.pid for member in tree}
        assert gone(tree)

    with_browser(tmp_path / "profile", test, "--hang")


def test_the_kernel_ends_the_tree_of_a_server_that_is_killed(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("doomed_server.py")), str(tmp_path / "profile")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    with server.stdout:
        tree = tuple(
            Member(int(pid), float(since), "") for pid, since in map(str.split, server.stdout.readline().split(","))
        )
        assert len(tree) >= 3
        assert all(is_alive(member) for member in tree)
        server.kill()
        server.wait()
        assert asyncio.run(wait_gone(tree, timeout_seconds=10)) == ()
        assert gone(tree)


def test_a_browser_that_dies_by_itself_is_noticed_at_once_and_its_helpers_are_ended(tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        tree = await whole_tree(browser)
        psutil.Process(browser.identity.pid).kill()
        await browser.gone.wait()
        report = await browser.stop(LIMITS)
        assert report.stage is StopStage.FOUND_DEAD
        assert gone(tree)

    with_browser(tmp_path / "profile", test)


def test_a_browser_that_does_not_come_up_tells_why_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(LaunchFailed, match="no display, no library, no luck") as failure:
        asyncio.run(launch(options(tmp_path / "profile", "--fail")))
    assert failure.value.exit_code == 1
    assert job_object.groups() == {}


def test_a_program_that_is_none_cannot_be_launched(tmp_path: Path) -> None:
    program = tmp_path / "browser.exe"
    program.write_text("not a program")
    broken = replace(options(tmp_path / "profile"), executable=Candidate(program, BrowserKind.CHROME, "test"))
    with pytest.raises(LaunchFailed, match="could not be started"):
        asyncio.run(launch(broken))
    assert job_object.groups() == {}


def test_a_second_browser_on_a_profile_is_refused(tmp_path: Path) -> None:
    async def test(_: Browser) -> None:
        with pytest.raises(LaunchFailed, match="in use"):
            await launch(options(tmp_path / "profile"))

    with_browser(tmp_path / "profile", test)


def test_an_identity_is_the_process_and_not_its_number(tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        identity = browser.identity
        assert matches(identity)
        older = replace(identity, create_time=identity.create_time - 1)
        other = replace(identity, profile=tmp_path / "other")
        assert not matches(older)
        assert not matches(other)
        for wrong in (older, other):
            assert await end_orphan(wrong, LIMITS) == ()
        me = row_of(os.getpid())
        assert me is not None
        assert kill_tree(replace(identity, pid=1), [Member(me.pid, me.create_time - 1, me.name)]) == ()
        assert matches(identity)

    with_browser(tmp_path / "profile", test)
