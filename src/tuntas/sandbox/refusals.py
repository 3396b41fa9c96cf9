"""What the server says to a page instead of letting it in, and which messages it does not take. Pure.

Frames are named for what the real server sends: a failure with a reason, as numbers of its own, or a state that blocks.
"""

from __future__ import annotations

import math
from typing import Any

from tuntas.sandbox.faults import Faults, Standing
from tuntas.sandbox.groups import is_group
from tuntas.sandbox.model import STATUS
from tuntas.sandbox.phones import Phones

TEMP_BANNED, CLIENT_TOO_OLD, SERVICE_UNAVAILABLE = 402, 405, 503
AT_THE_DOOR = ("update_required", "service_unavailable", "temp_ban", "terms")
"""Kinds of faults that keep pages out, the first that meets a page counting."""
CYCLE_SECONDS = 30 * 86_400
TIMELOCKED, CAPPED = "463", "429"
"""Codes of messages that are not taken. The second one is a guess: it is not known from outside."""


def refusal(faults: Faults, device: str, number: str | None, now: float) -> dict[str, Any] | None:
    """Return what a page is told instead of a welcome, None where it is let in."""
    for kind in AT_THE_DOOR:
        fault = faults.meeting(kind, device, number, now)
        if fault is not None and (number is not None or kind in ("update_required", "service_unavailable")):
            return _frame(kind, fault, now)
    return None


def _frame(kind: str, fault: Standing, now: float) -> dict[str, Any]:
    match kind:
        case "temp_ban":
            ban = {"code": fault.values["code"], "message": fault.values.get("message"), "url": None}
            return {"kind": "failure", "reason": TEMP_BANNED, "expire": math.ceil(fault.until - now)} | ban
        case "terms":
            return {"kind": "blocked", "state": "SMB_TOS_BLOCK" if fault.values["business"] else "TOS_BLOCK"}
        case "update_required":
            return {"kind": "failure", "reason": CLIENT_TOO_OLD}
        case _:
            return {"kind": "failure", "reason": SERVICE_UNAVAILABLE}


def timelock(faults: Faults, number: str, now: float, unix_seconds: float) -> dict[str, Any]:
    """Say whether an account may not write to strangers, and until when, in the words of the real answer."""
    fault = faults.meeting("timelock", "", number, now)
    if fault is None:
        return {"is_active": False, "time_enforcement_ends": None, "enforcement_type": None}
    ends = round(unix_seconds + fault.until - now)
    return {
        "is_active": True,
        "time_enforcement_ends": str(ends),
        "enforcement_type": fault.values["enforcement_type"],
    }


def capping(faults: Faults, number: str, now: float, unix_seconds: float) -> dict[str, Any]:
    """Say how many chats an account may begin, in the words of the real answer."""
    fault = faults.meeting("capping", "", number, now)
    quota, used = (0, 0) if fault is None else (fault.values["quota"], fault.values["used"])
    ends = 0 if fault is None else round(unix_seconds + fault.until - now)
    return {
        "total_quota": quota,
        "used_quota": used,
        "cycle_start_timestamp": str(ends - CYCLE_SECONDS if fault is not None else 0),
        "cycle_end_timestamp": str(ends),
        "server_sent_timestamp": str(int(unix_seconds)),
        "ote_status": "NOT_ELIGIBLE",
        "mv_status": "NOT_ELIGIBLE",
        "capping_status": "CAPPED" if fault is not None and used >= quota else "NONE",
    }


def not_taken(faults: Faults, phones: Phones, number: str, recipient: str, now: float) -> str | None:
    """Return the code with which a message of a restricted account is refused; count a new chat that is taken."""
    if is_group(recipient) or recipient in (number, STATUS):
        return None
    senders = phones.writers_between(number, recipient)
    if faults.meeting("timelock", "", number, now) is not None and recipient not in senders:
        return TIMELOCKED
    cap = faults.meeting("capping", "", number, now)
    if cap is None or senders:
        return None
    if cap.values["used"] >= cap.values["quota"]:
        return CAPPED
    cap.values["used"] += 1
    return None
