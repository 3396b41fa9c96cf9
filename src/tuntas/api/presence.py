"""``/api/{session}/presence``: who is online and who writes, ours and that of others."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, model_validator

from tuntas.api.context import ContextHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.page_answers import all_from_page, from_page
from tuntas.api.parameters import ChatIdHere, SessionHere
from tuntas.api.schemas import ChatId, Done
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api/{session}/presence", tags=["presence"])

Shown = Literal["online", "offline", "typing", "recording", "paused"]


class OnePresence(BaseModel):
    """What somebody is doing, as far as they let us see it."""

    participant: str = Field(examples=["628111000222@c.us"])
    participantPn: str | None = Field(None, examples=["628111000222@c.us"])  # noqa: N815 - like its neighbours
    lastKnownPresence: Shown  # noqa: N815 - WAHA's name
    lastSeen: int | None = Field(description="Unix time in seconds.", examples=[1764000000])  # noqa: N815 - WAHA's name


class PresenceOut(BaseModel):
    """What is done in a chat; a group has an entry for each person of whom something is known."""

    id: str = Field(examples=["628111000222@c.us"])
    pn: str | None = Field(None, description="By the number, where it is known.", examples=["628111000222@c.us"])
    presences: list[OnePresence]


class PresenceInput(Input):
    """What to show."""

    presence: Shown
    chatId: ChatId | None = Field(  # noqa: N815 - WAHA's name
        None, description="Where; needed for typing, recording and paused.", examples=["628111000222@c.us"]
    )

    @model_validator(mode="after")
    def _has_chat(self) -> PresenceInput:
        if self.presence in ("typing", "recording", "paused") and self.chatId is None:
            message = f"{self.presence} needs a chatId"
            raise ValueError(message)
        return self


@router.get("", responses=problems(404, 422, 503), summary="All presences that are known")
async def presences(context: ContextHere, session: SessionHere) -> list[PresenceOut]:
    """Return what is known of those who were subscribed to."""
    return all_from_page(PresenceOut, await ask_page(context, session, PageCall.PRESENCES))


@router.post("", status_code=201, responses=problems(404, 422, 503), summary="Show a presence")
async def show(context: ContextHere, session: SessionHere, body: PresenceInput) -> Done:
    """Be online or offline, or show in a chat that one types or records. While online, phones ring less."""
    await ask_page(context, session, PageCall.SHOW_PRESENCE, presence=body.presence, chatId=body.chatId)
    return Done()


@router.get("/{chatId}", responses=problems(404, 422, 503), summary="A chat's presence")
async def presence(context: ContextHere, session: SessionHere, chatId: ChatIdHere) -> PresenceOut:  # noqa: N803 - WAHA's name
    """Return what is known, and subscribe: from now on `presence.update` tells of changes.

    The first answer is empty: WhatsApp tells presences by and by, and only to who is online itself.
    """
    return from_page(PresenceOut, await ask_page(context, session, PageCall.PRESENCE, chatId=chatId))


@router.post(
    "/{chatId}/subscribe", status_code=201, responses=problems(404, 422, 503), summary="Subscribe to a presence"
)
async def subscribe(context: ContextHere, session: SessionHere, chatId: ChatIdHere) -> Done:  # noqa: N803 - WAHA's name
    """Be told by `presence.update` what somebody does; it counts until the session ends."""
    await ask_page(context, session, PageCall.SUBSCRIBE_PRESENCE, chatId=chatId)
    return Done()
