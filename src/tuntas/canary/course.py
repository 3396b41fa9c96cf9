"""What is known of the page from all looks so far, and when the next one is due. Pure: time is an argument.

A look that has not seen the page (no network, a proxy that is away) changes nothing of what is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tuntas.canary.report import SILENT, CanaryReport, Verdict

HOUR_SECONDS = 3600.0
# A page that was not seen, or that no session can work with, is looked at again so much sooner.
SOONER = 24
# The last part of the interval is left to chance, so that many servers do not come at one moment.
SPREAD = 10
# A page without a QR may be one of a bad moment: only the second in a row is a page that has changed.
SILENT_LOOKS = 2


@dataclass(frozen=True, slots=True)
class Known:
    """The page as it was when it was seen last. ``since``: when it was first found so."""

    verdict: Verdict
    at: datetime
    since: datetime
    version: str = ""
    wa_js: str = ""
    build: str | None = None
    lacks: tuple[str, ...] = ()
    """What sessions cannot do without; or why the page refuses them."""
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Course:
    """All looks so far. ``problem``: why the last one, at ``tried_at``, has not seen the page; None if it has."""

    tried_at: datetime | None = None
    problem: str | None = None
    silent_looks: int = 0
    known: Known | None = None

    @property
    def unusable(self) -> Known | None:
        """The page that no session can work with, if that is what is known."""
        return self.known if self.known is not None and self.known.verdict is Verdict.UNUSABLE else None

    def after(self, report: CanaryReport, now: datetime) -> Course:
        """Return what is known after one more look."""
        silent_looks = self.silent_looks + 1 if report.reason == SILENT else 0
        verdict = Verdict.UNUSABLE if silent_looks >= SILENT_LOOKS else report.verdict
        if verdict is Verdict.UNSEEN:
            return replace(self, tried_at=now, problem=report.problem, silent_looks=silent_looks)
        before = self.known
        since = before.since if before is not None and before.verdict is verdict else now
        lacks = () if report.usable else tuple(report.required) if report.problem is None else (report.problem,)
        known = Known(
            verdict=verdict,
            at=now,
            since=since,
            version=report.version,
            wa_js=report.wa_js,
            build=report.build,
            lacks=lacks,
            missing={name: tuple(names) for name, names in report.missing.items()},
        )
        return Course(now, None, silent_looks, known)

    def wait_seconds(self, now: datetime, interval_seconds: float, chance: float) -> float:
        """Return how long to wait for the next look; ``chance`` is a random number in [0, 1).

        A server that was just started waits too: its sessions come first. Never longer than the interval and its
        spread, whatever the clock has done since the last look.
        """
        is_sooner = self.tried_at is not None and (self.problem is not None or self.unusable is not None)
        step = interval_seconds / SOONER if is_sooner else interval_seconds
        passed = interval_seconds if self.tried_at is None else max(0.0, (now - self.tried_at).total_seconds())
        return max(0.0, step - passed) + step / SPREAD * chance
