"""``/api/troubles`` and ``/api/alerts``: what is wrong now, and whom that was told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from tuntas.api.context import ContextHere
from tuntas.api.errors import problems
from tuntas.api.json_requests import json_router
from tuntas.troubles import TroubleKind

looking = json_router(prefix="/api/troubles", tags=["health"])
router = json_router(prefix="/api/alerts", tags=["operations"])


class TroubleOut(BaseModel):
    """Something that is wrong now."""

    kind: TroubleKind = Field(examples=["session_failed"])
    session: str | None = Field(description="null: it is the server's.", examples=["shop"])
    since: datetime
    detail: str = Field(description="A reason's code, or words.", examples=["update_required"])


class AlertOut(TroubleOut):
    """Something that was told."""

    id: str = Field(examples=["01kd3m0q0gv4x6w6m8j8q2b1za"])
    resolvedAt: datetime | None  # noqa: N815 - like its neighbours
    told: list[str] = Field(description="The targets that were told of it.", examples=[["webhook"]])
    toldOfEnd: list[str] = Field(  # noqa: N815 - like its neighbours
        description="The targets that were told that it is over.", examples=[[]]
    )


class TargetOut(BaseModel):
    """Somebody who is told."""

    target: str = Field(examples=["email"])
    error: str | None = Field(description="Why it was not told the last time; null: it was.", examples=[None])


class AlertsOut(BaseModel):
    """What was told, newest first, and how the targets do."""

    targets: list[TargetOut]
    alerts: list[AlertOut]


@looking.get("", responses=problems(), summary="What is wrong")
async def troubles(context: ContextHere) -> list[TroubleOut]:
    """List what needs somebody now, over sessions, deliveries, deletions and the server; empty where all is well."""
    await context.troubles.refresh()
    return [
        TroubleOut(kind=one.kind, session=one.session, since=one.since, detail=one.detail)
        for one in context.troubles.of(context)
    ]


@router.get("", responses=problems(422), summary="What was told")
async def alerts(context: ContextHere, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> AlertsOut:
    """List alerts, and whether the targets of the settings `TUNTAS_ALERT_…` take them."""
    return AlertsOut(
        targets=[TargetOut(target=one.target.name, error=one.error) for one in context.alert_teller.targets],
        alerts=[
            AlertOut(
                id=one.id,
                kind=one.kind,
                session=one.session,
                since=one.since,
                detail=one.detail,
                resolvedAt=one.resolved_at,
                told=sorted(one.told),
                toldOfEnd=sorted(one.told_end),
            )
            for one in await context.alert_teller.recent(limit)
        ],
    )


@router.post("/test", responses=problems(), summary="Try whether alerts arrive")
async def test(context: ContextHere) -> list[TargetOut]:
    """Tell every target that this is a test, and say of each whether it took it; no target is set: an empty list."""
    return [TargetOut(target=name, error=error) for name, error in (await context.alert_teller.test()).items()]
