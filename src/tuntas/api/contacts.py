"""``/api/contacts``: people, whether a number is on WhatsApp, what they show of themselves, blocking."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from tuntas.api.chat_ids import normal_chat_id
from tuntas.api.context import ContextHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.page_answers import all_from_page, from_page
from tuntas.api.parameters import Limit, Offset, SessionHere, SortOrder
from tuntas.api.plain_writing import not_blank
from tuntas.api.schemas import Done, SessionName
from tuntas.sessions.model import SESSION_NAME_PATTERN
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api/contacts", tags=["contacts"])


def normal_person_id(text: str) -> str:
    """Return a person's id in WhatsApp Web's form. Raises ValueError for what is no person's."""
    normal = normal_chat_id(text)
    if not normal.endswith(("@c.us", "@lid")):
        message = "is no person's id; write 628111000222@c.us or a number with its country code"
        raise ValueError(message)
    return normal


Session = Annotated[
    str, Query(pattern=SESSION_NAME_PATTERN, description="The session whose contacts are meant.", examples=["shop"])
]
PersonId = Annotated[
    str,
    AfterValidator(normal_person_id),
    Field(description="A person's id, or a number.", examples=["628111000222@c.us"]),
]
Person = Annotated[
    str,
    AfterValidator(normal_person_id),
    Query(description="A person's id, or a number.", examples=["628111000222@c.us"]),
]
PersonHere = Annotated[
    str,
    AfterValidator(normal_person_id),
    Path(description="A person's id, or a number.", examples=["628111000222@c.us"]),
]
ContactIdHere = Annotated[
    str,
    AfterValidator(normal_chat_id),
    Path(alias="id", description="The id of a person or a group.", examples=["628111000222@c.us"]),
]
AnyContact = Annotated[
    str,
    AfterValidator(normal_chat_id),
    Query(description="The id of a person or a group.", examples=["628111000222@c.us"]),
]


of_session = json_router(prefix="/api/{session}/contacts", tags=["contacts"])


class ContactOut(BaseModel):
    """A contact, as far as this account knows it."""

    id: str = Field(examples=["628111000222@c.us"])
    number: str | None = Field(examples=["628111000222"])
    pn: str | None = Field(None, description="The id by the number, where it is known.", examples=["628111000222@c.us"])
    lid: str | None = Field(None, description="The hidden id, where it is known.", examples=["123456789012345@lid"])
    name: str | None = Field(description="As it is written in the phone's address book.", examples=["Budi"])
    pushname: str | None = Field(description="As they call themselves.", examples=["Budi"])
    shortName: str | None = Field(examples=["Budi"])  # noqa: N815 - WAHA's name
    isMe: bool  # noqa: N815 - WAHA's name
    isGroup: bool  # noqa: N815 - WAHA's name
    isUser: bool  # noqa: N815 - WAHA's name
    isWAContact: bool  # noqa: N815 - WAHA's name
    isMyContact: bool  # noqa: N815 - WAHA's name
    isBusiness: bool  # noqa: N815 - WAHA's name
    isBlocked: bool  # noqa: N815 - WAHA's name


class NumberExists(BaseModel):
    """Whether a number is on WhatsApp."""

    numberExists: bool = Field(examples=[True])  # noqa: N815 - WAHA's name
    chatId: str | None = Field(description="Write to this id.", examples=["628111000222@c.us"])  # noqa: N815 - WAHA's name
    pn: str | None = Field(None, description="The same by the number.", examples=["628111000222@c.us"])
    lid: str | None = Field(None, description="The hidden id.", examples=["123456789012345@lid"])


class AboutOut(BaseModel):
    """What somebody says about themselves."""

    about: str | None = Field(description="Null: hidden from us.", examples=["At work"])


class ProfilePicture(BaseModel):
    """Where somebody's picture lies."""

    profilePictureURL: str | None = Field(  # noqa: N815 - WAHA's name
        description="Null: there is none, or it is hidden from us.", examples=["https://pps.whatsapp.net/v/1.jpg"]
    )


class ContactNames(Input):
    """What somebody is called in the phone's address book."""

    firstName: Annotated[str, StringConstraints(max_length=100), AfterValidator(not_blank)] = Field(examples=["John"])  # noqa: N815 - WAHA's name
    lastName: Annotated[str, StringConstraints(max_length=100)] = Field("", examples=["Doe"])  # noqa: N815 - WAHA's name


class BlockInput(Input):
    """Whom to block or unblock."""

    session: SessionName = "default"
    contactId: PersonId  # noqa: N815 - WAHA's name


@router.get("", responses=problems(404, 422, 503), summary="Look at a contact")
async def contact(context: ContextHere, contactId: AnyContact, session: Session = "default") -> ContactOut:  # noqa: N803 - WAHA's name
    """Return what is known of a person or a group; WhatsApp is asked about numbers that are not known yet."""
    return from_page(ContactOut, await ask_page(context, session, PageCall.CONTACT, contactId=contactId))


@of_session.get("/{id}", responses=problems(404, 422, 503), summary="Look at a contact (of a session)")
async def contact_of_session(context: ContextHere, session: SessionHere, contact_id: ContactIdHere) -> ContactOut:
    """Return what is known of a person or a group, as `GET /api/contacts` does."""
    return await contact(context, contact_id, session)


@of_session.put("/{chatId}", responses=problems(404, 422, 503), summary="Save a contact")
async def save_contact(
    context: ContextHere,
    session: SessionHere,
    chatId: PersonHere,  # noqa: N803 - WAHA's name
    body: ContactNames,
) -> Done:
    """Write somebody into the phone's address book, or change what they are called there."""
    await ask_page(context, session, PageCall.SAVE_CONTACT, contactId=chatId, **body.model_dump())
    return Done()


@router.get("/all", responses=problems(404, 422, 503), summary="List contacts")
async def contacts(
    context: ContextHere,
    session: Session = "default",
    limit: Limit = 100,
    offset: Offset = 0,
    sortBy: Annotated[Literal["id", "name"], Query(description="What they are sorted by.")] = "id",  # noqa: N803 - WAHA's name
    sortOrder: SortOrder = "asc",  # noqa: N803 - WAHA's name
) -> list[ContactOut]:
    """Return the contacts that the account knows."""
    descending = sortOrder == "desc"
    found = await ask_page(
        context, session, PageCall.CONTACTS, limit=limit, offset=offset, sortBy=sortBy, descending=descending
    )
    return all_from_page(ContactOut, found)


@router.get(
    "/check-exists",
    responses=problems(404, 422, 503),
    response_model_exclude_unset=True,
    summary="Is a number on WhatsApp?",
)
async def check_exists(context: ContextHere, phone: Person, session: Session = "default") -> NumberExists:
    """Ask WhatsApp about a number; answers are remembered for some minutes."""
    return from_page(NumberExists, await ask_page(context, session, PageCall.NUMBER_EXISTS, contactId=phone))


@router.get("/about", responses=problems(404, 422, 503), summary="What somebody says about themselves")
async def about(context: ContextHere, contactId: Person, session: Session = "default") -> AboutOut:  # noqa: N803 - WAHA's name
    """Return the text under somebody's name, as far as they let us see it."""
    return from_page(AboutOut, {"about": await ask_page(context, session, PageCall.ABOUT, contactId=contactId)})


@router.get("/profile-picture", responses=problems(404, 422, 503), summary="Somebody's picture")
async def profile_picture(context: ContextHere, contactId: Person, session: Session = "default") -> ProfilePicture:  # noqa: N803 - WAHA's name
    """Return the address of somebody's picture; such an address works for some days only."""
    url = await ask_page(context, session, PageCall.CONTACT_PICTURE, contactId=contactId)
    return from_page(ProfilePicture, {"profilePictureURL": url})


@router.post("/block", status_code=201, responses=problems(404, 422, 503), summary="Block somebody")
async def block(context: ContextHere, body: BlockInput) -> Done:
    """Take no messages and calls of somebody any more; they are not told."""
    await ask_page(context, body.session, PageCall.BLOCK, contactId=body.contactId, blocked=True)
    return Done()


@router.post("/unblock", status_code=201, responses=problems(404, 422, 503), summary="Unblock somebody")
async def unblock(context: ContextHere, body: BlockInput) -> Done:
    """Take somebody's messages again; what they wrote meanwhile stays lost."""
    await ask_page(context, body.session, PageCall.BLOCK, contactId=body.contactId, blocked=False)
    return Done()
