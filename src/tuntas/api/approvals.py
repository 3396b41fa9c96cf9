"""``/api/approvals``: messages of keys that may only ask, and what a person makes of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from tuntas.api.context import ContextHere
from tuntas.api.errors import problems
from tuntas.api.json_requests import json_router
from tuntas.api.schemas import SessionName
from tuntas.api.sending import WaitsForApproval
from tuntas.sessions.access import Caller, Scope
from tuntas.sessions.approvals import Approval, ApprovalFilter, ApprovalStatus
from tuntas.sessions.outgoing import MessageKind

router = json_router(prefix="/api/approvals", tags=["approvals"])

# Whoever approves waits so long for the message to go out; it goes out all the same.
ANSWER_SECONDS = 30.0

ApprovalId = Annotated[
    str, Path(pattern=r"^[0-9a-z]{26}$", description="The approval's id.", examples=["01m856kp0q8jkj3ecrkxda3m6b"])
]


class ApprovalOut(BaseModel):
    """A message that waits for a person, or waited."""

    id: str = Field(examples=["01m856kp0q8jkj3ecrkxda3m6b"])
    session: str = Field(examples=["shop"])
    status: ApprovalStatus = Field(
        description="waiting; approved: it goes out as soon as the session can send; sent; failed: see error; denied; "
        "expired: nobody decided in time; cancelled: its session was deleted."
    )
    createdAt: datetime  # noqa: N815 - like its neighbours
    expiresAt: datetime  # noqa: N815 - like its neighbours
    askedBy: str = Field(description="The name of the key that asked.", examples=["agent"])  # noqa: N815 - like its neighbours
    chatId: str = Field(examples=["628111000222@c.us"])  # noqa: N815 - WAHA's name
    kind: MessageKind
    text: str = Field(description="All that the message says.", examples=["Your order is ready."])
    decidedBy: str | None = Field(description="Who approved or denied it.", examples=["owner"])  # noqa: N815 - like its neighbours
    messageId: str | None = Field(description="The message that was sent.")  # noqa: N815 - WAHA's name
    error: str | None = Field(description="Why it was not sent, or not yet.")


@router.get("", responses=problems(422), summary="List approvals")
async def listing(
    context: ContextHere,
    request: Request,
    status: Annotated[ApprovalStatus | None, Query(description="Only those.")] = None,
    session: Annotated[SessionName | None, Query(description="Only those of this session.", examples=["shop"])] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
) -> list[ApprovalOut]:
    """Return messages that wait for a person or waited, newest first; a key that may only ask sees its own."""
    named = None if session is None else frozenset({session})
    wanted = ApprovalFilter(named, _only(request), status)
    return [_out(one) for one in await context.approvals.recent(wanted, limit=limit)]


@router.get("/{approval}", responses=problems(404, 422), summary="Look at an approval")
async def show(context: ContextHere, request: Request, approval: ApprovalId) -> ApprovalOut:
    """Return what has become of a message that waits for a person; a key that may only ask sees its own."""
    return _out(await context.approvals.get(approval, _only(request)))


@router.post("/{approval}/approve", responses=problems(404, 409, 422), summary="Approve a message")
async def approve(context: ContextHere, request: Request, approval: ApprovalId) -> ApprovalOut:
    """Have a message sent, once. Answers when it is sent, or after half a minute: then it goes out by itself."""
    return _out(await context.approvals.approve(approval, by=_name(request), within_seconds=ANSWER_SECONDS))


@router.post("/{approval}/deny", responses=problems(404, 409, 422), summary="Deny a message")
async def deny(context: ContextHere, request: Request, approval: ApprovalId) -> ApprovalOut:
    """Have a message never sent."""
    return _out(await context.approvals.deny(approval, by=_name(request)))


def install(app: FastAPI) -> None:
    """Make ``app`` answer those who may only ask with their approval."""
    app.add_exception_handler(WaitsForApproval, _waits)


async def _waits(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, WaitsForApproval)
    headers = {"Location": f"/api/approvals/{error.approval.id}"}
    if error.is_repeated:
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse(_out(error.approval).model_dump(mode="json"), status_code=202, headers=headers)


def _only(request: Request) -> str | None:
    """Return whose approvals the caller sees alone, None for everybody's."""
    caller: Caller = request.state.caller
    return None if caller.may(Scope.SEND) else str(request.state.mark)


def _name(request: Request) -> str:
    caller: Caller = request.state.caller
    return caller.name


def _out(approval: Approval) -> ApprovalOut:
    return ApprovalOut(
        id=approval.id,
        session=approval.session,
        status=approval.status,
        createdAt=approval.created_at,
        expiresAt=approval.expires_at,
        askedBy=approval.asker.name,
        chatId=approval.chat_id,
        kind=approval.kind,
        text=approval.text,
        decidedBy=approval.decision.by,
        messageId=approval.decision.message_id,
        error=approval.decision.error,
    )
