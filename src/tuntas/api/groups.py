"""``/api/{session}/groups``: make, look at, change, leave and join groups."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, BaseModel, Field

from tuntas.api.chat_ids import normal_chat_id
from tuntas.api.chats import Done, Limit, Offset, SortOrder
from tuntas.api.contacts import PersonId
from tuntas.api.context import GatewayHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.schemas import Input
from tuntas.api.sessions import Name

router = APIRouter(prefix="/api/{session}/groups", tags=["groups"])


def _group_id(text: str) -> str:
    normal = normal_chat_id(text if "@" in text else f"{text}@g.us")
    if not normal.endswith("@g.us"):
        message = "is no group's id; write 120363000000000000@g.us"
        raise ValueError(message)
    return normal


GroupId = Annotated[
    str, AfterValidator(_group_id), Path(alias="id", description="The group.", examples=["120363000000000000@g.us"])
]


def _invite_code(text: str) -> str:
    return text.strip().rstrip("/").rpartition("/")[2]


InviteCode = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=r"^\s*(https?://)?(chat\.whatsapp\.com/)?(invite/)?[A-Za-z0-9_-]+/?\s*$",
        description="A code, or its whole address.",
        examples=["https://chat.whatsapp.com/1234567890abcdef"],
    ),
    AfterValidator(_invite_code),
]
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


class CreateGroup(ParticipantsInput):
    """A new group."""

    name: str = Field(min_length=1, max_length=100, examples=["Neighbours"])


class SubjectInput(Input):
    """A new subject."""

    subject: str = Field(min_length=1, max_length=100, examples=["Neighbours"])


class DescriptionInput(Input):
    """A new description."""

    description: str = Field(max_length=2048, examples=["What happens in our street"])


class AdminsOnly(Input):
    """Whether only administrators may."""

    adminsOnly: bool = Field(examples=[True])  # noqa: N815 - WAHA's name


class JoinInput(Input):
    """An invitation."""

    code: InviteCode


class Joined(BaseModel):
    """The group that was joined."""

    id: str = Field(examples=["120363000000000000@g.us"])


class Count(BaseModel):
    """How many there are."""

    count: int = Field(examples=[3])


class NotChanged(BaseModel):
    """Somebody for whom it was not done, and why."""

    id: str = Field(examples=["628111000222@c.us"])
    code: int = Field(examples=[403])
    message: str


class ParticipantsChanged(Done):
    """It is done, but for those in ``failed``."""

    failed: list[NotChanged]


@router.post("", status_code=201, responses=problems(404, 422, 503), summary="Make a group")
async def create(gateway: GatewayHere, session: Name, body: CreateGroup) -> GroupOut:
    """Make a group; all participants must be on WhatsApp, else none is made."""
    made = await ask_page(gateway, session, "createGroup", name=body.name, participants=body.ids())
    return GroupOut.model_validate(made)


@router.get("", responses=problems(404, 422, 503), summary="List groups")
async def groups(
    gateway: GatewayHere,
    session: Name,
    limit: Limit = 100,
    offset: Offset = 0,
    sortBy: Annotated[Literal["id", "subject"], Query(description="What they are sorted by.")] = "subject",  # noqa: N803 - WAHA's name
    sortOrder: SortOrder = "asc",  # noqa: N803 - WAHA's name
) -> list[GroupOut]:
    """Return the groups that the account is in."""
    descending = sortOrder == "desc"
    found = await ask_page(gateway, session, "groups", limit=limit, offset=offset, sortBy=sortBy, descending=descending)
    return [GroupOut.model_validate(one) for one in found]


@router.get("/count", responses=problems(404, 422, 503), summary="Count groups")
async def count(gateway: GatewayHere, session: Name) -> Count:
    """Return in how many groups the account is."""
    return Count(count=await ask_page(gateway, session, "groupCount"))


@router.get("/join-info", responses=problems(404, 422, 503), summary="Where does an invitation lead?")
async def join_info(gateway: GatewayHere, session: Name, code: Annotated[InviteCode, Query()]) -> JoinInfo:
    """Return the group that an invitation leads to, without joining it."""
    return JoinInfo.model_validate(await ask_page(gateway, session, "joinInfo", code=code))


@router.post("/join", status_code=201, responses=problems(404, 422, 503), summary="Join a group")
async def join(gateway: GatewayHere, session: Name, body: JoinInput) -> Joined:
    """Join the group that an invitation leads to; in one whose administrators approve, this asks to be let in."""
    return Joined(id=await ask_page(gateway, session, "joinGroup", code=body.code))


@router.get("/{id}", responses=problems(404, 422, 503), summary="Look at a group")
async def group(gateway: GatewayHere, session: Name, group_id: GroupId) -> GroupOut:
    """Return a group that the account is in."""
    return GroupOut.model_validate(await ask_page(gateway, session, "group", groupId=group_id))


@router.delete("/{id}", responses=problems(404, 422, 503), summary="Delete a group")
async def delete(gateway: GatewayHere, session: Name, group_id: GroupId) -> Done:
    """Leave a group and delete its chat, for this account only: nobody can delete a group for the others."""
    return await _do(gateway, session, "deleteGroup", groupId=group_id)


@router.post("/{id}/leave", status_code=201, responses=problems(404, 422, 503), summary="Leave a group")
async def leave(gateway: GatewayHere, session: Name, group_id: GroupId) -> Done:
    """Leave a group; its chat stays."""
    return await _do(gateway, session, "leaveGroup", groupId=group_id)


@router.get("/{id}/participants", responses=problems(404, 422, 503), summary="Who is in a group?")
async def participants(gateway: GatewayHere, session: Name, group_id: GroupId) -> list[ParticipantOut]:
    """Return who is in a group, and who administers it."""
    found = GroupOut.model_validate(await ask_page(gateway, session, "group", groupId=group_id))
    return found.participants


@router.post("/{id}/participants/add", status_code=201, responses=problems(404, 422, 503), summary="Add people")
async def add(gateway: GatewayHere, session: Name, group_id: GroupId, body: ParticipantsInput) -> ParticipantsChanged:
    """Add people to a group; those who let only contacts add them are in ``failed``."""
    return await _change(gateway, session, group_id, "add", body)


@router.post("/{id}/participants/remove", status_code=201, responses=problems(404, 422, 503), summary="Remove people")
async def remove(
    gateway: GatewayHere, session: Name, group_id: GroupId, body: ParticipantsInput
) -> ParticipantsChanged:
    """Remove people from a group; who is not in it is passed over."""
    return await _change(gateway, session, group_id, "remove", body)


@router.post("/{id}/admin/promote", status_code=201, responses=problems(404, 422, 503), summary="Make administrators")
async def promote(
    gateway: GatewayHere, session: Name, group_id: GroupId, body: ParticipantsInput
) -> ParticipantsChanged:
    """Let people administer a group; who does already is passed over."""
    return await _change(gateway, session, group_id, "promote", body)


@router.post("/{id}/admin/demote", status_code=201, responses=problems(404, 422, 503), summary="Unmake administrators")
async def demote(
    gateway: GatewayHere, session: Name, group_id: GroupId, body: ParticipantsInput
) -> ParticipantsChanged:
    """Let people administer a group no more; who does not is passed over."""
    return await _change(gateway, session, group_id, "demote", body)


@router.put("/{id}/subject", responses=problems(404, 422, 503), summary="Set a group's subject")
async def subject(gateway: GatewayHere, session: Name, group_id: GroupId, body: SubjectInput) -> Done:
    """Set what a group is called."""
    return await _do(gateway, session, "setGroupText", groupId=group_id, subject=body.subject)


@router.put("/{id}/description", responses=problems(404, 422, 503), summary="Set a group's description")
async def description(gateway: GatewayHere, session: Name, group_id: GroupId, body: DescriptionInput) -> Done:
    """Set what a group says of itself; an empty text takes it away."""
    return await _do(gateway, session, "setGroupText", groupId=group_id, description=body.description)


@router.get("/{id}/invite-code", responses=problems(404, 422, 503), summary="A group's invitation")
async def invite_code(gateway: GatewayHere, session: Name, group_id: GroupId) -> str:
    """Return the code that lets people in: they open https://chat.whatsapp.com/ with it at the end."""
    return str(await ask_page(gateway, session, "inviteCode", groupId=group_id))


@router.post(
    "/{id}/invite-code/revoke", status_code=201, responses=problems(404, 422, 503), summary="Another invitation"
)
async def revoke(gateway: GatewayHere, session: Name, group_id: GroupId) -> str:
    """Make the invitation worthless and return a new one."""
    return str(await ask_page(gateway, session, "revokeInviteCode", groupId=group_id))


@router.get("/{id}/settings/security/info-admin-only", responses=problems(404, 422, 503), summary="Who may rename it?")
async def info_admin_only(gateway: GatewayHere, session: Name, group_id: GroupId) -> AdminsOnly:
    """Say whether only administrators may change subject, description and picture."""
    return AdminsOnly(adminsOnly=await ask_page(gateway, session, "groupSetting", groupId=group_id, setting="restrict"))


@router.put(
    "/{id}/settings/security/info-admin-only", responses=problems(404, 422, 503), summary="Set who may rename it"
)
async def set_info_admin_only(gateway: GatewayHere, session: Name, group_id: GroupId, body: AdminsOnly) -> Done:
    """Set whether only administrators may change subject, description and picture."""
    asked = {"setting": "restrict", "adminsOnly": body.adminsOnly}
    return await _do(gateway, session, "setGroupSetting", groupId=group_id, **asked)


@router.get("/{id}/settings/security/messages-admin-only", responses=problems(404, 422, 503), summary="Who may write?")
async def messages_admin_only(gateway: GatewayHere, session: Name, group_id: GroupId) -> AdminsOnly:
    """Say whether only administrators may write."""
    return AdminsOnly(adminsOnly=await ask_page(gateway, session, "groupSetting", groupId=group_id, setting="announce"))


@router.put(
    "/{id}/settings/security/messages-admin-only", responses=problems(404, 422, 503), summary="Set who may write"
)
async def set_messages_admin_only(gateway: GatewayHere, session: Name, group_id: GroupId, body: AdminsOnly) -> Done:
    """Set whether only administrators may write."""
    asked = {"setting": "announce", "adminsOnly": body.adminsOnly}
    return await _do(gateway, session, "setGroupSetting", groupId=group_id, **asked)


async def _do(gateway: GatewayHere, session: str, call: str, **asked: Any) -> Done:
    await ask_page(gateway, session, call, **asked)
    return Done()


async def _change(
    gateway: GatewayHere, session: str, group_id: str, action: str, body: ParticipantsInput
) -> ParticipantsChanged:
    asked = {"groupId": group_id, "action": action, "participants": body.ids()}
    failed = await ask_page(gateway, session, "changeParticipants", **asked)
    return ParticipantsChanged(failed=[NotChanged.model_validate(one) for one in failed])
