"""What a run of weather has shown, judged from what was seen from outside. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.weather_plan import Trouble

# A trouble may show so much later than it is over: a hung page is found at its next probe, a start takes a while.
ECHO_SECONDS = 60.0
# So long the weather has to be fine before a session that rests is at fault.
FINE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a session's story; ``at`` in seconds since the weather began."""

    at: float
    before: str
    after: str
    reason: str


@dataclass(slots=True)
class Watched:
    """One session as it was seen: a look each time, and its story."""

    name: str
    looks: list[tuple[float, str]] = field(default_factory=list)
    story: list[Line] = field(default_factory=list)

    def availability(self) -> float:
        """Return the share of looks at which it worked."""
        return sum(status == "WORKING" for _, status in self.looks) / max(1, len(self.looks))


def troubles_of(session: int, troubles: Sequence[Trouble]) -> list[Trouble]:
    """Return what met a session."""
    return [one for one in troubles if one.session in (None, session)]


def false_alarms(watched: Watched, met: Sequence[Trouble]) -> list[Line]:
    """Return what took a session away from its work though there was no trouble that could have."""
    return [
        line
        for line in watched.story
        if line.before == "working"
        and line.after in ("reconnecting", "recovering")
        and not any(one.at <= line.at <= one.until + ECHO_SECONDS for one in met)
    ]


def rests(watched: Watched, met: Sequence[Trouble]) -> list[float]:
    """Return the moments at which a session did not work though the weather had been fine for a minute."""
    return [
        at
        for at, status in watched.looks
        if status != "WORKING"
        and at >= FINE_SECONDS
        and not any(one.at <= at and one.until + FINE_SECONDS > at for one in met)
    ]


def starts_into_bans(watched: Watched, met: Sequence[Trouble]) -> list[Line]:
    """Return the starts of a session that knew that it was banned, and that the ban was not over."""
    found = []
    for ban in (one for one in met if one.kind == "temp_ban"):
        told = [line.at for line in watched.story if line.reason == "temporary_ban" and ban.at <= line.at < ban.until]
        if told:
            found += [
                line for line in watched.story if line.after == "starting" and told[0] < line.at < ban.until - 0.5
            ]
    return found


def lost_and_doubled(sent: Sequence[str], arrived: Sequence[str]) -> tuple[list[str], list[str]]:
    """Compare what was sent with what arrived."""
    counts = Counter(arrived)
    return [one for one in sent if not counts[one]], [one for one in sent if counts[one] > 1]
