"""``/api/contacts``: people, whether a number is on WhatsApp, what they show of themselves, blocking."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, Field

from tuntas.api.chat_ids import normal_chat_id
from tuntas.api.chats import Done, Limit, Offset, SortOrder
from tuntas.api.context import GatewayHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.schemas import Input, SessionName
from tuntas.sessions.model import SESSION_NAME_PATTERN

router = APIRouter(prefix="/api/contacts", tags=["contacts"])


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
AnyContact = Annotated[
    str,
    AfterValidator(normal_chat_id),
    Query(description="The id of a person or a group.", examples=["628111000222@c.us"]),
]


class ContactOut(BaseModel):
    """A contact, as far as this account knows it."""

    id: str = Field(examples=["628111000222@c.us"])
    number: str | None = Field(examples=["628111000222"])
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


class AboutOut(BaseModel):
    """What somebody says about themselves."""

    about: str | None = Field(description="Null: hidden from us.", examples=["At work"])


class ProfilePicture(BaseModel):
    """Where somebody's picture lies."""

    profilePictureURL: str | None = Field(  # noqa: N815 - WAHA's name
        description="Null: there is none, or it is hidden from us.", examples=["https://pps.whatsapp.net/v/1.jpg"]
    )


class BlockInput(Input):
    """Whom to block or unblock."""

    session: SessionName = "default"
    contactId: PersonId  # noqa: N815 - WAHA's name


@router.get("", responses=problems(404, 422, 503), summary="Look at a contact")
async def contact(gateway: GatewayHere, contactId: AnyContact, session: Session = "default") -> ContactOut:  # noqa: N803 - WAHA's name
    """Return what is known of a person or a group; WhatsApp is asked about numbers that are not known yet."""
    return ContactOut.model_validate(await ask_page(gateway, session, "contact", contactId=contactId))


@router.get("/all", responses=problems(404, 422, 503), summary="List contacts")
async def contacts(
    gateway: GatewayHere,
    session: Session = "default",
    limit: Limit = 100,
    offset: Offset = 0,
    sortBy: Annotated[Literal["id", "name"], Query(description="What they are sorted by.")] = "id",  # noqa: N803 - WAHA's name
    sortOrder: SortOrder = "asc",  # noqa: N803 - WAHA's name
) -> list[ContactOut]:
    """Return the contacts that the account knows."""
    descending = sortOrder == "desc"
    found = await ask_page(
        gateway, session, "contacts", limit=limit, offset=offset, sortBy=sortBy, descending=descending
    )
    return [ContactOut.model_validate(one) for one in found]


@router.get("/check-exists", responses=problems(404, 422, 503), summary="Is a number on WhatsApp?")
async def check_exists(gateway: GatewayHere, phone: Person, session: Session = "default") -> NumberExists:
    """Ask WhatsApp about a number; answers are remembered for some minutes."""
    return NumberExists.model_validate(await ask_page(gateway, session, "numberExists", contactId=phone))


@router.get("/about", responses=problems(404, 422, 503), summary="What somebody says about themselves")
async def about(gateway: GatewayHere, contactId: Person, session: Session = "default") -> AboutOut:  # noqa: N803 - WAHA's name
    """Return the text under somebody's name, as far as they let us see it."""
    return AboutOut(about=await ask_page(gateway, session, "about", contactId=contactId))


@router.get("/profile-picture", responses=problems(404, 422, 503), summary="Somebody's picture")
async def profile_picture(gateway: GatewayHere, contactId: Person, session: Session = "default") -> ProfilePicture:  # noqa: N803 - WAHA's name
    """Return the address of somebody's picture; such an address works for some days only."""
    return ProfilePicture(profilePictureURL=await ask_page(gateway, session, "contactPicture", contactId=contactId))


@router.post("/block", status_code=201, responses=problems(404, 422, 503), summary="Block somebody")
async def block(gateway: GatewayHere, body: BlockInput) -> Done:
    """Take no messages and calls of somebody any more; they are not told."""
    await ask_page(gateway, body.session, "block", contactId=body.contactId, blocked=True)
    return Done()


@router.post("/unblock", status_code=201, responses=problems(404, 422, 503), summary="Unblock somebody")
async def unblock(gateway: GatewayHere, body: BlockInput) -> Done:
    """Take somebody's messages again; what they wrote meanwhile stays lost."""
    await ask_page(gateway, body.session, "block", contactId=body.contactId, blocked=False)
    return Done()
