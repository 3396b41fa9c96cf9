"""Opens WhatsApp in a browser of its own. Implements ``tuntas.sessions.ports.Engine``.

Whatever goes wrong on the way, cancellation included, no process of the browser is left when ``open`` has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tuntas.browser import (
    Browser,
    BrowserNotFound,
    CallFailed,
    CallTimedOut,
    Candidate,
    ConnectionClosed,
    LaunchFailed,
    LaunchOptions,
    ProcessIdentity,
    StopLimits,
    end_orphan,
    launch,
)
from tuntas.sessions.model import BrowserRecord
from tuntas.sessions.ports import LaunchRefused, Sink
from tuntas.whatsapp.page import ChromiumPage, PageLimits
from tuntas.whatsapp.scripts import document_script
from tuntas.whatsapp.user_agent import override_for

# WhatsApp lays its page out for a computer only in a window of a computer's size.
WINDOW = "--window-size=1280,900"


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How long each step may take, in seconds; how much of what its page loads a browser may keep on disk."""

    launch_seconds: float
    navigation_seconds: float
    page: PageLimits
    stop: StopLimits
    cache_bytes: int = 64 * 1024 * 1024


class ChromiumEngine:
    """Opens pages in the browser that was found when the server started."""

    def __init__(self, candidate: Candidate, whatsapp_url: str, limits: EngineLimits) -> None:
        """Use ``candidate`` to open ``whatsapp_url``, the real one or a sandbox's: nothing here asks which."""
        self._candidate = candidate
        self._url = whatsapp_url
        self._limits = limits

    async def open(self, profile: Path, sink: Sink) -> ChromiumPage:
        """Launch a browser on ``profile`` and load WhatsApp; what it observes goes to ``sink``.

        Raises:
            LaunchRefused: no page could be opened; it says why.
        """
        options = LaunchOptions(
            executable=self._candidate,
            profile=profile,
            extra_flags=(WINDOW, f"--disk-cache-size={self._limits.cache_bytes}"),
        )
        try:
            browser = await launch(options, timeout_seconds=self._limits.launch_seconds)
        except (LaunchFailed, BrowserNotFound) as error:
            raise LaunchRefused("browser_did_not_start", str(error)) from error
        record = self._record_of(browser)
        page = ChromiumPage(browser, record, sink, self._limits.page, self._limits.stop, self._limits.cache_bytes)
        try:
            await page.prepare(document_script(), override_for(browser.version.number))
            await page.navigate(self._url, timeout_seconds=self._limits.navigation_seconds)
        except BaseException as error:
            await page.end(gracefully=False)
            if isinstance(error, CallFailed | CallTimedOut | ConnectionClosed):
                raise LaunchRefused("page_did_not_load", str(error)) from error
            raise
        return page

    async def end_orphan(self, record: BrowserRecord) -> bool:
        """End a browser that an earlier server left; True if there was one and it is gone now."""
        identity = ProcessIdentity(
            pid=record.pid,
            create_time=record.create_time,
            group=record.group,
            boot_id=record.boot_id,
            profile=Path(record.profile),
        )
        return bool(await end_orphan(identity, self._limits.stop))

    def _record_of(self, browser: Browser) -> BrowserRecord:
        identity = browser.identity
        return BrowserRecord(
            pid=identity.pid,
            create_time=identity.create_time,
            group=identity.group,
            boot_id=identity.boot_id,
            profile=str(identity.profile),
            executable=str(self._candidate.path),
            version=browser.version.number,
            started_at=datetime.now(UTC),
        )
