"""Why did a message (not) arrive: everything that is known of it, in one list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from tuntas.api.context import ContextHere
from tuntas.api.errors import problems
from tuntas.api.json_requests import json_router
from tuntas.api.parameters import MessageIdHere, SessionHere
from tuntas.api.secrets import shown_address
from tuntas.api.webhooks import State
from tuntas.timeline import TimelineStep, timeline_of
from tuntas.webhooks.ports import DeliveryNote

router = json_router(prefix="/api", tags=["messages"])


class ToldOut(BaseModel):
    """A receiver that was told, or is to be told, of a step."""

    url: str = Field(description="Without its query and user, to keys below `admin`.", examples=["https://example.com"])
    state: State
    attempts: int = Field(examples=[1])
    error: str | None = Field(description="What the last attempt met.", examples=["HTTP 500"])
    nextAttemptAt: datetime | None  # noqa: N815 - like its neighbours
    finishedAt: datetime | None = Field(description="When it was delivered or given up.")  # noqa: N815 - like them

    @classmethod
    def of(cls, note: DeliveryNote) -> ToldOut:
        """Write a delivery in the API's shape."""
        return cls(
            url=shown_address(note.url),
            state=note.state,
            attempts=note.attempts,
            error=note.error,
            nextAttemptAt=note.next_attempt_at,
            finishedAt=note.finished_at,
        )


class StepOut(BaseModel):
    """One thing that happened with the message."""

    at: datetime
    step: str = Field(
        description="`asked` (the request came), `begun` (its turn came), `sent` (WhatsApp Web took it), or an event.",
        examples=["message.ack"],
    )
    eventId: str | None = Field(examples=["evt_01m856kp0q8jkj3ecrkxda3m6b"])  # noqa: N815 - like its neighbours
    payload: dict[str, Any] | None = Field(description="The event's.")
    told: list[ToldOut] = Field(description="To whom the event went, or is to go.")

    @classmethod
    def of(cls, step: TimelineStep) -> StepOut:
        """Write a step in the API's shape."""
        return cls(
            at=step.at,
            step=step.name,
            eventId=step.event_id,
            payload=None if step.event_id is None else dict(step.payload),
            told=[ToldOut.of(one) for one in step.told],
        )


class Timeline(BaseModel):
    """What is known of a message, oldest first."""

    session: str = Field(examples=["shop"])
    messageId: str = Field(examples=["3EB0A1B2C3D4E5F60718"])  # noqa: N815 - WAHA's name
    steps: list[StepOut]


@router.get(
    "/{session}/messages/{messageId}/timeline", responses=problems(404, 422), summary="What became of a message"
)
async def timeline(context: ContextHere, session: SessionHere, messageId: MessageIdHere) -> Timeline:  # noqa: N803
    """List what is known of a message: when it was asked for and sent, its events, and which receivers were told when.

    From our own records, so that it answers also while the session rests. Kept for TUNTAS_EVENT_RETENTION_DAYS.
    """
    steps = await timeline_of(context, session, messageId)
    return Timeline(session=session, messageId=messageId, steps=[StepOut.of(step) for step in steps])
