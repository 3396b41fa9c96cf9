"""The checks of the self-test, in their order. Each says what it saw, or fails with a sentence.

They use what the product uses, and ask the process table and the disk, not the product, what is left.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import psutil

from tuntas.browser import Candidate, choose, version_of
from tuntas.browser.launch import LaunchOptions, launch
from tuntas.cli.demo_parts import DemoFailed, DemoReceiver, Part, left_folders, left_processes
from tuntas.cli.demo_story import Story
from tuntas.cli.selftest_holding import holding, orphaned_browser, tuntas_json
from tuntas.cli.selftest_report import CheckOutcome, Result, Scrubber
from tuntas.config import load
from tuntas.foundation import logs
from tuntas.processes import StopLimits
from tuntas.profiles import safe_delete_directory
from tuntas.profiles.os_errors import ErrorKind, classify
from tuntas.profiles.purge import purge
from tuntas.profiles.trash import quarantine
from tuntas.server.data_folder import DataFolder

WAIT_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.05
SESSION, NUMBER = "selftest", "628111000333"
_TO_WAIT_OUT = {ErrorKind.TRANSIENT, ErrorKind.DENIED}


class CheckFailed(DemoFailed):
    """Something did not hold; the message says what."""


class _Skipped(Exception):
    """A check that needs what an earlier one did not find."""


class _World:
    """What the checks share: a folder that goes in the end, and the browser that the first one finds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._browser: Candidate | None = None

    def require_browser(self) -> Candidate:
        if self._browser is None:
            message = "needs the browser"
            raise _Skipped(message)
        return self._browser

    def found(self, browser: Candidate) -> None:
        self._browser = browser

    def place(self, name: str) -> Path:
        made = self.folder / name
        made.mkdir()
        return made


def run_checks(scrubber: Scrubber, tell: Callable[[CheckOutcome], None]) -> list[CheckOutcome]:
    """Run all of them, tell each one's outcome, and leave nothing of them."""
    logs.configure(level="error")
    outcomes = []
    # Processes are found again by it: no short name of Windows, and no link of macOS, for others to resolve.
    folder = Path(tempfile.mkdtemp(prefix="tuntas-selftest-")).resolve()
    scrubber.hide(folder)
    world = _World(folder)
    with ExitStack() as stack:
        stack.callback(_remove, folder)
        for name, check in _CHECKS:
            outcome = _outcome(name, partial(check, world), scrubber)
            tell(outcome)
            outcomes.append(outcome)
    last = _outcome("nothing is left", partial(_nothing_is_left, folder), scrubber)
    tell(last)
    return [*outcomes, last]


def _outcome(name: str, check: Callable[[], str], scrubber: Scrubber) -> CheckOutcome:
    begun = time.monotonic()
    result: Result = "failed"
    try:
        detail = check()
        result = "passed"
    except _Skipped as reason:
        result, detail = "skipped", str(reason)
    except DemoFailed as error:
        detail = str(error)
    except Exception as error:  # noqa: BLE001 - whatever breaks on a machine is what its report is to tell
        detail = f"{type(error).__name__}: {error}"
    return CheckOutcome(name, result, round(time.monotonic() - begun, 1), scrubber.scrub(detail))


def _browser(world: _World) -> str:
    chosen = choose(load().browser)
    version = version_of(chosen)
    seconds = asyncio.run(_up_and_down(LaunchOptions(chosen, world.place("first") / "profile")))
    _none_left(world.folder)
    world.found(chosen)
    return f"{chosen.kind.value} {version} answers over its pipe after {seconds:.1f} s and ends with all its helpers"


async def _up_and_down(options: LaunchOptions) -> float:
    begun = time.monotonic()
    browser = await launch(options)
    answered = time.monotonic() - begun
    await browser.stop(StopLimits(graceful_seconds=10, forced_seconds=10))
    return answered


def _held_file(world: _World) -> str:
    target = world.place("held") / "session-held"
    target.mkdir()
    with holding(target) as holder:
        first = safe_delete_directory(target, max_retries=2, delay=0.5)
        if first:
            said = "went at once, though another process holds a file of it"
        else:
            if holder.pid not in {one.pid for one in first.holders}:
                known = ", ".join(one.name for one in first.holders) or "nobody"
                message = f"a folder stayed, and its holder was not found, but {known}: {first.message}"
                raise CheckFailed(message)
            said = "stayed while another process held a file of it, which was named, and went afterwards"
    if not (last := safe_delete_directory(target, max_retries=5, delay=0.5)) or list(target.parent.iterdir()):
        message = f"a folder stays though nobody holds it any more: {last.message}"
        raise CheckFailed(message)
    return f"the folder {said}"


def _renamed(world: _World) -> str:
    place = world.place("renamed")
    target, aside = place / "profile", place / "aside"
    target.mkdir()
    with holding(target) as holder:
        try:
            quarantine(target, aside)
            said = "a folder is renamed under an open file"
        except OSError as error:
            judged = classify(error)
            if judged.kind not in _TO_WAIT_OUT:
                message = f"a rename under an open file is judged {judged.kind}: {error}"
                raise CheckFailed(message) from error
            said = f"a rename under an open file is refused (error {_number(error)}) and waited out"
        holder.write()
    if not aside.exists():
        quarantine(target, aside)
    if target.exists():
        message = "a folder came back after its rename"
        raise CheckFailed(message)
    _purged(aside)
    return said


def _purged(folder: Path) -> None:
    result = None
    deadline = time.monotonic() + WAIT_SECONDS
    while folder.exists() and time.monotonic() < deadline:
        result = purge(folder)
        if not result.is_complete:
            time.sleep(LOOK_EVERY_SECONDS)
    if folder.exists():
        message = f"a folder cannot be emptied: {result}"
        raise CheckFailed(message)


def _number(error: OSError) -> int:
    return getattr(error, "winerror", None) or error.errno or 0


def _whole_life(world: _World) -> str:
    world.require_browser()
    folder, profiles = world.place("life"), world.folder / "life" / "profiles"
    story = Story(lambda _line: None)
    with DemoReceiver() as receiver, Part.sandbox(folder) as sandbox, Part.server(folder, sandbox.url) as server:
        story.live(server, sandbox, receiver)
        story.delete(server, profiles)
    _none_left(folder)
    if left := left_folders(profiles):
        message = f"left after a deletion: {', '.join(left)}"
        raise CheckFailed(message)
    seconds = story.seconds()
    return (
        f"created, scanned, sent, received, deleted: QR after {seconds['start_to_qr']:.1f} s, working "
        f"{seconds['scan_to_working']:.1f} s after the scan, deleted in {seconds['delete']:.1f} s"
    )


def _killed_server(world: _World) -> str:
    world.require_browser()
    folder = world.place("killed")
    with Part.sandbox(world.folder / "sandbox") as sandbox:
        with Part.server(folder, sandbox.url) as server:
            sandbox.call("POST", "/_sandbox/phones", json={"number": NUMBER, "name": "Self-test"})
            server.call("POST", "/api/sessions", json={"name": SESSION})
            _reaches(server, "SCAN_QR_CODE")
            qr = server.call("GET", f"/api/{SESSION}/auth/qr", params={"format": "raw"}).json()["value"]
            sandbox.call("POST", f"/_sandbox/phones/{NUMBER}/scan", json={"qr": qr})
            _reaches(server, "WORKING")
            note = DataFolder(folder).running_server()
            assert note is not None
            killed = time.monotonic()
            psutil.Process(note.pid).kill()
            _wait(lambda: not left_processes(folder), "the browser of a killed server lives on")
            gone = time.monotonic() - killed
        with Part.server(folder, sandbox.url) as server:
            _reaches(server, "WORKING")
            story = server.call("GET", f"/api/sessions/{SESSION}/history").json()
            if sum(one["reason"] == "qr_shown" for one in story) != 1:
                message = "the session wanted another scan after its server was killed"
                raise CheckFailed(message)
            told = _deleted_while_held(server, folder / "profiles")
    _none_left(folder)
    return f"its browser was gone after {gone:.1f} s, and the next server went on without a scan; {told}"


def _deleted_while_held(server: Part, profiles: Path) -> str:
    with holding(profiles / SESSION) as holder:
        answer = server.call("DELETE", f"/api/sessions/{SESSION}")
        if answer.status_code != 202:
            message = f"a deletion while a file was held answered {answer.status_code} instead of 202"
            raise CheckFailed(message)
        removals = server.call("GET", "/api/removals").json()
        if not any(one["pid"] == holder.pid for removal in removals for one in removal["holders"]):
            message = f"who holds a file of a deleted session is not named: {removals}"
            raise CheckFailed(message)
    _wait(lambda: not left_folders(profiles), "a deleted session's files stay though nobody holds them")
    return "a deletion while a file was held said so, named the holder and was finished later"


def _orphan(world: _World) -> str:
    folder = world.place("wwebjs")
    with orphaned_browser(world.require_browser(), folder / "session-orphan") as browser:
        done = tuntas_json("cleanup", "--dir", str(folder), "--session", "orphan")
        if browser.pid not in {one["pid"] for one in done["browsers_stopped"]} or done["kept"]:
            message = f"a browser that nobody owns was not ended: {done['kept'] or 'it was not found'}"
            raise CheckFailed(message)
        if browser.is_running() and browser.status() != psutil.STATUS_ZOMBIE:
            message = "a browser that was told as ended still runs"
            raise CheckFailed(message)
    _none_left(folder)
    if list(folder.iterdir()):
        message = "the folder of an ended browser stays"
        raise CheckFailed(message)
    return "was found and ended with all its helpers, and its folder deleted"


def _reaches(server: Part, status: str) -> None:
    def look() -> bool:
        now = str(server.call("GET", f"/api/sessions/{SESSION}").json()["status"])
        if now == "FAILED":
            reason = server.call("GET", f"/api/sessions/{SESSION}/history").json()[-1]
            message = f"the session failed before it became {status}: {reason}"
            raise CheckFailed(message)
        return now == status

    _wait(look, f"the session did not become {status}")


def _wait(look: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not look():
        if time.monotonic() > deadline:
            message = f"{otherwise}, {WAIT_SECONDS:g} s later"
            raise CheckFailed(message)
        time.sleep(LOOK_EVERY_SECONDS)


def _none_left(folder: Path) -> None:
    # A process that was ended is in the table until its parent has seen it.
    _wait(lambda: not left_processes(folder), "processes are left")


def _nothing_is_left(folder: Path) -> str:
    if left := [*left_processes(folder), *(["the temporary folder"] if folder.exists() else [])]:
        message = f"left: {', '.join(left)}"
        raise CheckFailed(message)
    return "no process and no file"


def _remove(folder: Path) -> None:
    for line in left_processes(folder):
        with suppress(psutil.NoSuchProcess):
            psutil.Process(int(line.split()[1])).kill()
    safe_delete_directory(folder, max_retries=10, delay=0.5)


_CHECKS: tuple[tuple[str, Callable[[_World], str]], ...] = (
    ("a browser", _browser),
    ("a file held by another process", _held_file),
    ("a rename under an open file", _renamed),
    ("a whole life on the sandbox", _whole_life),
    ("a killed server", _killed_server),
    ("a browser that nobody owns", _orphan),
)
