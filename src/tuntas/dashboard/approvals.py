"""Messages that wait for a person: who asks, to whom, and every word of it; the buttons that send it or do not."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from tuntas.dashboard.fragments import Fragment, follow
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.words import N_, Word
from tuntas.sessions.approvals import OPEN, ApprovalFilter, ApprovalStatus
from tuntas.sessions.outgoing import MessageKind

ENDED_SHOWN = 20
# A person waits so long before the button; the message goes out all the same.
ANSWER_SECONDS = 20.0

KINDS = {
    MessageKind.TEXT: N_("Text"),
    MessageKind.LOCATION: N_("Place"),
    MessageKind.CONTACTS: N_("Contacts"),
    MessageKind.POLL: N_("Poll"),
    MessageKind.EVENT: N_("Invitation"),
    MessageKind.PREVIEW: N_("Text with a preview"),
    MessageKind.IMAGE: N_("Picture"),
    MessageKind.VIDEO: N_("Video"),
    MessageKind.VOICE: N_("Voice message"),
    MessageKind.STICKER: N_("Sticker"),
    MessageKind.DOCUMENT: N_("File"),
    MessageKind.FORWARD: N_("Forwarded message"),
}

OUTCOMES = {
    ApprovalStatus.WAITING: Word(N_("Waits for you"), "ask", "hand"),
    ApprovalStatus.APPROVED: Word(N_("Approved, on its way"), "wait", "wait"),
    ApprovalStatus.SENT: Word(N_("Sent"), "good", "check"),
    ApprovalStatus.FAILED: Word(N_("Not sent"), "bad", "alert"),
    ApprovalStatus.DENIED: Word(N_("Refused"), "idle", "cross"),
    ApprovalStatus.EXPIRED: Word(N_("Too late"), "idle", "stopped"),
    ApprovalStatus.CANCELLED: Word(N_("Its session was deleted"), "idle", "stopped"),
}

_BACK = "/dashboard/approvals"
_SENT = N_("Sent.")
_ON_ITS_WAY = N_("Approved. It goes out as soon as the session can send.")
_NOT_SENT = N_("It was not sent.")


async def show(request: PageRequest) -> Response:
    """Show what waits, and what was decided."""
    return request.page("approvals.html", fragments=await _look(request))


async def live(request: PageRequest) -> Response:
    """Stream what changes."""
    return follow(request, lambda: _look(request))


async def approve(request: PageRequest) -> Response:
    """Have a message sent, and say what came of it."""
    found = await request.context.approvals.approve(_id(request), by=_name(request), within_seconds=ANSWER_SECONDS)
    if found.status is ApprovalStatus.FAILED and request.is_part:
        return request.notice(request.say(_NOT_SENT), status=422, tone="bad", detail=found.decision.error or "")
    is_sent = found.status is ApprovalStatus.SENT
    return request.done(request.say(_SENT if is_sent else _ON_ITS_WAY), _BACK)


async def deny(request: PageRequest) -> Response:
    """Have a message never sent."""
    await request.context.approvals.deny(_id(request), by=_name(request))
    return request.done(request.say(N_("Refused. It is never sent.")), _BACK)


async def _look(request: PageRequest) -> Sequence[Fragment]:
    waiting = request.context.approvals.open()
    newest = await request.context.approvals.recent(ApprovalFilter(), limit=ENDED_SHOWN)
    ended = [one for one in newest if one.status not in OPEN]
    shown = {"kinds": KINDS, "outcomes": OUTCOMES}
    return [
        Fragment(
            "approvals-open",
            tuple((one.id, one.decision) for one in waiting),
            lambda: request.html("approvals_open.html", approvals=waiting, **shown),
        ),
        Fragment(
            "approvals-ended",
            tuple((one.id, one.decision) for one in ended),
            lambda: request.html("approvals_ended.html", approvals=ended, **shown),
        ),
    ]


def _id(request: PageRequest) -> str:
    return str(request.http.path_params["id"])


def _name(request: PageRequest) -> str:
    assert request.caller is not None
    return request.caller.name
