"""One real browser from launch to proven end, through every fault that we can make."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from support.processes import (
    assert_nothing_uses,
    installed_browsers,
    open_descriptors,
    processes_in_group,
    processes_naming,
)
from tuntas.browser import (
    Browser,
    BrowserKind,
    CallFailed,
    CallTimedOut,
    Candidate,
    CdpSession,
    ConnectionClosed,
    LaunchFailed,
    SessionClosed,
    StopStage,
)
from tuntas.browser.launch import LaunchOptions, launch
from tuntas.processes import StillRunning, StopLimits

# Longer than any stop takes on a busy machine.
LIMITS = StopLimits(graceful_seconds=30, forced_seconds=10)
SHORT = StopLimits(graceful_seconds=0.3, forced_seconds=5)
# Counts in IndexedDB, and answers with the old count when the new one is committed. (What a page writes to localStorage
# in the last milliseconds before Browser.close may be lost: it is on its way between processes.)
COUNT_ROUND = """new Promise((done, fail) => {
    const opening = indexedDB.open("rounds");
    opening.onupgradeneeded = () => opening.result.createObjectStore("counts");
    opening.onerror = fail;
    opening.onsuccess = () => {
        const transaction = opening.result.transaction("counts", "readwrite", {durability: "strict"});
        const counts = transaction.objectStore("counts"), reading = counts.get("rounds");
        reading.onsuccess = () => counts.put((reading.result || 0) + 1, "rounds");
        transaction.oncomplete = () => done(reading.result || 0);
    };
})"""
ENDLESS = {"expression": "for (;;);"}

every_browser = pytest.mark.parametrize("candidate", installed_browsers(), ids=lambda candidate: candidate.kind.value)


def run(candidate: Candidate, profile: Path, test: Callable[[Browser], Awaitable[None]]) -> None:
    """Run ``test`` with a live browser, and prove that nothing of it is left, whatever the test did."""

    async def main() -> int:
        browser = await launch(LaunchOptions(candidate, profile))
        try:
            async with asyncio.timeout(60):
                await test(browser)
        finally:
            await browser.kill(LIMITS)
        assert _other_tasks() == set()
        return browser.identity.group

    before = open_descriptors()
    group = asyncio.run(main(), debug=True)
    assert_nothing_uses(profile, group)
    assert open_descriptors() == before


def _other_tasks() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {task for task in [asyncio.current_task()] if task is not None}


async def evaluate(page: CdpSession, expression: str) -> Any:
    answer = await page.call(
        "Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True}
    )
    return answer["result"].get("value")


@every_browser
def test_a_browser_starts_answers_and_closes_by_itself_when_asked(candidate: Candidate, tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        page = await browser.first_page()
        assert await evaluate(page, "6 * 7") == 42
        assert "Chrome" in browser.version.product
        assert browser.version.number.count(".") == 3
        assert browser.identity.pid in processes_naming(tmp_path / "profile")
        report = await browser.stop(LIMITS)
        assert (report.stage, report.exit_code, report.killed_pids) == (StopStage.CLOSED, 0, ())
        assert browser.gone.is_set()

    run(candidate, tmp_path / "profile", test)


@every_browser
def test_the_folder_for_temporary_files_may_have_a_path_of_any_length(
    candidate: Candidate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A full Chromium's socket has its place in there, and a socket's address is short.
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))

    async def test(browser: Browser) -> None:
        assert await evaluate(await browser.first_page(), "6 * 7") == 42

    run(candidate, tmp_path / "profile", test)


@every_browser
def test_ten_rounds_leave_no_process_no_descriptor_and_the_page_s_storage_in_place(
    candidate: Candidate, tmp_path: Path
) -> None:
    for count in range(10):

        async def test(browser: Browser, count: int = count) -> None:
            page = await browser.first_page()
            await page.call("Page.enable")
            # An origin of its own, with storage, and without any server.
            await page.call("Page.navigate", {"url": (tmp_path / "page.html").as_uri()})
            assert await evaluate(page, COUNT_ROUND) == count
            assert (await browser.stop(LIMITS)).stage is StopStage.CLOSED

        (tmp_path / "page.html").write_text("<title>page</title>")
        run(candidate, tmp_path / "profile", test)


def test_concurrent_calls_are_answered_out_of_order_and_big_answers_come_whole(tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        page = await browser.first_page()
        order: list[str] = []

        async def ask(name: str, expression: str) -> Any:
            value = await evaluate(page, expression)
            order.append(name)
            return value

        async with asyncio.TaskGroup() as group:
            slow = group.create_task(ask("slow", "new Promise(done => window.finish = () => done('slow'))"))
            fast = group.create_task(ask("fast", "'fast'"))
            await asyncio.wait([fast])
            await evaluate(page, "finish()")
        assert (order, slow.result(), fast.result()) == (["fast", "slow"], "slow", "fast")
        assert len(await evaluate(page, "'x'.repeat(7_000_000)")) == 7_000_000
        assert await evaluate(page, f"{'y' * 5_000_000!r}.length") == 5_000_000

    run(installed_browsers()[0], tmp_path / "profile", test)


def test_page_errors_and_events_reach_the_caller(tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        page = await browser.first_page()
        said: asyncio.Queue[str] = asyncio.Queue()
        page.on("Runtime.bindingCalled", lambda event: said.put_nowait(event["payload"]))
        await page.call("Runtime.enable")
        await page.call("Runtime.addBinding", {"name": "tell"})
        await evaluate(page, "tell('hello')")
        assert await said.get() == "hello"
        with pytest.raises(CallFailed, match=r"No\.suchMethod"):
            await page.call("No.suchMethod")
        with pytest.raises(SessionClosed):
            await CdpSession(browser.connection, "0" * 32, "none").call("Runtime.enable")

    run(installed_browsers()[0], tmp_path / "profile", test)


@every_browser
def test_an_endless_loop_meets_the_call_s_deadline_and_the_stop_still_works(
    candidate: Candidate, tmp_path: Path
) -> None:
    async def test(browser: Browser) -> None:
        page = await browser.first_page()
        with pytest.raises(CallTimedOut):
            await page.call("Runtime.evaluate", ENDLESS, timeout_seconds=0.3)
        limits = StopLimits(graceful_seconds=5, forced_seconds=30)
        report = await browser.stop(limits)
        assert report.seconds < limits.graceful_seconds + limits.forced_seconds
        assert report.exit_code in (0, -signal.SIGKILL)

    run(candidate, tmp_path / "profile", test)


@every_browser
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_stopped_browser_is_killed_when_the_gentle_limit_is_over(
    candidate: Candidate, whole_group: bool, tmp_path: Path
) -> None:
    async def test(browser: Browser) -> None:
        if whole_group:
            os.killpg(browser.identity.group, signal.SIGSTOP)
        else:
            os.kill(browser.identity.pid, signal.SIGSTOP)
        report = await browser.stop(SHORT)
        assert report.stage is StopStage.KILLED
        assert browser.identity.pid in report.killed_pids
        assert report.exit_code == -signal.SIGKILL
        assert report.seconds < 3

    run(candidate, tmp_path / "profile", test)


@every_browser
def test_killing_the_browser_fails_its_waiters_and_leaves_no_mark_on_the_profile(
    candidate: Candidate, tmp_path: Path
) -> None:
    async def test(browser: Browser) -> None:
        page = await browser.first_page()
        async with asyncio.TaskGroup() as group:
            waiting = [group.create_task(_closed(page)) for _ in range(3)]
            await asyncio.sleep(0)
            os.kill(browser.identity.pid, signal.SIGKILL)
        assert all(task.result() for task in waiting)
        await browser.gone.wait()
        assert browser.exit_code == -signal.SIGKILL
        with pytest.raises(ConnectionClosed):
            await browser.connection.call("Browser.getVersion")
        report = await browser.stop(LIMITS)
        assert report.stage is StopStage.FOUND_DEAD
        assert not list((tmp_path / "profile").glob("Singleton*"))

    run(candidate, tmp_path / "profile", test)


@every_browser
def test_a_crashed_page_fails_its_calls_at_once_while_the_browser_lives(candidate: Candidate, tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        page = await browser.first_page()
        with pytest.raises(SessionClosed, match="crashed"):
            await page.call("Page.crash", timeout_seconds=5)
        assert (await browser.connection.call("Browser.getVersion"))["product"] == browser.version.product

    run(candidate, tmp_path / "profile", test)


def test_simultaneous_and_later_stops_share_one_report(tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        async with asyncio.TaskGroup() as group:
            stops = [group.create_task(browser.stop(LIMITS)) for _ in range(3)]
        assert {stop.result() for stop in stops} == {await browser.stop(LIMITS)}

    run(installed_browsers()[0], tmp_path / "profile", test)


def test_a_cancelled_stop_goes_straight_to_the_kill_and_still_leaves_nothing(tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        os.kill(browser.identity.pid, signal.SIGSTOP)  # else it would be gone before we can cancel
        started = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await browser.stop(StopLimits(graceful_seconds=50, forced_seconds=5))
        assert asyncio.get_running_loop().time() - started < 5
        assert browser.gone.is_set()
        assert processes_in_group(browser.identity.group) == set()

    run(installed_browsers()[0], tmp_path / "profile", test)


def test_a_stop_that_ran_out_of_time_can_be_asked_again(tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        with contextlib.suppress(StillRunning):  # unless all had died while we looked
            await browser.kill(StopLimits(graceful_seconds=0, forced_seconds=0))
        report = await browser.stop(LIMITS)
        assert report.exit_code == -signal.SIGKILL

    run(installed_browsers()[0], tmp_path / "profile", test)


def test_a_browser_that_dies_while_it_is_asked_to_close_is_not_called_closed(tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        os.kill(browser.identity.pid, signal.SIGSTOP)
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(browser.stop(LIMITS))
            await asyncio.sleep(0.1)
            os.kill(browser.identity.pid, signal.SIGKILL)
        assert stopping.result().stage is StopStage.FOUND_DEAD

    run(installed_browsers()[0], tmp_path / "profile", test)


def test_a_loop_that_is_torn_down_during_a_stop_leaves_nothing(tmp_path: Path) -> None:
    groups: list[int] = []

    async def main() -> None:
        browser = await launch(LaunchOptions(installed_browsers()[0], tmp_path / "profile"))
        groups.append(browser.identity.group)
        os.kill(browser.identity.pid, signal.SIGSTOP)
        stopping = asyncio.TaskGroup()
        async with stopping:
            stopping.create_task(browser.stop(StopLimits(graceful_seconds=50, forced_seconds=5)))
            await asyncio.sleep(0.05)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert_nothing_uses(tmp_path / "profile", groups[0])


@every_browser
def test_a_launch_that_is_cancelled_at_any_moment_leaves_nothing(candidate: Candidate, tmp_path: Path) -> None:
    before = open_descriptors()
    cancelled = 0
    for milliseconds in (0, 1, 2, 4, 8, 12, 16, 20, 30, 40, 60):

        async def main(milliseconds: int = milliseconds) -> bool:
            try:
                async with asyncio.timeout(milliseconds / 1000):
                    browser = await launch(LaunchOptions(candidate, tmp_path / "profile"))
            except TimeoutError:
                return True
            await browser.kill(LIMITS)
            return False

        cancelled += asyncio.run(main())
        assert_nothing_uses(tmp_path / "profile")
    assert cancelled > 5
    assert open_descriptors() == before


def test_a_browser_that_cannot_start_tells_its_exit_code_and_last_words(tmp_path: Path) -> None:
    script = "#!/bin/sh\necho 'chrome: error while loading shared libraries: libnss3.so' >&2\nexit 127\n"
    path = _script(tmp_path / "chrome", script)
    before = open_descriptors()
    with pytest.raises(LaunchFailed, match=r"ended with code 127.*system library.*libnss3\.so") as caught:
        asyncio.run(launch(LaunchOptions(Candidate(path, BrowserKind.CHROMIUM, "test"), tmp_path / "profile")))
    assert caught.value.exit_code == 127
    assert len(caught.value.stderr_lines) == 1
    assert open_descriptors() == before


def test_a_missing_browser_and_one_that_never_answers_are_launch_failures(tmp_path: Path) -> None:
    missing = Candidate(tmp_path / "missing", BrowserKind.CHROMIUM, "test")
    with pytest.raises(LaunchFailed, match="No such file"):
        asyncio.run(launch(LaunchOptions(missing, tmp_path / "profile")))
    silent = _script(tmp_path / "silent", "#!/bin/sh\nsleep 1000 & wait\n")
    with pytest.raises(LaunchFailed, match="did not come up") as caught:
        asyncio.run(
            launch(
                LaunchOptions(Candidate(silent, BrowserKind.CHROMIUM, "test"), tmp_path / "profile"),
                timeout_seconds=0.3,
            )
        )
    assert caught.value.exit_code is None
    assert_nothing_uses(tmp_path / "profile")


def test_a_wrapper_script_that_does_not_exec_is_launched_and_ended_with_its_browser(tmp_path: Path) -> None:
    real = installed_browsers()[0]
    wrapper = Candidate(_script(tmp_path / "wrapper", f'#!/bin/sh -e\n\n{real.path} "$@"\n'), real.kind, "test")

    async def test(browser: Browser) -> None:
        assert await evaluate(await browser.first_page(), "1 + 1") == 2
        assert len(processes_naming(tmp_path / "profile")) == 2
        assert (await browser.stop(LIMITS)).stage is StopStage.CLOSED

    run(wrapper, tmp_path / "profile", test)


@every_browser
def test_a_profile_in_use_is_refused_and_its_browser_is_left_alone(candidate: Candidate, tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        with pytest.raises(LaunchFailed, match="in use"):
            await launch(LaunchOptions(candidate, tmp_path / "profile"))
        assert await evaluate(await browser.first_page(), "1 + 1") == 2

    run(candidate, tmp_path / "profile", test)


@every_browser
def test_the_browser_next_door_is_never_touched(candidate: Candidate, tmp_path: Path) -> None:
    async def test(browser: Browser) -> None:
        decoy = await launch(LaunchOptions(candidate, tmp_path / "profile2"))
        try:
            everyone = processes_in_group(decoy.identity.group)
            await browser.kill(LIMITS)
            assert everyone <= processes_in_group(decoy.identity.group)
            assert await evaluate(await decoy.first_page(), "1 + 1") == 2
        finally:
            await decoy.stop(LIMITS)

    run(candidate, tmp_path / "profile", test)


def test_browsers_are_launched_from_the_main_thread_only(tmp_path: Path) -> None:
    async def main() -> None:
        await asyncio.to_thread(_launch_in_this_thread, tmp_path / "profile")

    with pytest.raises(RuntimeError, match="main thread"):
        asyncio.run(main())


@pytest.mark.skipif(sys.platform != "linux", reason="marks of the Linux build")
def test_a_full_browser_s_mark_of_another_host_is_told_and_not_removed(tmp_path: Path) -> None:
    full = next((found for found in installed_browsers() if found.kind is not BrowserKind.HEADLESS_SHELL), None)
    if full is None:
        pytest.skip("no full browser is installed")
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "SingletonLock").symlink_to("otherhost-123")
    with pytest.raises(LaunchFailed, match="in use by another browser") as caught:
        asyncio.run(launch(LaunchOptions(full, profile)))
    assert caught.value.exit_code == 21
    assert (profile / "SingletonLock").is_symlink()
    assert_nothing_uses(profile)


def _launch_in_this_thread(profile: Path) -> None:
    asyncio.run(launch(LaunchOptions(installed_browsers()[0], profile)))


def _script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


async def _closed(page: CdpSession) -> bool:
    try:
        await page.call("Runtime.evaluate", {"expression": "new Promise(() => {})", "awaitPromise": True})
    except ConnectionClosed:
        return True
    return False
