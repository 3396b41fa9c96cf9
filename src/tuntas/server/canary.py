"""The canary: does a page of WhatsApp's have what Tuntas needs? Asked without an account, in a profile of its own.

It opens the page as a session does, waits for modules that come late, and says what is missing. No session is touched.
Whatever happens, neither the browser nor its profile is left; what a killed server leaves, its next start removes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from tuntas.browser.find import choose
from tuntas.canary.report import SILENT, CanaryReport
from tuntas.cleanup.leftovers import FoundBrowser
from tuntas.cleanup.orphans import end_and_name, found_on
from tuntas.config import Settings
from tuntas.foundation.cancellation import finish
from tuntas.foundation.load import is_memory_scarce
from tuntas.foundation.tasks import blocking, blocking_to_its_end, spawn
from tuntas.profiles import RefusedPath, safe_delete_directory
from tuntas.server.from_settings import engine_limits
from tuntas.sessions.errors import PageRefused, PageUnavailable
from tuntas.sessions.gate import BootGate
from tuntas.sessions.model import Observation, PageLost, QrShown
from tuntas.sessions.page_calls import PageCall
from tuntas.sessions.ports import LaunchRefused, WhatsAppPage
from tuntas.whatsapp.builds import PageBuilds
from tuntas.whatsapp.documents import DocumentRecorder, Pin, read_document
from tuntas.whatsapp.engine import ChromiumEngine
from tuntas.whatsapp.reachability import PageReachability

LOOK_EVERY_SECONDS = 0.5
# With all that a session cannot do without, what else comes late is waited for so long.
EXTRAS_SECONDS = 40.0

log = structlog.get_logger(__name__)


async def examine_page(settings: Settings, *, page: Path | None = None, save: Path | None = None) -> CanaryReport:
    """Open WhatsApp's page, or the one in the file ``page``, and look what it has; ``save`` keeps its document.

    Raises:
        UserError: there is no browser, or ``page`` holds no page.
        OSError: the document cannot be saved.
    """
    report = CanaryReport(str(settings.whatsapp_url), None if page is None else str(page))
    pin = None if page is None else Pin(await blocking(read_document, page))
    recorder = DocumentRecorder() if pin is None else None
    hook = pin or recorder
    browser = await blocking(choose, settings.browser)
    engine = ChromiumEngine(browser, report.url, engine_limits(settings), hook=hook, proxy=settings.proxy)
    began = time.monotonic()
    report.build = await PageBuilds(report.url, settings.proxy).current()
    with tempfile.TemporaryDirectory(prefix="tuntas-canary-", ignore_cleanup_errors=True) as folder:
        await _open_and_watch(engine, Path(folder) / "profile", report, settings.start_timeout_seconds)
    report.seconds = round(time.monotonic() - began, 1)
    if save is not None and recorder is not None and recorder.document is not None:
        await blocking(recorder.document.write, save)
        report.saved = str(save)
    return report


class ServerCanary:
    """The looks of a running server: with the browser, the user and the page that its sessions have."""

    def __init__(self, settings: Settings, engine: ChromiumEngine, reachability: PageReachability, gate: BootGate):
        """Look through ``engine``; ``gate`` is the one that sessions start through."""
        self._url = str(settings.whatsapp_url)
        self._limit_seconds = settings.start_timeout_seconds
        self._engine = engine
        self._reachability = reachability
        self._gate = gate
        self._builds = PageBuilds(self._url, settings.proxy)
        # Right in the data folder, through which a browser's own user may pass.
        self._profile = settings.data_dir / "canary"

    def is_calm(self) -> bool:
        """Whether a browser more is in nobody's way: no session starts, and there is memory for it."""
        return self._gate.is_idle and not is_memory_scarce()

    async def look(self) -> CanaryReport:
        """Look once; without a network no browser is started."""
        report = CanaryReport(self._url)
        if (obstacle := await self._reachability.obstacle()) is not None:
            report.problem = f"{obstacle.reason}: {obstacle.detail}"
            return report
        began = time.monotonic()
        report.build = await self._builds.current()
        slot = await self._gate.enter()
        try:
            await self.clear()
            await blocking_to_its_end(self._profile.mkdir, 0o700)
            await _open_and_watch(self._engine, self._profile, report, self._limit_seconds, slot.leave)
        except OSError as error:
            report.problem = f"profile_unusable: {error}"
        finally:
            slot.leave()
            await finish(spawn(self.clear(), name="end of the canary"))
        report.seconds = round(time.monotonic() - began, 1)
        return report

    async def clear(self) -> None:
        """Remove what there is of a look: a killed server's browser, should it live, and the profile."""
        # Nobody else's can be there: the data folder is this server's alone.
        for browser in await blocking(self._browsers):
            await end_and_name(browser)
        try:
            result = await blocking(safe_delete_directory, self._profile)
        except RefusedPath as error:  # somebody has put something else there
            log.warning("canary_profile_left", reason=str(error))
            return
        if not result:
            log.warning("canary_profile_left", reason=result.message)

    def _browsers(self) -> list[FoundBrowser]:
        place = Path(os.path.realpath(self._profile))
        return list(found_on(lambda profile: profile == place)) if place.exists() else []


async def _open_and_watch(
    engine: ChromiumEngine,
    profile: Path,
    report: CanaryReport,
    limit_seconds: float,
    opened: Callable[[], None] = lambda: None,
) -> None:
    seen: list[Observation] = []
    try:
        page = await engine.open(profile, seen.append)
    except LaunchRefused as refused:
        report.problem = str(refused)
        return
    opened()
    try:
        await _watch(page, seen, report, limit_seconds)
    finally:
        await page.end(gracefully=False)


async def _watch(page: WhatsAppPage, seen: list[Observation], report: CanaryReport, limit_seconds: float) -> None:
    began = time.monotonic()
    usable_since: float | None = None
    while True:
        lost = next((one for one in seen if isinstance(one, PageLost)), None)
        report.qr = any(isinstance(one, QrShown) for one in seen)
        if lost is not None:
            report.problem = f"{lost.reason}: {lost.detail}"
            return
        # One that is loading does not answer; and one that stays so is told by its empty report.
        with contextlib.suppress(PageUnavailable, PageRefused):
            _take(await page.ask(PageCall.EXAMINE, {}), report)
        now = time.monotonic()
        if report.ok or now - began > limit_seconds:
            break
        if report.usable:
            usable_since = usable_since or now
            if now - usable_since > EXTRAS_SECONDS:
                break
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    if not report.qr:
        report.problem = f"{SILENT}: it showed no QR in time"


def _take(found: Any, report: CanaryReport) -> None:
    if not isinstance(found, dict) or not isinstance(found.get("lacking"), dict):
        return
    report.version, report.wa_js = str(found.get("version", ""))[:64], str(found.get("waJs", ""))[:64]
    report.required = [str(one)[:256] for one in found.get("required", [])]
    report.missing = {str(name)[:64]: [str(one)[:256] for one in names] for name, names in found["lacking"].items()}
