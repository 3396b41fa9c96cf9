"""The canary: does a page of WhatsApp's have what Tuntas needs? Asked without an account, in a profile of its own.

It opens the page as a session does, waits for modules that come late, and says what is missing. No session, no data
folder and no running server is touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuntas.browser.find import choose
from tuntas.config import Settings
from tuntas.foundation.tasks import blocking
from tuntas.server.from_settings import engine_limits
from tuntas.sessions.errors import PageRefused, PageUnavailable
from tuntas.sessions.model import Observation, PageLost, QrShown
from tuntas.sessions.page_calls import PageCall
from tuntas.sessions.ports import LaunchRefused, WhatsAppPage
from tuntas.whatsapp import ChromiumEngine
from tuntas.whatsapp.builds import PageBuilds
from tuntas.whatsapp.documents import DocumentRecorder, Pin, read_document

LOOK_EVERY_SECONDS = 0.5
# With all that a session cannot do without, what else comes late is waited for so long.
EXTRAS_SECONDS = 40.0


@dataclass(slots=True)
class CanaryReport:
    """What was found. ``required``: what no session can do without and the page lacks; ``missing``: by capability.

    ``usable``: sessions work with this page; ``ok``: with all that Tuntas can do. ``build``: the revision that WhatsApp
    gives out now, which a page from a file need not be of.
    """

    url: str
    page: str | None = None
    version: str = ""
    wa_js: str = ""
    build: str | None = None
    qr: bool = False
    required: list[str] = field(default_factory=lambda: ["loader.injected"])
    missing: dict[str, list[str]] = field(default_factory=dict)
    problem: str | None = None
    saved: str | None = None
    seconds: float = 0.0

    @property
    def usable(self) -> bool:
        """Whether sessions work with it."""
        return self.qr and not self.required and self.problem is None

    @property
    def ok(self) -> bool:
        """Whether nothing is missing."""
        return self.usable and not self.missing


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
        seen: list[Observation] = []
        try:
            opened = await engine.open(Path(folder) / "profile", seen.append)
        except LaunchRefused as refused:
            report.problem = str(refused)
        else:
            try:
                await _watch(opened, seen, report, settings.start_timeout_seconds)
            finally:
                await opened.end(gracefully=False)
    report.seconds = round(time.monotonic() - began, 1)
    if save is not None and recorder is not None and recorder.document is not None:
        await blocking(recorder.document.write, save)
        report.saved = str(save)
    return report


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
        report.problem = "page_silent: it showed no QR in time"


def _take(found: Any, report: CanaryReport) -> None:
    if not isinstance(found, dict) or not isinstance(found.get("lacking"), dict):
        return
    report.version, report.wa_js = str(found.get("version", ""))[:64], str(found.get("waJs", ""))[:64]
    report.required = [str(one)[:256] for one in found.get("required", [])]
    report.missing = {str(name)[:64]: [str(one)[:256] for one in names] for name, names in found["lacking"].items()}
