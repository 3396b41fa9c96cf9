"""From the bridge's reports to observations. What cannot be understood is an error with a name, never a crash."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, assert_never

from pydantic import ValidationError

from tuntas.events import AckLevel, Acknowledgement, Capping, EventName, Me, Message, Timelock, message_of
from tuntas.foundation.plain_values import NotPlain, plain_from_json
from tuntas.sessions.capabilities import Capability, PageFacts
from tuntas.sessions.model import (
    AckSeen,
    Connected,
    Disconnected,
    Lacking,
    MessageSeen,
    Observation,
    PageKnown,
    PageLost,
    PasskeyAsked,
    PasskeyCodeShown,
    PasskeyRefused,
    QrShown,
    RestrictionsSeen,
    Scanned,
    Told,
    Unlinked,
)
from tuntas.whatsapp.reports import (
    MOST_CHARACTERS,
    REPORT,
    AckReport,
    CappingFields,
    ChangedReport,
    ConnectedReport,
    DisconnectedReport,
    EventReport,
    MessageFields,
    MessageReport,
    PageReport,
    PasskeyCodeReport,
    PasskeyRefusedReport,
    PasskeyReport,
    QrReport,
    Report,
    RestrictionsReport,
    ScannedReport,
    TimelockFields,
    TroubleReport,
    UnlinkedReport,
)

_A_KIND = re.compile(r"[a-z_]{1,32}")


class UnknownReport(Exception):
    """The page reported something that is not one of ours; the message names its kind and fields, never its content."""


def observation_of(text: str) -> Observation:
    """Return the observation that a report of the bridge stands for.

    Raises:
        UnknownReport: it is not one of ours.
    """
    if len(text) > MOST_CHARACTERS:
        message = f"a report of {len(text)} characters"
        raise UnknownReport(message)
    try:
        plain = plain_from_json(text)
    except NotPlain as error:
        message = f"a report that is not plain: {error.problem}"
        raise UnknownReport(message) from None
    try:
        report = REPORT.validate_python(plain)
    except ValidationError as error:
        raise UnknownReport(_described(plain, error)) from None
    return _observation(report)


def message_from(plain: Any) -> Message:
    """Return a message that the page wrote down.

    Raises:
        UnknownReport: it is none.
    """
    try:
        fields = MessageFields.model_validate(plain)
    except ValidationError as error:
        raise UnknownReport(_described({"kind": "message"}, error)) from None
    return message_of(fields.model_dump(by_alias=True))


def _observation(report: Report) -> Observation:
    match report:
        case QrReport(code=code):
            return QrShown(code)
        case ScannedReport():
            return Scanned()
        case PasskeyReport(options=options):
            return PasskeyAsked(options.model_dump(exclude_none=True))
        case PasskeyCodeReport(code=code):
            return PasskeyCodeShown(code)
        case PasskeyRefusedReport(reason=reason):
            return PasskeyRefused(reason)
        case ConnectedReport(id=account, pushName=name, lid=lid, jid=jid):
            return Connected(Me(account, name, lid, jid=jid))
        case DisconnectedReport(state=state):
            return Disconnected(state)
        case UnlinkedReport(reason=reason):
            return Unlinked(reason)
        case ChangedReport(names=names):
            return Lacking(", ".join(names))
        case PageReport():
            return PageKnown(facts_of(report))
        case RestrictionsReport(timelock=timelock, capping=capping):
            return RestrictionsSeen(
                None if timelock is None else timelock_of(timelock), None if capping is None else capping_of(capping)
            )
        case TroubleReport(reason=reason, detail=detail, seconds=seconds):
            return PageLost(reason, detail, again_in_seconds=seconds)
        case MessageReport(message=message):
            return MessageSeen(message_of(message.model_dump(by_alias=True)))
        case AckReport():
            return AckSeen(_acknowledgement_of(report))
        case EventReport(name=name, payload=payload):
            return Told(EventName(name), payload)
        case _:
            assert_never(report)


def facts_of(report: PageReport) -> PageFacts:
    """Return what a page says of itself; a capability that we do not know is one that nothing needs."""
    known = {one.value for one in Capability}
    lacking = report.lacking
    if lacking is not None:
        found = {Capability(name): tuple(names) for name, names in lacking.items() if name in known}
        return PageFacts(report.version, report.waJs, found)
    return PageFacts(report.version, report.waJs)


def timelock_of(told: TimelockFields) -> Timelock:
    """Return what a page says of the reach-out timelock."""
    return Timelock(told.isActive, told.ends, told.type)


def capping_of(told: CappingFields) -> Capping:
    """Return what a page says of the capping."""
    return Capping(
        status=told.status,
        total_quota=told.totalQuota,
        used_quota=told.usedQuota,
        cycle_start=told.cycleStart,
        cycle_end=told.cycleEnd,
        mv_status=told.mvStatus,
        ote_status=told.oteStatus,
    )


def _acknowledgement_of(report: AckReport) -> Acknowledgement:
    return Acknowledgement(
        message_id=report.id,
        sender=report.me,
        recipient=report.chat,
        recipient_pn=report.pn,
        from_me=True,
        ack=AckLevel(max(-1, min(4, report.ack))),
    )


def _described(plain: Any, error: ValidationError) -> str:
    """Say what is wrong in words of ours: of a report's own, only a kind that looks like one."""
    kind = plain.get("kind") if isinstance(plain, Mapping) else None
    shown = kind if isinstance(kind, str) and _A_KIND.fullmatch(kind) else "?"
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"].startswith("union_tag"):
        return f"kind {shown!r}"
    field = ".".join(str(part) for part in first["loc"])
    return f"a report of kind {shown!r} with a missing or wrong field: {field} ({first['type']})"
