"""One open WhatsApp page: its calls, its reports, its end. Implements ``tuntas.sessions.ports.WhatsAppPage``.

It speaks through one binding and a few protocol events; nothing here polls. Only the protocol domains in use are
enabled, since a page lives for months and an enabled domain keeps records for as long.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from tuntas.browser import Browser, CallFailed, CallTimedOut, CdpSession, ConnectionClosed, StopLimits
from tuntas.events import Message, message_of
from tuntas.foundation.tasks import blocking, end, spawn
from tuntas.profiles import loaded_bytes
from tuntas.sessions.errors import NotAllowed, NotThere, PageRefused, PageUnavailable
from tuntas.sessions.model import BrowserRecord, Observation, PageLost, Unlinked
from tuntas.sessions.ports import LaunchRefused, Sink
from tuntas.whatsapp.translate import UnknownReport, observation_of

BINDING = "__tuntasReport"

# A call that moves a file gets so much more time as the file takes at this speed.
SLOWEST_BYTES_PER_SECOND = 256 * 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PageLimits:
    """How long calls into the page may take, in seconds."""

    call_seconds: float
    liveness_seconds: float
    logout_seconds: float


class ChromiumPage:
    """A page in a browser that has only this page."""

    _target: CdpSession

    def __init__(
        self,
        browser: Browser,
        record: BrowserRecord,
        sink: Sink,
        limits: PageLimits,
        stop_limits: StopLimits,
        cache_bytes: int,
    ) -> None:
        """Take over ``browser``; from now on this page ends it."""
        self.record = record
        self._browser = browser
        self._sink = sink
        self._limits = limits
        self._stop_limits = stop_limits
        self._cache_bytes = cache_bytes
        self._logged_out = asyncio.Event()
        self._watch = spawn(self._watch_browser(), name=f"watch browser {record.pid}")

    async def prepare(self, script: str, user_agent: dict[str, Any]) -> None:
        """Attach, subscribe, then put ``script`` into every document to come."""
        self._target = await self._browser.first_page()
        self._target.on("Runtime.bindingCalled", self._reported)
        self._target.on("Inspector.targetCrashed", self._crashed)
        self._target.on("Page.javascriptDialogOpening", self._dialog)
        self._browser.connection.on("Target.detachedFromTarget", self._detached)
        await self._target.call("Inspector.enable")
        await self._target.call("Page.enable")
        await self._target.call("Emulation.setUserAgentOverride", user_agent)
        # A binding reaches new documents only while Runtime is enabled (measured with Chromium 156); what that makes V8
        # keep of the console is bounded, a thousand messages (v8-console-message.cc).
        await self._target.call("Runtime.enable")
        await self._target.call("Runtime.addBinding", {"name": BINDING})
        await self._target.call("Page.addScriptToEvaluateOnNewDocument", {"source": script})

    async def navigate(self, url: str, *, timeout_seconds: float) -> None:
        """Go to ``url``; returns when its document has begun to load.

        Raises:
            LaunchRefused: the address did not answer.
        """
        answer = await self._target.call("Page.navigate", {"url": url}, timeout_seconds=timeout_seconds)
        if error := answer.get("errorText"):
            raise LaunchRefused("page_unreachable", f"{url} could not be opened: {error}")

    async def probe(self) -> bool:
        """Ask for life: True when the page answers and WhatsApp's socket is connected.

        Raises:
            PageUnavailable: no answer within the limit.
        """
        return bool(await self._call("probe", {}, timeout_seconds=self._limits.liveness_seconds))

    async def tend(self) -> int:
        """Empty the cache if it has outgrown its bound; return what memory the whole process tree takes, in bytes.

        Raises:
            PageUnavailable: the page went away or did not answer.
        """
        # chrome-headless-shell heeds no flag that bounds it.
        if await blocking(loaded_bytes, Path(self.record.profile)) > self._cache_bytes:
            try:
                await self._target.call("Network.clearBrowserCache", timeout_seconds=self._limits.call_seconds)
            except (CallFailed, CallTimedOut, ConnectionClosed) as error:
                raise PageUnavailable(str(error)) from error
            log.info("cache_emptied", pid=self.record.pid)
        return await self._browser.memory_bytes()

    async def log_out(self) -> None:
        """Unlink this device at WhatsApp and wait until the page has said so.

        Raises:
            PageUnavailable: the page did not confirm it.
        """
        try:
            await self._call("logOut", {}, timeout_seconds=self._limits.logout_seconds)
        except (PageUnavailable, PageRefused) as error:
            # The page navigates away when it is done, which may cut the call's own answer off: the report counts.
            if not self._logged_out.is_set():
                message = f"The logout was not confirmed: {error}"
                raise PageUnavailable(message) from error

    async def end(self, *, gracefully: bool = True) -> str:
        """End the browser and return how, only when its whole process tree is gone."""
        # From now on what it observes is only its own end.
        self._sink = _ignore
        stop = self._browser.stop if gracefully else self._browser.kill
        # First, and before anything else is awaited: a caller that is cancelled must not leave a browser without owner.
        try:
            return (await stop(self._stop_limits)).stage.value
        finally:
            await end(self._watch)

    async def send(self, kind: str, content: Mapping[str, Any], *, token: str) -> Message:
        """Send a message and return it as the page knows it then; see ``ports.WhatsAppPage.send``."""
        return message_of(await self.ask("send", {"kind": kind, "token": token, **content}))

    async def ask(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Call the bridge; see ``ports.WhatsAppPage.ask``."""
        size_bytes = arguments.get("size") or 0
        timeout_seconds = self._limits.call_seconds + size_bytes / SLOWEST_BYTES_PER_SECOND
        return await self._call(name, arguments, timeout_seconds=timeout_seconds)

    async def screenshot(self) -> bytes:
        """Return a PNG of the page."""
        try:
            answer = await self._target.call(
                "Page.captureScreenshot", {"format": "png"}, timeout_seconds=self._limits.call_seconds
            )
        except (CallFailed, CallTimedOut, ConnectionClosed) as error:
            raise PageUnavailable(str(error)) from error
        return base64.b64decode(answer["data"])

    async def _call(self, name: str, arguments: Mapping[str, Any], *, timeout_seconds: float) -> Any:
        """Call the bridge; its answer comes back as JSON values."""
        expression = f"__tuntas.{name}({json.dumps(dict(arguments))})"
        parameters = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        try:
            answer = await self._target.call("Runtime.evaluate", parameters, timeout_seconds=timeout_seconds)
        except (CallFailed, CallTimedOut, ConnectionClosed) as error:
            # Only the protocol's own words: the expression holds what people write to each other.
            message = f"The page did not answer {name}: {error}"
            raise PageUnavailable(message) from error
        if thrown := answer.get("exceptionDetails"):
            raise _refusal(_reason_of(thrown))
        return answer["result"].get("value")

    def _reported(self, event: dict[str, Any]) -> None:
        if event["name"] != BINDING:
            return
        try:
            observation = observation_of(event["payload"])
        except UnknownReport as error:
            log.error("unknown_report", pid=self.record.pid, error=str(error))
            return
        if isinstance(observation, Unlinked):
            self._logged_out.set()
        self._sink(observation)

    def _crashed(self, _event: dict[str, Any]) -> None:
        self._sink(PageLost("page_crashed", "the page's renderer process crashed"))

    def _detached(self, event: dict[str, Any]) -> None:
        if event.get("sessionId") == self._target.session_id:
            self._sink(PageLost("page_closed", "the page was closed"))

    def _dialog(self, _event: dict[str, Any]) -> None:
        # An open dialog stops every script of the page until somebody answers; nobody is there to do so.
        spawn(self._accept_dialog(), name=f"dialog of browser {self.record.pid}")

    async def _accept_dialog(self) -> None:
        try:
            await self._target.call("Page.handleJavaScriptDialog", {"accept": True})
        except (CallFailed, CallTimedOut, ConnectionClosed) as error:
            log.info("dialog_not_answered", pid=self.record.pid, error=str(error))

    async def _watch_browser(self) -> None:
        await self._browser.gone.wait()
        self._sink(PageLost("browser_ended", f"the browser ended by itself (exit code {self._browser.exit_code})"))


def _ignore(_observation: Observation) -> None:
    """Take no notice."""


# The first word of what the bridge throws, where the caller can act on it.
_WORDS: dict[str, type[PageRefused]] = {"not_found": NotThere, "not_allowed": NotAllowed}


def _refusal(reason: str) -> PageRefused:
    word, _, sentence = reason.removeprefix("Error: ").partition(": ")
    return _WORDS[word](sentence) if word in _WORDS else PageRefused(reason)


def _reason_of(thrown: dict[str, Any]) -> str:
    description = thrown.get("exception", {}).get("description") or thrown.get("text", "unknown error")
    return str(description).split("\n", 1)[0]
