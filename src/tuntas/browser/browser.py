"""One live browser: its connection, its end, and the staged stop that returns only when the whole tree is proven gone.

A stop is never abandoned: a cancelled caller makes it skip the gentle stage and still waits for the hard one. Whoever
holds a Browser must stop it, also when it has died by itself: its helpers may outlive it, and it stays a zombie until
then.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from enum import Enum

from tuntas.browser.cdp import CdpConnection, CdpSession, Parameters
from tuntas.browser.errors import CallFailed, CallTimedOut, ConnectionClosed
from tuntas.browser.stderr import StderrTail
from tuntas.foundation.cancellation import finish
from tuntas.foundation.tasks import blocking, spawn
from tuntas.processes.members import Member, ProcessIdentity, members
from tuntas.processes.memory import tree_memory_bytes
from tuntas.processes.system import ExitWatch, wait_gone
from tuntas.processes.tree import StopLimits, end_tree

_PAGE_SECONDS = 1.0
_HELPERS_SECONDS = 60.0  # always cut short by the graceful limit


class StopStage(Enum):
    """How the main process came to its end."""

    CLOSED = "closed"
    """It left by itself when asked: what the page had stored is on disk."""
    KILLED = "killed"
    """It had to be killed."""
    FOUND_DEAD = "found_dead"
    """It had ended before it could do as asked: by a crash, or by somebody else's signal."""


@dataclass(frozen=True, slots=True)
class StopReport:
    """What a stop did. ``killed_pids`` may name helpers also when the main process closed by itself."""

    stage: StopStage
    seconds: float
    killed_pids: tuple[int, ...]
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class BrowserVersion:
    """What the browser said of itself; ``product`` is as in "HeadlessChrome/140.0.7339.16"."""

    product: str
    user_agent: str

    @property
    def number(self) -> str:
        """The dotted version alone, for comparing what wrote a profile."""
        return self.product.rpartition("/")[2]


class Browser:
    """A running browser. Made by ``launch`` only, which has already spoken with it."""

    version: BrowserVersion

    def __init__(
        self, identity: ProcessIdentity, connection: CdpConnection, watch: ExitWatch, stderr: StderrTail
    ) -> None:
        self.identity = identity
        self.connection = connection
        self._watch = watch
        self._stderr = stderr
        self._hurry = asyncio.Event()
        self._stopping: asyncio.Task[StopReport] | None = None
        self._page: CdpSession | None = None

    @property
    def gone(self) -> asyncio.Event:
        """Set when the main process has ended, for whatever reason. Helpers may live on until ``stop`` returns."""
        return self._watch.gone

    @property
    def exit_code(self) -> int | None:
        """The main process's exit code once ``gone`` is set, negative for a signal; None if it cannot be known."""
        return self._watch.exit_code

    def stderr_lines(self) -> tuple[str, ...]:
        """Return the last lines (at most 16 KiB) that the browser wrote to standard error."""
        return self._stderr.lines()

    async def memory_bytes(self) -> int:
        """Return what the whole tree takes: its proportional set size where that can be read."""
        return await blocking(tree_memory_bytes, self.identity)

    async def greet(self, timeout_seconds: float) -> None:
        """Ask the browser who it is, which proves that it lives, and remember the answer as ``version``."""
        answer = await self.connection.call("Browser.getVersion", timeout_seconds=timeout_seconds)
        self.version = BrowserVersion(product=answer["product"], user_agent=answer["userAgent"])

    async def first_page(self, *, timeout_seconds: float = 10) -> CdpSession:
        """Attach to the page that every browser opens at its start (``about:blank``), and return the session.

        It may come a few milliseconds after the browser answers. Target discovery stays on: the connection goes on to
        get ``Target.targetCreated``, ``targetDestroyed`` and ``targetCrashed``. Raises CallTimedOut, CallFailed or
        ConnectionClosed.
        """
        pages: asyncio.Queue[str] = asyncio.Queue()

        def created(event: Parameters) -> None:
            if event["targetInfo"]["type"] == "page":
                pages.put_nowait(event["targetInfo"]["targetId"])

        unsubscribe = self.connection.on("Target.targetCreated", created)
        try:
            async with asyncio.timeout(timeout_seconds):
                # Discovery first reports the targets that are there, then each new one.
                await self.connection.call("Target.setDiscoverTargets", {"discover": True})
                target_id = await pages.get()
                attached = await self.connection.call("Target.attachToTarget", {"targetId": target_id, "flatten": True})
                session = CdpSession(self.connection, attached["sessionId"], target_id)
                # Inspector.targetCrashed fails the waiters at once, who else would wait for their deadlines.
                await session.call("Inspector.enable")
        except TimeoutError:
            raise CallTimedOut("Target.attachToTarget", timeout_seconds) from None
        finally:
            unsubscribe()
        self._page = session
        return session

    async def stop(self, limits: StopLimits) -> StopReport:
        """End the browser; returns only when no process of its tree lives, its zombies are reaped, descriptors closed.

        First ``Browser.close``, then, after ``graceful_seconds`` in all, SIGKILL to every member. Safe on a dead
        browser, and more than once: later and simultaneous callers share one stop and one report. A cancelled caller
        makes the stop go straight to SIGKILL, and leaves when it is done. Raises StillRunning when something survives
        SIGKILL past ``forced_seconds``; asking again then tries again.
        """
        if self._stopping is None or (self._stopping.done() and not _succeeded(self._stopping)):
            self._stopping = spawn(self._stop(limits), name=f"browser-stop-{self.identity.pid}")
        return await finish(self._stopping, on_cancel=self._hurry.set)

    async def kill(self, limits: StopLimits) -> StopReport:
        """Stop without asking first; a gentle stop under way is cut short. Otherwise as ``stop``."""
        self._hurry.set()
        return await self.stop(limits)

    async def _stop(self, limits: StopLimits) -> StopReport:
        loop = asyncio.get_running_loop()
        started = loop.time()
        cancelled: asyncio.CancelledError | None = None
        stage, known = StopStage.KILLED, tuple[Member, ...]()
        try:
            known = await blocking(members, self.identity)
            stage = await self._ask(known, started + limits.graceful_seconds)
        except asyncio.CancelledError as error:
            cancelled = error  # the loop itself is being torn down: all the more must nothing be left
        while True:
            try:
                killed = await end_tree(self.identity, known, limits.forced_seconds)
                await self._release()
                break
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled
        pids = tuple(member.pid for member in killed)
        return StopReport(stage, loop.time() - started, pids, self.exit_code)

    async def _ask(self, known: tuple[Member, ...], deadline: float) -> StopStage:
        """Ask the browser to leave and wait for it and its helpers, no longer than the deadline or until hurried."""
        if self.gone.is_set():
            return StopStage.FOUND_DEAD
        remaining = deadline - asyncio.get_running_loop().time()
        if remaining <= 0 or self._hurry.is_set():
            return StopStage.KILLED
        left = spawn(self._leave(known), name=f"browser-close-{self.identity.pid}")
        hurried = spawn(self._hurry.wait(), name=f"browser-hurry-{self.identity.pid}")
        try:
            await asyncio.wait([left, hurried], timeout=remaining, return_when=asyncio.FIRST_COMPLETED)
        finally:
            left.cancel()
            hurried.cancel()
            await asyncio.wait([left, hurried])
        if not self.gone.is_set():
            return StopStage.KILLED
        return StopStage.FOUND_DEAD if self.exit_code else StopStage.CLOSED

    async def _leave(self, known: tuple[Member, ...]) -> None:
        await self._close_page()
        # The answer does not matter, the end does: a browser may die before it answers, or answer and hang.
        with contextlib.suppress(CallTimedOut, CallFailed, ConnectionClosed):
            await self.connection.call("Browser.close")
        await self.gone.wait()
        # Helpers leave by themselves some milliseconds after the main process; killing them would cost nothing, but
        # those of full Chromium write the profile's databases.
        await wait_gone(known, timeout_seconds=_HELPERS_SECONDS)

    async def _close_page(self) -> None:
        """Have the page closed by itself, within a limit, so that it hears of it and can write down what it still has.

        Browser.close alone ends pages without a word: no pagehide in six of six (measured with headless-shell 156).
        """
        if (page := self._page) is None:
            return
        closed = asyncio.Event()

        def detached(event: Parameters) -> None:
            if event.get("sessionId") == page.session_id:
                closed.set()

        unsubscribe = self.connection.on("Target.detachedFromTarget", detached)
        try:
            # One that hangs is not waited for.
            async with asyncio.timeout(_PAGE_SECONDS):
                await page.call("Page.close", timeout_seconds=_PAGE_SECONDS)
                await closed.wait()
        except (TimeoutError, CallTimedOut, CallFailed, ConnectionClosed):
            pass
        finally:
            unsubscribe()

    async def _release(self) -> None:
        await self.connection.close()
        await self._stderr.close()
        await self._watch.close()


def _succeeded(task: asyncio.Task[StopReport]) -> bool:
    return not task.cancelled() and task.exception() is None
