"""From the bridge's reports to observations. What cannot be understood is an error with a name, never a crash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tuntas.events import AckLevel, Acknowledgement, EventName, Me, message_of
from tuntas.sessions.model import (
    AckSeen,
    Connected,
    Disconnected,
    MessageSeen,
    Observation,
    PageLost,
    QrShown,
    Scanned,
    Told,
    Unlinked,
)


class UnknownReport(Exception):
    """The page reported something that this version does not know; the message names its kind, never its content."""


def observation_of(text: str) -> Observation:
    """Return the observation that a report of the bridge stands for.

    Raises:
        UnknownReport: it is not one of ours.
    """
    try:
        report = json.loads(text)
        kind = report["kind"]
    except (ValueError, TypeError, KeyError):
        message = "a report that is not a JSON object with a kind"
        raise UnknownReport(message) from None
    try:
        return _known(kind, report)
    except (ValueError, TypeError, KeyError) as error:
        message = f"a report of kind {kind!r} with a missing or wrong field: {error}"
        raise UnknownReport(message) from error


def _known(kind: str, report: Mapping[str, Any]) -> Observation:
    match kind:
        case "qr":
            return QrShown(str(report["code"]))
        case "scanned":
            return Scanned()
        case "connected":
            return Connected(Me(str(report["id"]), report["pushName"]))
        case "disconnected":
            return Disconnected(str(report["state"]))
        case "unlinked":
            return Unlinked(str(report["reason"]))
        case "changed":
            names = ", ".join(str(name) for name in report["names"])
            return PageLost("whatsapp_web_changed", f"WhatsApp Web no longer has: {names}", permanent=True)
        case "message":
            return MessageSeen(message_of(report["message"]))
        case "ack":
            return AckSeen(_acknowledgement_of(report))
        case "event":
            return Told(EventName(report["name"]), dict(report["payload"]))
        case _:
            message = f"kind {kind!r}"
            raise UnknownReport(message)


def _acknowledgement_of(report: Mapping[str, Any]) -> Acknowledgement:
    return Acknowledgement(
        message_id=str(report["id"]),
        sender=str(report["me"]),
        recipient=str(report["chat"]),
        from_me=True,
        ack=AckLevel(max(-1, min(4, int(report["ack"])))),
    )
