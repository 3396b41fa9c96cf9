"""``/api/sessions/{session}/timelock`` and ``/capping``: what WhatsApp does not let an account do for a while."""

from __future__ import annotations

from pydantic import BaseModel

from tuntas.api.context import ContextHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.json_requests import json_router
from tuntas.api.page_answers import from_page
from tuntas.api.parameters import SessionHere
from tuntas.api.session_answers import CappingOut, TimelockOut
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api/sessions/{session}", tags=["sessions"])


class _Timelock(BaseModel):
    """As the bridge writes it."""

    isActive: bool  # noqa: N815 - the bridge's name
    ends: int | None
    type: str | None


class _Capping(BaseModel):
    """As the bridge writes it; its other names are WAHA's."""

    status: str
    totalQuota: int  # noqa: N815 - the bridge's name
    usedQuota: int  # noqa: N815 - the bridge's name
    cycleStart: int | None  # noqa: N815 - the bridge's name
    cycleEnd: int | None  # noqa: N815 - the bridge's name
    mvStatus: str | None  # noqa: N815 - the bridge's name
    oteStatus: str | None  # noqa: N815 - the bridge's name


@router.get("/timelock", responses=problems(404, 422, 501, 503), summary="May it write to strangers?")
async def timelock(context: ContextHere, session: SessionHere) -> TimelockOut:
    """Ask WhatsApp whether the account may write only to people who have written to it (the reach-out timelock)."""
    told = from_page(_Timelock, await ask_page(context, session, PageCall.TIMELOCK))
    return TimelockOut(isActive=told.isActive, enforcementType=told.type, timeEnforcementEnds=told.ends)


@router.get("/capping", responses=problems(404, 422, 501, 503), summary="How many chats may it begin?")
async def capping(context: ContextHere, session: SessionHere) -> CappingOut:
    """Ask WhatsApp how many chats the account may begin in this cycle, and has begun (the capping of new chats)."""
    told = from_page(_Capping, await ask_page(context, session, PageCall.CAPPING))
    return CappingOut(cappingStatus=told.status, **told.model_dump(exclude={"status"}))
