"""Which alerts begin and end, given what is wrong now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tuntas.foundation.identifiers import ulid
from tuntas.troubles import Trouble, TroubleKind


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that was wrong for a while, and whom that was told. ``told``, ``told_end``: names of targets."""

    id: str
    kind: TroubleKind
    session: str | None
    since: datetime
    detail: str
    resolved_at: datetime | None = None
    told: frozenset[str] = frozenset()
    told_end: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[str, str | None]:
        """What makes it the same trouble."""
        return self.kind.value, self.session

    def due_at(self, target: str) -> bool:
        """Whether this target is to be told something of it now: never of an end whose begin it was not told."""
        if self.resolved_at is None:
            return target not in self.told
        return target in self.told and target not in self.told_end

    def told_to(self, target: str) -> Alert:
        """Return it as it is once this target was told what is due."""
        if self.resolved_at is None:
            return replace(self, told=self.told | {target})
        return replace(self, told_end=self.told_end | {target})


class AlertBook:
    """What has come and gone. What is wrong, or over, for less than a while is nothing yet: no flapping is told."""

    def __init__(self, after: timedelta) -> None:
        """Begin an alert once something has been wrong for ``after``, and end it once it has been well for so long."""
        self._after = after
        self._seen_at: dict[tuple[str, str | None], datetime] = {}
        self._gone_at: dict[tuple[str, str | None], datetime] = {}
        self._told: set[tuple[str, str | None]] = set()

    @property
    def is_waiting(self) -> bool:
        """Whether something may begin or end by the mere passing of time."""
        return bool(self._gone_at) or bool(self._seen_at.keys() - self._told)

    def changes(self, troubles: Sequence[Trouble], open_alerts: Iterable[Alert], now: datetime) -> list[Alert]:
        """Return the alerts that begin or end now."""
        known = {one.key: one for one in open_alerts}
        there = {one.key: one for one in troubles}
        # Since when, by our own looking: a trouble's own time moves with each try that fails.
        self._seen_at = {key: self._seen_at.get(key, now) for key in there}
        self._gone_at = {key: self._gone_at.get(key, now) for key in known if key not in there}
        begun = [
            Alert(ulid(), one.kind, one.session, one.since, one.detail)
            for key, one in there.items()
            if key not in known and now - self._seen_at[key] >= self._after
        ]
        ended = [
            replace(known[key], resolved_at=now) for key, since in self._gone_at.items() if now - since >= self._after
        ]
        self._told = known.keys() | {one.key for one in begun}
        return begun + ended
