"""``/api/{session}/labels``: what a WhatsApp Business account puts on its chats."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from tuntas.api.chats import ChatOut, with_last_message
from tuntas.api.context import ContextHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.page_answers import all_from_page, from_page
from tuntas.api.parameters import ChatIdHere, SessionHere
from tuntas.api.plain_writing import not_blank
from tuntas.api.schemas import Done
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api/{session}/labels", tags=["labels"])

ERRORS = problems(403, 404, 422, 503)

LabelId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
LabelIdHere = Annotated[LabelId, Path(alias="labelId", description="The label.", examples=["1"])]


class LabelOut(BaseModel):
    """A label."""

    id: str = Field(max_length=64, examples=["1"])
    name: str = Field(max_length=512, examples=["Lead"])
    color: int = Field(description="Its place in WhatsApp's palette.", examples=[0])
    colorHex: str = Field(max_length=16, examples=["#ff9485"])  # noqa: N815 - WAHA's name


class LabelInput(Input):
    """A label; without a colour a new one gets one that no other has, and another keeps its own."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(not_blank)] = Field(
        examples=["Lead"]
    )
    color: int | None = Field(None, ge=0, le=100, description="A place in WhatsApp's palette.", examples=[0])
    colorHex: str | None = Field(  # noqa: N815 - WAHA's name
        None, pattern=r"^#[0-9A-Fa-f]{6}$", description="One of WhatsApp's palette.", examples=[None]
    )

    @model_validator(mode="after")
    def _one_color(self) -> LabelInput:
        if self.color is not None and self.colorHex is not None:
            message = "give either color or colorHex"
            raise ValueError(message)
        return self


class LabelNamed(Input):
    """A label by its id."""

    id: LabelId = Field(examples=["1"])


class ChatLabels(Input):
    """All the labels that a chat is to have."""

    labels: list[LabelNamed] = Field(max_length=100)


@router.get("", responses=ERRORS, summary="List labels")
async def labels(context: ContextHere, session: SessionHere) -> list[LabelOut]:
    """Return the account's labels."""
    return all_from_page(LabelOut, await ask_page(context, session, PageCall.LABELS))


@router.post("", status_code=201, responses=ERRORS, summary="Make a label")
async def create(context: ContextHere, session: SessionHere, body: LabelInput) -> LabelOut:
    """Make a label."""
    return from_page(LabelOut, await ask_page(context, session, PageCall.CREATE_LABEL, **body.model_dump()))


@router.put("/{labelId}", responses=ERRORS, summary="Change a label")
async def change(context: ContextHere, session: SessionHere, label_id: LabelIdHere, body: LabelInput) -> LabelOut:
    """Change a label's name and colour."""
    asked = {"labelId": label_id} | body.model_dump()
    return from_page(LabelOut, await ask_page(context, session, PageCall.CHANGE_LABEL, **asked))


@router.delete("/{labelId}", responses=ERRORS, summary="Delete a label")
async def delete(context: ContextHere, session: SessionHere, label_id: LabelIdHere) -> Done:
    """Delete a label; the chats that have it stay."""
    await ask_page(context, session, PageCall.DELETE_LABEL, labelId=label_id)
    return Done()


@router.get("/chats/{chatId}", responses=ERRORS, summary="A chat's labels")
async def chat_labels(context: ContextHere, session: SessionHere, chatId: ChatIdHere) -> list[LabelOut]:  # noqa: N803 - WAHA's name
    """Return the labels of a chat."""
    return all_from_page(LabelOut, await ask_page(context, session, PageCall.CHAT_LABELS, chatId=chatId))


@router.put("/chats/{chatId}", responses=ERRORS, summary="Set a chat's labels")
async def set_chat_labels(
    context: ContextHere,
    session: SessionHere,
    chatId: ChatIdHere,  # noqa: N803 - WAHA's name
    body: ChatLabels,
) -> Done:
    """Give a chat exactly these labels: those that it has and that are not named are taken off."""
    ids = [one.id for one in body.labels]
    await ask_page(context, session, PageCall.SET_CHAT_LABELS, chatId=chatId, labels=ids)
    return Done()


@router.get("/{labelId}/chats", responses=ERRORS, summary="Which chats have a label?")
async def labelled_chats(context: ContextHere, session: SessionHere, label_id: LabelIdHere) -> list[ChatOut]:
    """Return the chats that have a label."""
    found = await ask_page(context, session, PageCall.LABELLED_CHATS, labelId=label_id)
    return all_from_page(ChatOut, [with_last_message(one) for one in found])
