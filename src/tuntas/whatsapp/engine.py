"""Opens WhatsApp in a browser of its own. Implements ``tuntas.sessions.ports.Engine``.

Whatever goes wrong on the way, cancellation included, no process of the browser is left when ``open`` has ended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tuntas.browser import (
    NOT_AS_DRIVEN,
    Browser,
    BrowserNotFound,
    BrowserUser,
    CallFailed,
    CallTimedOut,
    Candidate,
    ConnectionClosed,
    LaunchFailed,
    ProxyRelay,
)
from tuntas.browser.launch import LaunchOptions, launch
from tuntas.foundation.proxy import Proxy
from tuntas.foundation.tasks import blocking
from tuntas.processes import ProcessIdentity, StopLimits, clear_stale_singleton, end_orphan
from tuntas.profiles import give_to
from tuntas.sessions.model import BrowserRecord
from tuntas.sessions.ports import LaunchRefused, Sink
from tuntas.whatsapp.documents import DocumentHook
from tuntas.whatsapp.page import ChromiumPage, PageLimits
from tuntas.whatsapp.reachability import PageReachability
from tuntas.whatsapp.scripts import document_script, login_back_script
from tuntas.whatsapp.user_agent import override_for

# WhatsApp lays its page out for a computer only in a window of a computer's size.
WINDOW = "--window-size=1280,900"


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How long each step may take, in seconds; how much of what its page loads a browser may keep on disk.

    ``merges_memory``: what is equal in all browsers is kept once. ``tells_of_driving``: pages see that.
    """

    launch_seconds: float
    navigation_seconds: float
    page: PageLimits
    stop: StopLimits
    cache_bytes: int = 64 * 1024 * 1024
    merges_memory: bool = False
    tells_of_driving: bool = False


def _scripts_for(profile: Path) -> str:
    # A new profile has nothing to take back, and its first QR need not wait for a look.
    had_a_life = (profile / "Default" / "IndexedDB").is_dir()
    return "\n;\n".join([login_back_script(), document_script()] if had_a_life else [document_script()])


def presence_flags(limits: EngineLimits) -> tuple[str, ...]:
    """Return the flags for what pages see of being driven."""
    return () if limits.tells_of_driving else (NOT_AS_DRIVEN,)


class ChromiumEngine:
    """Opens pages in the browser that was found when the server started."""

    def __init__(
        self,
        candidate: Candidate,
        whatsapp_url: str,
        limits: EngineLimits,
        *,
        user: BrowserUser | None = None,
        hook: DocumentHook | None = None,
        reachability: PageReachability | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        """Use ``candidate`` to open ``whatsapp_url``, the real one or a sandbox's: nothing here asks which.

        Browsers run as ``user``, or as we do. ``hook`` may have to do with the document of each page. ``proxy`` is for
        sessions that have none of their own.
        """
        self._user = user
        self._hook = hook
        self._candidate = candidate
        self._url = whatsapp_url
        self._limits = limits
        self._reachability = reachability or PageReachability(whatsapp_url)
        self._proxy = proxy

    async def open(self, profile: Path, sink: Sink, proxy: Proxy | None = None) -> ChromiumPage:
        """Launch a browser on ``profile`` and load WhatsApp; what it observes goes to ``sink``.

        With a proxy nothing goes anywhere else, and one that cannot be used is told before a browser is started. The
        caller owns the profile: a Chromium lock in it that is proven stale is cleared first.

        Raises:
            LaunchRefused: no page could be opened; it says why.
        """
        way = proxy or self._proxy
        if way is None:
            return await self._open(profile, sink, None)
        if (obstacle := await self._reachability.obstacle(way)) is not None:
            raise LaunchRefused(obstacle.reason, obstacle.detail, obstacle.again_in_seconds)
        relay = ProxyRelay(way, None if self._user is None else self._user.uid)
        await relay.open()
        try:
            return await self._open(profile, sink, relay)
        except BaseException:
            await relay.close()
            raise

    async def _open(self, profile: Path, sink: Sink, relay: ProxyRelay | None) -> ChromiumPage:
        options = LaunchOptions(
            executable=self._candidate,
            profile=profile,
            extra_flags=(
                WINDOW,
                f"--disk-cache-size={self._limits.cache_bytes}",
                *presence_flags(self._limits),
                *(() if relay is None else relay.flags()),
            ),
            user=self._user,
            merges_memory=self._limits.merges_memory,
        )
        try:
            # What a browser that died on another host or under a recycled pid left would keep this one from starting.
            await blocking(clear_stale_singleton, profile)
            if self._user is not None:
                await blocking(give_to, profile, self._user.uid, self._user.gid)
        except OSError as error:  # a scan that came to no end in time is one too
            raise LaunchRefused("profile_unusable", str(error)) from error
        try:
            browser = await launch(options, timeout_seconds=self._limits.launch_seconds)
        except (LaunchFailed, BrowserNotFound) as error:
            raise LaunchRefused("browser_did_not_start", str(error)) from error
        record = self._record_of(browser)
        limits = self._limits.page
        if relay is not None:
            limits = replace(limits, files=limits.files.behind(relay.proxy))
        page = ChromiumPage(browser, record, sink, limits, self._limits.stop, self._limits.cache_bytes, relay)
        try:
            await page.prepare(await blocking(_scripts_for, profile), override_for(browser.version.number), self._url)
            if self._hook is not None:
                await page.hook_document(self._hook, self._url)
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
