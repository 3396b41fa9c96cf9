"""One open WhatsApp page: its calls, its reports, its end. Implements ``tuntas.sessions.ports.WhatsAppPage``.

It speaks through one binding and a few protocol events; nothing here polls. Only the protocol domains in use are
enabled, since a page lives for months and an enabled domain keeps records for as long.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from tuntas.browser import Browser, CallFailed, CallTimedOut, CdpSession, ConnectionClosed, ProxyRelay
from tuntas.events import Message
from tuntas.foundation.tasks import blocking, end, spawn
from tuntas.processes import StopLimits
from tuntas.profiles import loaded_bytes
from tuntas.sessions.errors import PageRefused, PageUnavailable
from tuntas.sessions.model import BrowserRecord, Observation, PageLost, Unlinked
from tuntas.sessions.outgoing import FileSource, OutgoingMessage
from tuntas.sessions.page_calls import PageCall
from tuntas.sessions.ports import LaunchRefused, Sink
from tuntas.whatsapp import uploads
from tuntas.whatsapp.answers import checked
from tuntas.whatsapp.calls import Bridge
from tuntas.whatsapp.contexts import TrustedContext
from tuntas.whatsapp.documents import DocumentHook, Pin
from tuntas.whatsapp.downloads import PageDownload, download
from tuntas.whatsapp.fetching import FileLimits
from tuntas.whatsapp.report_gate import ReportGate

BINDING = "__tuntasReport"

# With these WhatsApp says that it does not take a page as old as this one.
_REFUSALS = frozenset({"update_required", "unsupported_browser"})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PageLimits:
    """How long calls into the page may take, in seconds; which files go into it and out of it."""

    call_seconds: float
    liveness_seconds: float
    logout_seconds: float
    files: FileLimits = field(default_factory=FileLimits)


class ChromiumPage:
    """A page in a browser that has only this page."""

    _target: CdpSession
    _bridge: Bridge
    _gate: ReportGate

    def __init__(
        self,
        browser: Browser,
        record: BrowserRecord,
        sink: Sink,
        limits: PageLimits,
        stop_limits: StopLimits,
        cache_bytes: int,
        relay: ProxyRelay | None = None,
    ) -> None:
        """Take over ``browser`` and the ``relay`` to its proxy; from now on this page ends them."""
        self.record = record
        self._browser = browser
        self._sink = sink
        self._limits = limits
        self._stop_limits = stop_limits
        self._cache_bytes = cache_bytes
        self._relay = relay
        self._logged_out = asyncio.Event()
        self._pin: Pin | None = None
        self._watch = spawn(self._watch_browser(), name=f"watch browser {record.pid}")

    async def prepare(self, script: str, user_agent: dict[str, Any], url: str) -> None:
        """Attach, subscribe, then put ``script`` into every document to come; only one at ``url`` is believed."""
        self._target = await self._browser.first_page()
        # The id of a page's target is that of its main frame (content/browser/devtools, RenderFrameDevToolsAgentHost).
        context = TrustedContext(self._target.target_id, url)
        self._bridge = Bridge(self._target, context, self._limits.call_seconds, self._disk_is_full)
        self._gate = ReportGate(context, self.record.pid, asyncio.get_running_loop().time)
        self._target.on("Runtime.executionContextCreated", context.created)
        self._target.on("Runtime.executionContextDestroyed", context.destroyed)
        self._target.on("Runtime.executionContextsCleared", context.cleared)
        self._target.on("Runtime.bindingCalled", self._reported)
        self._target.on("Inspector.targetCrashed", self._crashed)
        self._target.on("Page.javascriptDialogOpening", self._dialog)
        self._browser.connection.on("Target.detachedFromTarget", self._detached)
        self._browser.connection.on_too_long = self._too_long
        await self._target.call("Inspector.enable")
        await self._target.call("Page.enable")
        await self._target.call("Emulation.setUserAgentOverride", user_agent)
        # A binding reaches new documents only while Runtime is enabled (measured with Chromium 156); what that makes V8
        # keep of the console is bounded, a thousand messages (v8-console-message.cc).
        await self._target.call("Runtime.enable")
        await self._target.call("Runtime.addBinding", {"name": BINDING})
        await self._target.call("Page.addScriptToEvaluateOnNewDocument", {"source": script})

    async def hook_document(self, hook: DocumentHook, url: str) -> None:
        """Let ``hook`` have to do with the document at ``url``; a pin whose page WhatsApp refuses is dropped."""
        self._pin = hook if isinstance(hook, Pin) and hook.is_on else None
        await hook.attach(self._target, url)

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
        try:
            return bool(await self._bridge.call(PageCall.PROBE, {}, timeout_seconds=self._limits.liveness_seconds))
        except PageRefused as error:
            raise PageUnavailable(str(error)) from error

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
            await self._bridge.call(PageCall.LOG_OUT, {}, timeout_seconds=self._limits.logout_seconds)
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
            if self._relay is not None:
                await self._relay.close()

    async def send(self, message: OutgoingMessage, *, token: str) -> Message:
        """Send a message and return it as the page knows it then; see ``ports.WhatsAppPage.send``."""
        return await uploads.send(self._bridge, message, token, self._limits.files)

    async def ask(self, call: PageCall, arguments: Mapping[str, Any], *, file: FileSource | None = None) -> Any:
        """Call the bridge; see ``ports.WhatsAppPage.ask``."""
        if file is not None:
            return await uploads.call_with_picture(self._bridge, call, arguments, file, self._limits.files)
        return checked(call, await self._bridge.call(call, arguments))

    def download(self, message_id: str) -> AbstractAsyncContextManager[PageDownload]:
        """Have the page download a message's file; see ``ports.WhatsAppPage.download``."""
        return download(self._bridge, message_id, self._limits.files)

    async def screenshot(self) -> bytes:
        """Return a PNG of the page."""
        try:
            answer = await self._target.call(
                "Page.captureScreenshot", {"format": "png"}, timeout_seconds=self._limits.call_seconds
            )
        except (CallFailed, CallTimedOut, ConnectionClosed) as error:
            raise PageUnavailable(str(error)) from error
        return base64.b64decode(answer["data"])

    def _reported(self, event: dict[str, Any]) -> None:
        if event["name"] != BINDING or (observation := self._gate.take(event)) is None:
            return
        if isinstance(observation, Unlinked):
            self._logged_out.set()
        if self._pin is not None and isinstance(observation, PageLost) and observation.reason in _REFUSALS:
            self._pin.drop(observation.reason)
            observation = PageLost("pinned_page_refused", f"{observation.reason} {observation.detail}".strip())
        self._sink(observation)

    def _disk_is_full(self, reason: str) -> None:
        self._sink(PageLost("storage_failure", reason))

    def _too_long(self, method: str, size_bytes: int) -> None:
        if method == "Runtime.bindingCalled" and (lost := self._gate.too_long(size_bytes)) is not None:
            self._sink(lost)

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
        given_up = self._browser.connection.given_up
        waiting = [
            spawn(event.wait(), name=f"end of browser {self.record.pid}") for event in (self._browser.gone, given_up)
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                await end(one)
        if given_up.is_set():
            self._sink(PageLost("page_flooded", self._browser.connection.fault or ""))
        else:
            self._sink(PageLost("browser_ended", f"the browser ended by itself (exit code {self._browser.exit_code})"))


def _ignore(_observation: Observation) -> None:
    """Take no notice."""
