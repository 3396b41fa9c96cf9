"""What WhatsApp does not let an account do for a while, in WAHA's shapes.

The reach-out timelock: it may not write to people who never wrote to it. The capping: it may begin only so many chats
in a cycle. Times are Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

_NOT_CAPPED = "NONE"
_CAPPED = "CAPPED"


class Restriction(StrEnum):
    """What is in force; the values are the reasons in a session's story."""

    TIMELOCK = "reachout_timelock"
    CAPPING = "message_capping"
    CAPPING_WARNING = "message_capping_warning"


@dataclass(frozen=True, slots=True)
class Timelock:
    """Whether an account may write to strangers; None is what WhatsApp has not said."""

    is_active: bool
    ends: int | None = None
    enforcement_type: str | None = None

    def payload(self) -> dict[str, Any]:
        """Return it in WAHA's shape."""
        return {
            "isActive": self.is_active,
            "enforcementType": self.enforcement_type,
            "timeEnforcementEnds": self.ends,
        }


@dataclass(frozen=True, slots=True)
class Capping:
    """How many chats an account may begin in a cycle. ``total_quota`` -1: as many as it likes.

    ``status``: NONE, FIRST_WARNING, SECOND_WARNING or CAPPED, or a word that WhatsApp has made since.
    """

    status: str
    total_quota: int
    used_quota: int
    cycle_start: int | None = None
    cycle_end: int | None = None
    mv_status: str | None = None
    ote_status: str | None = None

    @property
    def is_capped(self) -> bool:
        """Whether no chat may be begun any more."""
        return self.status == _CAPPED

    @property
    def is_warning(self) -> bool:
        """Whether WhatsApp says that it is about to be."""
        return self.status not in (_NOT_CAPPED, _CAPPED)

    def payload(self) -> dict[str, Any]:
        """Return it in WAHA's shape."""
        return {
            "cappingStatus": self.status,
            "totalQuota": self.total_quota,
            "usedQuota": self.used_quota,
            "cycleStart": self.cycle_start,
            "cycleEnd": self.cycle_end,
            "mvStatus": self.mv_status,
            "oteStatus": self.ote_status,
        }


def in_force(timelock: Timelock | None, capping: Capping | None) -> tuple[Restriction | None, str | None]:
    """Return what restricts an account, the hardest first, and until when and how, for people."""
    if timelock is not None and timelock.is_active:
        kind = f" ({timelock.enforcement_type})" if timelock.enforcement_type else ""
        return Restriction.TIMELOCK, f"until {moment(timelock.ends)}{kind}"
    if capping is not None and (capping.is_capped or capping.is_warning):
        restriction = Restriction.CAPPING if capping.is_capped else Restriction.CAPPING_WARNING
        quota = f"{capping.used_quota} of {capping.total_quota} new chats"
        return restriction, f"{quota}, {capping.status}, until {moment(capping.cycle_end)}"
    return None, None


def moment(unix_seconds: int | None) -> str:
    """Return a time for people."""
    if unix_seconds is None:
        return "a time that is not known"
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
