"""``/api/{session}/calls``: what can be done with a call that rings."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from tuntas.api.chat_ids import normal_chat_id
from tuntas.api.context import ContextHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.parameters import SessionHere
from tuntas.api.schemas import Done
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api/{session}/calls", tags=["calls"])

CallId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,128}$")]


class RejectCall(Input):
    """A call, as `call.received` told of it."""

    caller: Annotated[str, AfterValidator(normal_chat_id)] = Field(
        alias="from", description="Who calls.", examples=["628111000222@c.us"]
    )
    id: CallId = Field(description="The call's id.", examples=["ABCDEFGABCDEFGABCDEFGABCDEFG"])


@router.post("/reject", status_code=201, responses=problems(404, 422, 503), summary="Reject a call")
async def reject(context: ContextHere, session: SessionHere, body: RejectCall) -> Done:
    """Reject a call that rings, on all of the account's devices."""
    await ask_page(context, session, PageCall.REJECT_CALL, callId=body.id, **{"from": body.caller})
    return Done()
