"""``/api/{session}/groups``: make, look at, change, leave and join groups."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, Field

from tuntas.api.chat_ids import normal_chat_id
from tuntas.api.contacts import PersonId
from tuntas.api.context import ContextHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.invitations import InviteCode
from tuntas.api.json_requests import json_router
from tuntas.api.page_answers import all_from_page, from_page
from tuntas.api.parameters import Limit, Offset, SessionHere, SortOrder
from tuntas.api.plain_writing import not_blank
from tuntas.api.schemas import Done
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api/{session}/groups", tags=["groups"])


def _group_id(text: str) -> str:
    normal = normal_chat_id(text if "@" in text else f"{text}@g.us")
    if not normal.endswith("@g.us"):
        message = "is no group's id; write 120363000000000000@g.us"
        raise ValueError(message)
    return normal


GroupId = Annotated[
    str, AfterValidator(_group_id), Path(alias="id", description="The group.", examples=["120363000000000000@g.us"])
]


Subject = Annotated[str, AfterValidator(not_blank), Field(min_length=1, max_length=100, examples=["Neighbours"])]
Role = Literal["participant", "admin", "superadmin"]


class ParticipantOut(BaseModel):
    """Somebody in a group."""

    id: str = Field(examples=["628111000222@c.us"])
    pn: str | None = Field(description="The phone number's id, where it is known.", examples=["628111000222@c.us"])
    role: Role


class GroupOut(BaseModel):
    """A group."""

    id: str = Field(examples=["120363000000000000@g.us"])
    subject: str | None = Field(examples=["Neighbours"])
    description: str | None = Field(examples=["What happens in our street"])
    owner: str | None = Field(examples=["628111000222@c.us"])
    ownerPn: str | None = Field(None, description="By the number, where it is known.", examples=["628111000222@c.us"])  # noqa: N815
    createdAt: int | None = Field(description="Unix time in seconds.", examples=[1764000000])  # noqa: N815 - like its neighbours
    membersCanAddNewMember: bool  # noqa: N815 - WAHA's name
    membersCanSendMessages: bool  # noqa: N815 - WAHA's name
    membersCanChangeInfo: bool  # noqa: N815 - like its neighbours
    newMembersApprovalRequired: bool  # noqa: N815 - WAHA's name
    participants: list[ParticipantOut]


class JoinInfo(GroupOut):
    """A group that an invitation leads to; who is in it is told to members only."""

    size: int | None = Field(description="How many are in it.", examples=[12])


class ParticipantInput(Input):
    """Somebody."""

    id: PersonId


class ParticipantsInput(Input):
    """People."""

    participants: list[ParticipantInput] = Field(min_length=1, max_length=1000)

    def ids(self) -> list[str]:
        """Return their ids."""
        return [one.id for one in self.participants]


class GroupInput(ParticipantsInput):
    """A new group."""

    name: Subject


class SubjectInput(Input):
    """A new subject."""

    subject: Subject


class DescriptionInput(Input):
    """A new description."""

    description: str = Field(max_length=2048, examples=["What happens in our street"])


class AdminsOnly(Input):
    """Whether only administrators may."""

    adminsOnly: bool = Field(examples=[True])  # noqa: N815 - WAHA's name


class JoinInput(Input):
    """An invitation."""

    code: InviteCode


class Invitation(BaseModel):
    """What lets people in."""

    code: str


class Joined(BaseModel):
    """The group that was joined."""

    id: str = Field(examples=["120363000000000000@g.us"])


class Count(BaseModel):
    """How many there are."""

    count: int = Field(examples=[3])


class NotChanged(BaseModel):
    """Somebody for whom it was not done, and why."""

    id: str = Field(examples=["628111000222@c.us"])
    pn: str | None = Field(None, description="By the number, where it is known.", examples=["628111000222@c.us"])
    code: int = Field(examples=[403])
    message: str


class GroupMade(GroupOut):
    """A new group; those in ``failed`` are not in it."""

    failed: list[NotChanged]


class ParticipantsChanged(Done):
    """It is done, but for those in ``failed``."""

    failed: list[NotChanged]


@router.post("", status_code=201, responses=problems(404, 422, 429, 503), summary="Make a group")
async def create(context: ContextHere, session: SessionHere, body: GroupInput) -> GroupMade:
    """Make a group; all participants must be on WhatsApp, else none is made.

    Who is in groups by invitation only is in ``failed``.
    """
    made = await ask_page(context, session, PageCall.CREATE_GROUP, name=body.name, participants=body.ids())
    return from_page(GroupMade, made)


@router.get("", responses=problems(404, 422, 503), summary="List groups")
async def groups(
    context: ContextHere,
    session: SessionHere,
    limit: Limit = 100,
    offset: Offset = 0,
    sortBy: Annotated[Literal["id", "subject"], Query(description="What they are sorted by.")] = "subject",  # noqa: N803 - WAHA's name
    sortOrder: SortOrder = "asc",  # noqa: N803 - WAHA's name
) -> list[GroupOut]:
    """Return the groups that the account is in."""
    descending = sortOrder == "desc"
    found = await ask_page(
        context, session, PageCall.GROUPS, limit=limit, offset=offset, sortBy=sortBy, descending=descending
    )
    return all_from_page(GroupOut, found)


@router.get("/count", responses=problems(404, 422, 503), summary="Count groups")
async def count(context: ContextHere, session: SessionHere) -> Count:
    """Return in how many groups the account is."""
    return from_page(Count, {"count": await ask_page(context, session, PageCall.GROUP_COUNT)})


@router.get("/join-info", responses=problems(404, 422, 503), summary="Where does an invitation lead?")
async def join_info(
    context: ContextHere,
    session: SessionHere,
    code: Annotated[InviteCode, Query(description="A code, or its whole address.")],
) -> JoinInfo:
    """Return the group that an invitation leads to, without joining it."""
    return from_page(JoinInfo, await ask_page(context, session, PageCall.JOIN_INFO, code=code))


@router.post("/join", status_code=201, responses=problems(404, 422, 429, 503), summary="Join a group")
async def join(context: ContextHere, session: SessionHere, body: JoinInput) -> Joined:
    """Join the group that an invitation leads to; in one whose administrators approve, this asks to be let in."""
    return from_page(Joined, {"id": await ask_page(context, session, PageCall.JOIN_GROUP, code=body.code)})


@router.get("/{id}", responses=problems(404, 422, 503), summary="Look at a group")
async def group(context: ContextHere, session: SessionHere, group_id: GroupId) -> GroupOut:
    """Return a group that the account is in."""
    return from_page(GroupOut, await ask_page(context, session, PageCall.GROUP, groupId=group_id))


@router.delete("/{id}", responses=problems(404, 422, 503), summary="Delete a group")
async def delete(context: ContextHere, session: SessionHere, group_id: GroupId) -> Done:
    """Leave a group and delete its chat, for this account only: nobody can delete a group for the others."""
    return await _do(context, session, PageCall.DELETE_GROUP, groupId=group_id)


@router.post("/{id}/leave", status_code=201, responses=problems(404, 422, 503), summary="Leave a group")
async def leave(context: ContextHere, session: SessionHere, group_id: GroupId) -> Done:
    """Leave a group; its chat stays."""
    return await _do(context, session, PageCall.LEAVE_GROUP, groupId=group_id)


@router.get("/{id}/participants", responses=problems(404, 422, 503), summary="Who is in a group?")
async def participants(context: ContextHere, session: SessionHere, group_id: GroupId) -> list[ParticipantOut]:
    """Return who is in a group, and who administers it."""
    found = from_page(GroupOut, await ask_page(context, session, PageCall.GROUP, groupId=group_id))
    return found.participants


@router.post("/{id}/participants/add", status_code=201, responses=problems(404, 422, 429, 503), summary="Add people")
async def add(
    context: ContextHere, session: SessionHere, group_id: GroupId, body: ParticipantsInput
) -> ParticipantsChanged:
    """Add people to a group; those who let only contacts add them are in ``failed``."""
    return await _change(context, session, group_id, "add", body)


@router.post("/{id}/participants/remove", status_code=201, responses=problems(404, 422, 503), summary="Remove people")
async def remove(
    context: ContextHere, session: SessionHere, group_id: GroupId, body: ParticipantsInput
) -> ParticipantsChanged:
    """Remove people from a group; who is not in it is passed over."""
    return await _change(context, session, group_id, "remove", body)


@router.post("/{id}/admin/promote", status_code=201, responses=problems(404, 422, 503), summary="Make administrators")
async def promote(
    context: ContextHere, session: SessionHere, group_id: GroupId, body: ParticipantsInput
) -> ParticipantsChanged:
    """Let people administer a group; who does already is passed over."""
    return await _change(context, session, group_id, "promote", body)


@router.post("/{id}/admin/demote", status_code=201, responses=problems(404, 422, 503), summary="Unmake administrators")
async def demote(
    context: ContextHere, session: SessionHere, group_id: GroupId, body: ParticipantsInput
) -> ParticipantsChanged:
    """Let people administer a group no more; who does not is passed over."""
    return await _change(context, session, group_id, "demote", body)


@router.put("/{id}/subject", responses=problems(404, 422, 503), summary="Set a group's subject")
async def subject(context: ContextHere, session: SessionHere, group_id: GroupId, body: SubjectInput) -> Done:
    """Set what a group is called."""
    return await _do(context, session, PageCall.SET_GROUP_TEXT, groupId=group_id, subject=body.subject)


@router.put("/{id}/description", responses=problems(404, 422, 503), summary="Set a group's description")
async def description(context: ContextHere, session: SessionHere, group_id: GroupId, body: DescriptionInput) -> Done:
    """Set what a group says of itself; an empty text takes it away."""
    return await _do(context, session, PageCall.SET_GROUP_TEXT, groupId=group_id, description=body.description)


@router.get("/{id}/invite-code", responses=problems(404, 422, 503), summary="A group's invitation")
async def invite_code(context: ContextHere, session: SessionHere, group_id: GroupId) -> str:
    """Return the code that lets people in: they open https://chat.whatsapp.com/ with it at the end."""
    found = await ask_page(context, session, PageCall.INVITE_CODE, groupId=group_id)
    return from_page(Invitation, {"code": found}).code


@router.post(
    "/{id}/invite-code/revoke", status_code=201, responses=problems(404, 422, 503), summary="Another invitation"
)
async def revoke(context: ContextHere, session: SessionHere, group_id: GroupId) -> str:
    """Make the invitation worthless and return a new one."""
    found = await ask_page(context, session, PageCall.REVOKE_INVITE_CODE, groupId=group_id)
    return from_page(Invitation, {"code": found}).code


@router.get("/{id}/settings/security/info-admin-only", responses=problems(404, 422, 503), summary="Who may rename it?")
async def info_admin_only(context: ContextHere, session: SessionHere, group_id: GroupId) -> AdminsOnly:
    """Say whether only administrators may change subject, description and picture."""
    is_so = await ask_page(context, session, PageCall.GROUP_SETTING, groupId=group_id, setting="restrict")
    return from_page(AdminsOnly, {"adminsOnly": is_so})


@router.put(
    "/{id}/settings/security/info-admin-only", responses=problems(404, 422, 503), summary="Set who may rename it"
)
async def set_info_admin_only(context: ContextHere, session: SessionHere, group_id: GroupId, body: AdminsOnly) -> Done:
    """Set whether only administrators may change subject, description and picture."""
    asked = {"setting": "restrict", "adminsOnly": body.adminsOnly}
    return await _do(context, session, PageCall.SET_GROUP_SETTING, groupId=group_id, **asked)


@router.get("/{id}/settings/security/messages-admin-only", responses=problems(404, 422, 503), summary="Who may write?")
async def messages_admin_only(context: ContextHere, session: SessionHere, group_id: GroupId) -> AdminsOnly:
    """Say whether only administrators may write."""
    is_so = await ask_page(context, session, PageCall.GROUP_SETTING, groupId=group_id, setting="announce")
    return from_page(AdminsOnly, {"adminsOnly": is_so})


@router.put(
    "/{id}/settings/security/messages-admin-only", responses=problems(404, 422, 503), summary="Set who may write"
)
async def set_messages_admin_only(
    context: ContextHere, session: SessionHere, group_id: GroupId, body: AdminsOnly
) -> Done:
    """Set whether only administrators may write."""
    asked = {"setting": "announce", "adminsOnly": body.adminsOnly}
    return await _do(context, session, PageCall.SET_GROUP_SETTING, groupId=group_id, **asked)


async def _do(context: ContextHere, session: str, call: PageCall, **asked: Any) -> Done:
    await ask_page(context, session, call, **asked)
    return Done()


async def _change(
    context: ContextHere, session: str, group_id: str, action: str, body: ParticipantsInput
) -> ParticipantsChanged:
    asked = {"groupId": group_id, "action": action, "participants": body.ids()}
    failed = await ask_page(context, session, PageCall.CHANGE_PARTICIPANTS, **asked)
    return ParticipantsChanged(failed=all_from_page(NotChanged, failed))
