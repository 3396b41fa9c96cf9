"""``/api/webhooks``: what was delivered, what waits, what is dead, and how to have it again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tuntas.api.context import ContextHere
from tuntas.api.errors import problems
from tuntas.api.json_requests import json_router
from tuntas.api.schemas import SessionName
from tuntas.webhooks.ports import DeliveryFilter, DeliveryNote

router = json_router(prefix="/api/webhooks", tags=["webhooks"])

BIGGEST_ID = 2**63 - 1
State = Literal["waiting", "delivered", "dead"]


class DeliveryOut(BaseModel):
    """One event on its way to one receiver."""

    id: int = Field(examples=[4711])
    eventId: str = Field(examples=["evt_01m856kp0q8jkj3ecrkxda3m6b"])  # noqa: N815 - like its neighbours
    event: str = Field(examples=["message"])
    session: str = Field(examples=["shop"])
    url: str = Field(examples=["https://example.com/hook"])
    state: State
    attempts: int = Field(examples=[3])
    error: str | None = Field(description="What the last attempt met.", examples=["HTTP 500"])
    createdAt: datetime  # noqa: N815 - like its neighbours
    nextAttemptAt: datetime | None  # noqa: N815 - like its neighbours
    finishedAt: datetime | None  # noqa: N815 - like its neighbours

    @classmethod
    def of(cls, note: DeliveryNote) -> DeliveryOut:
        """Write a delivery in the API's shape."""
        return cls(
            id=note.id,
            eventId=note.event_id,
            event=note.event,
            session=note.session,
            url=note.url,
            state=note.state,
            attempts=note.attempts,
            error=note.error,
            createdAt=note.created_at,
            nextAttemptAt=note.next_attempt_at,
            finishedAt=note.finished_at,
        )


class Replay(BaseModel):
    """Which deliveries to make again: all that each given field allows."""

    model_config = ConfigDict(extra="forbid")

    session: SessionName | None = None
    eventId: str | None = Field(None, max_length=64, examples=["evt_01m856kp0q8jkj3ecrkxda3m6b"])  # noqa: N815
    since: datetime | None = Field(None, description="Events from then on.", examples=["2026-11-23T08:00:00Z"])
    until: datetime | None = Field(None, description="Events up to then.", examples=["2026-11-23T09:00:00Z"])
    state: Literal["delivered", "dead"] | None = Field(None, description="Only those.", examples=["dead"])

    @model_validator(mode="after")
    def _says_something(self) -> Replay:
        if not self.model_fields_set:
            raise ValueError("say which: session, eventId, since, until or state")
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("times need a zone, such as Z at their end")
        return self


class Replayed(BaseModel):
    """How many queues have something to do again."""

    lanes: int = Field(description="Queues, one for each session and receiver.", examples=[2])


class LaneOut(BaseModel):
    """One receiver of one session that is behind: something waits for it, or it fails."""

    session: str = Field(examples=["shop"])
    url: str = Field(examples=["https://example.com/hook"])
    stuck: bool = Field(description="Nothing has come through for TUNTAS_WEBHOOK_STUCK_SECONDS.", examples=[True])
    failures: int = Field(description="In a row.", examples=[12])
    error: str | None = Field(description="What the last attempt met.", examples=["HTTP 500"])
    waitingSince: datetime | None = Field(description="The oldest event that waits.")  # noqa: N815 - like its neighbours


@router.get("/lanes", responses=problems(), summary="Receivers that are behind")
async def lanes(context: ContextHere) -> list[LaneOut]:
    """List the receivers that something waits for or that fail, the stuck ones first."""
    return [
        LaneOut(
            session=one.session,
            url=one.url,
            stuck=one.is_stuck,
            failures=one.failures,
            error=one.error,
            waitingSince=one.since,
        )
        for one in context.lanes()
    ]


@router.get("/deliveries", responses=problems(422), summary="List deliveries")
async def deliveries(
    context: ContextHere,
    session: Annotated[str | None, Query(description="Only this session's.")] = None,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    event_id: Annotated[str | None, Query(alias="eventId", max_length=64, description="Only this event's.")] = None,
    before: Annotated[int | None, Query(ge=1, le=BIGGEST_ID, description="Older than this delivery.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[DeliveryOut]:
    """List deliveries, newest first. Dead ones are those whose attempts are used up."""
    wanted = DeliveryFilter(before_id=before, event_ids=_only(event_id), session=session, state=state)
    return [DeliveryOut.of(one) for one in await context.outbox.notes(wanted, limit=limit)]


@router.post("/deliveries/{id}/replay", status_code=202, responses=problems(404, 422), summary="Deliver once more")
async def replay_one(
    context: ContextHere,
    id: Annotated[int, Path(ge=1, le=BIGGEST_ID, description="The delivery's id.")],  # noqa: A002 - the path's name
) -> DeliveryOut:
    """Have one delivery made again, with the same event id; one that waits is left as it is."""
    wanted = DeliveryFilter(id=id)
    await context.replay(wanted)
    found = await context.outbox.notes(wanted, limit=1)
    if not found:
        raise HTTPException(404, f"There is no delivery {id}, or it is not kept any more.")
    return DeliveryOut.of(found[0])


@router.post("/replay", status_code=202, responses=problems(422), summary="Deliver again")
async def replay(context: ContextHere, body: Replay) -> Replayed:
    """Have ended deliveries made again, in their old order and before newer ones, each with its own event id."""
    wanted = DeliveryFilter(
        session=body.session, event_ids=_only(body.eventId), since=body.since, until=body.until, state=body.state
    )
    return Replayed(lanes=await context.replay(wanted))


def _only(event_id: str | None) -> list[str] | None:
    return None if event_id is None else [event_id]
