"""``/api/{session}/lids``: which hidden id (LID) is whose number, as far as this account knows."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, BaseModel, Field

from tuntas.api.contacts import normal_person_id
from tuntas.api.context import ContextHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.json_requests import json_router
from tuntas.api.page_answers import all_from_page, from_page
from tuntas.api.parameters import Limit, Offset, SessionHere
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api/{session}/lids", tags=["contacts"])


def _lid(text: str) -> str:
    normal = normal_person_id(text if "@" in text else f"{text}@lid")
    if not normal.endswith("@lid"):
        message = "is no hidden id; write 123456789012345@lid"
        raise ValueError(message)
    return normal


def _number(text: str) -> str:
    normal = normal_person_id(text)
    if not normal.endswith("@c.us"):
        message = "is no phone number; write 628111000222 or 628111000222@c.us"
        raise ValueError(message)
    return normal


class LidPair(BaseModel):
    """Somebody's two ids; null where it is not known."""

    lid: str | None = Field(examples=["123456789012345@lid"])
    pn: str | None = Field(description="By the phone number.", examples=["628111000222@c.us"])


class LidCount(BaseModel):
    """How many are known."""

    count: int = Field(examples=[120])


@router.get("", responses=problems(404, 422, 503), summary="List hidden ids")
async def lids(context: ContextHere, session: SessionHere, limit: Limit = 100, offset: Offset = 0) -> list[LidPair]:
    """Return the people of whom the account knows both the hidden id and the number."""
    found = await ask_page(context, session, PageCall.LIDS, limit=limit, offset=offset)
    return all_from_page(LidPair, found)


@router.get("/count", responses=problems(404, 422, 503), summary="Count hidden ids")
async def count(context: ContextHere, session: SessionHere) -> LidCount:
    """Return of how many people the account knows both."""
    return from_page(LidCount, {"count": await ask_page(context, session, PageCall.LID_COUNT)})


@router.get("/pn/{phoneNumber}", responses=problems(404, 422, 503), summary="The hidden id of a number")
async def lid_of(
    context: ContextHere,
    session: SessionHere,
    phone_number: Annotated[
        str, AfterValidator(_number), Path(alias="phoneNumber", description="A number.", examples=["628111000222"])
    ],
) -> LidPair:
    """Return the hidden id of a number; WhatsApp is asked about one that is not known yet."""
    return from_page(LidPair, await ask_page(context, session, PageCall.PAIR_OF, contactId=phone_number))


@router.get("/{lid}", responses=problems(404, 422, 503), summary="The number of a hidden id")
async def number_of(
    context: ContextHere,
    session: SessionHere,
    lid: Annotated[
        str, AfterValidator(_lid), Path(description="A hidden id, `@lid` or not.", examples=["123456789012345@lid"])
    ],
) -> LidPair:
    """Return the number behind a hidden id; null: its owner hides it, or it was never seen."""
    return from_page(LidPair, await ask_page(context, session, PageCall.PAIR_OF, contactId=lid))
