"""The gate for what a page reports: from its own world only, each report by its model, and no more than a page may.

A report that is not taken costs itself: it is counted, logged without its content (and not once for each, or the log
would be the page's), and forgotten. A page that floods is lost: its browser is ended like any other that went wrong,
and the next one is asked for what was missed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from tuntas.foundation.allowance import Allowance
from tuntas.foundation.metrics import REPORTS_REFUSED
from tuntas.sessions.model import Observation, PageLost
from tuntas.whatsapp.contexts import TrustedContext
from tuntas.whatsapp.translate import UnknownReport, observation_of

# An account with a thousand chats that comes back after days reports some thousands at once. What is above waits in
# the actor's mailbox, and in the end on the disk.
REPORTS_AT_ONCE, REPORTS_PER_SECOND = 10_000, 100
CHARACTERS_AT_ONCE, CHARACTERS_PER_SECOND = 32 * 1024 * 1024, 256 * 1024
LOG_LINES_AT_ONCE, LOG_LINES_PER_SECOND = 10, 1 / 60

log = structlog.get_logger(__name__)


class ReportGate:
    """One page's reports."""

    def __init__(self, context: TrustedContext, pid: int, monotonic: Callable[[], float]) -> None:
        """Take what ``context`` says; ``pid`` names the browser in the log."""
        self._context = context
        self._pid = pid
        self._monotonic = monotonic
        self._reports = Allowance(REPORTS_AT_ONCE, REPORTS_PER_SECOND)
        self._characters = Allowance(CHARACTERS_AT_ONCE, CHARACTERS_PER_SECOND)
        self._log_lines = Allowance(LOG_LINES_AT_ONCE, LOG_LINES_PER_SECOND)
        self._is_closed = False

    def take(self, event: dict[str, Any]) -> Observation | None:
        """Return what a ``Runtime.bindingCalled`` tells, None if nothing."""
        if self._is_closed:
            return None
        now, text = self._monotonic(), event["payload"]
        if not self._reports.take(1, now) or not self._characters.take(len(text), now):
            self._is_closed = True
            return self.flooded()
        if not self._context.is_it(event["executionContextId"]):
            self._refuse("foreign", "from a frame or an address that is not WhatsApp's own")
            return None
        try:
            return observation_of(text)
        except UnknownReport as error:
            self._refuse("invalid", str(error))
            return None

    def too_long(self, size_bytes: int) -> PageLost | None:
        """Count a report that was dropped on its way because nothing honest is so long; return what that means."""
        if self._is_closed:
            return None
        if not self._reports.take(1, self._monotonic()):
            return self.flooded()
        self._refuse("too_long", f"{size_bytes} bytes")
        return None

    def flooded(self) -> PageLost:
        """Take nothing any more, and return what that means for the page."""
        self._is_closed = True
        self._refuse("flood", "more reports than a page may make")
        return PageLost("page_flooded", "the page reported more than a page may")

    def _refuse(self, reason: str, detail: str) -> None:
        REPORTS_REFUSED.labels(reason).inc()
        if self._log_lines.take(1, self._monotonic()):
            log.warning("report_refused", pid=self._pid, reason=reason, detail=detail)
