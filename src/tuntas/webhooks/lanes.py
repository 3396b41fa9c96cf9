"""Whose turn it is: the lanes that have something to do, and how many may do it at once; pure.

A lane is one receiver of one session. Attempts run under one bound, and of that bound

- a session has a quarter at most, so that no session's receivers can take it all;
- lanes that fail, or answer slowly, have half at most, and together with those that have not proven themselves three
  quarters: a receiver that answers promptly always finds room, however many hang.

Sessions take turns, and so do the lanes of each. Attempts at receivers that fail are also spread over time, all of
them together: two hundred dead ones cost the processor as much as forty do.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

# So many prompt answers in a row prove a receiver.
PROVEN_AFTER = 8
PROMPT_SECONDS = 1.0


class SlowDrip:
    """So many a second and no more, but for a few at once after a pause; time is an argument."""

    def __init__(self, per_second: float, most_at_once: int) -> None:
        """Begin after a long pause."""
        self._per_second = per_second
        self._most = float(most_at_once)
        self._left = float(most_at_once)
        self._at = 0.0

    def wait_seconds(self, now: float) -> float:
        """Return in how many seconds one more may be taken; 0: now."""
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        return max(0.0, 1.0 - self._left) / self._per_second

    def take(self) -> None:
        """Take one."""
        self._left -= 1.0


class Doing(Enum):
    """What a lane does."""

    NOTHING = auto()
    READY = auto()
    """Waits for its turn."""
    BUSY = auto()
    RESTING = auto()
    """Waits until its next attempt is due."""


@dataclass(slots=True, eq=False)
class Lane:
    """One receiver of one session, as far as it is known since the server's start.

    ``streak``: prompt answers in a row. ``since``: when the event was written that waits longest. ``failing_since``:
    when the first of the failures was that nothing good has followed. What its turn has read is stale when its webhook
    or its rows were changed meanwhile; then the next attempt is due whatever the rows say.
    """

    key: str
    doing: Doing = Doing.NOTHING
    streak: int = 1
    failures: int = 0
    error: str | None = None
    session: str = ""
    url: str = ""
    since: datetime | None = None
    failing_since: datetime | None = None
    has_news: bool = False
    is_stale: bool = False
    is_due: bool = False

    @property
    def session_id(self) -> str:
        """The session that the lane is of."""
        return self.key.partition(":")[0]

    def answered(self, seconds: float) -> None:
        """Note that the receiver has taken something."""
        self.streak = self.streak + 1 if seconds < PROMPT_SECONDS else 0
        self.failures, self.error, self.failing_since = 0, None, None

    def failed(self, error: str, now: datetime) -> None:
        """Note that an attempt has failed."""
        self.streak = 0
        self.failures += 1
        self.error = error
        self.failing_since = self.failing_since or now

    def forgive(self) -> None:
        """Forget the failures: the receiver is another one now."""
        self.streak, self.failures, self.error, self.failing_since = 1, 0, None, None

    def is_stuck(self, now: datetime, stuck_seconds: float) -> bool:
        """Say whether nothing has come through for so long: it fails all the time, or the oldest waits so long."""
        begun = [one for one in (self.since, self.failing_since) if one is not None]
        return any((now - one).total_seconds() > stuck_seconds for one in begun)


class _Line:
    """Ready lanes of one standing: sessions take turns, and so do the lanes of each."""

    def __init__(self) -> None:
        self._lanes: dict[str, deque[Lane]] = {}

    def __len__(self) -> int:
        return len(self._lanes)

    def add(self, lane: Lane) -> None:
        self._lanes.setdefault(lane.session_id, deque()).append(lane)

    def next(self, busy: dict[str, int], most_a_session: int) -> Lane | None:
        for session_id in self._lanes:
            if busy.get(session_id, 0) < most_a_session:
                lanes = self._lanes.pop(session_id)
                lane = lanes.popleft()
                if lanes:
                    self._lanes[session_id] = lanes  # behind all others
                return lane
        return None


class Turns:
    """Gives turns to lanes that are ready, within the bound."""

    def __init__(self, most: int) -> None:
        """``most`` lanes may be busy at one moment."""
        self._lines = (_Line(), _Line(), _Line())
        self._shares = (max(1, most // 2), max(1, most * 3 // 4), most)
        self._most_a_session = max(1, most // 4)
        self._busy: dict[Lane, int] = {}
        self._busy_of: dict[str, int] = {}
        self._first = 0

    @property
    def busy(self) -> int:
        """How many lanes have their turn."""
        return len(self._busy)

    @property
    def is_waited_for(self) -> bool:
        """Whether a lane waits for its turn."""
        return any(self._lines)

    def add(self, lane: Lane) -> None:
        """Have ``lane`` wait for its turn."""
        lane.doing = Doing.READY
        self._lines[_standing(lane)].add(lane)

    @property
    def failing_wait(self) -> bool:
        """Whether a lane that fails waits for its turn."""
        return bool(self._lines[0])

    def next(self, *, with_failing: bool = True) -> Lane | None:
        """Return a lane whose turn begins now, None if there is none or no room. ``with_failing``: of those too."""
        counts = [sum(1 for one in self._busy.values() if one <= standing) for standing in range(3)]
        for offset in range(3):
            standing = (self._first + offset) % 3
            if standing == 0 and not with_failing:
                continue
            if any(counts[wider] >= self._shares[wider] for wider in range(standing, 3)):
                continue
            lane = self._lines[standing].next(self._busy_of, self._most_a_session)
            if lane is not None:
                self._first = (standing + 1) % 3
                self._busy[lane] = standing
                self._busy_of[lane.session_id] = self._busy_of.get(lane.session_id, 0) + 1
                lane.doing = Doing.BUSY
                return lane
        return None

    def over(self, lane: Lane) -> None:
        """Say that the turn of ``lane`` is over."""
        del self._busy[lane]
        self._busy_of[lane.session_id] -= 1
        if not self._busy_of[lane.session_id]:
            del self._busy_of[lane.session_id]
        lane.doing = Doing.NOTHING


def _standing(lane: Lane) -> int:
    return 0 if lane.streak == 0 else 1 if lane.streak < PROVEN_AFTER else 2
