"""What more there is of a group: its picture, its members as WAHA's newer clients read them, who asks to be let in."""

from __future__ import annotations

from pydantic import BaseModel, Field

from tuntas.api.chats import PictureAddress
from tuntas.api.context import ContextHere, ask_page
from tuntas.api.errors import problems
from tuntas.api.groups import GroupId, GroupOut, ParticipantOut, ParticipantsInput
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.media import FileInput, source_of
from tuntas.api.page_answers import all_from_page, from_page
from tuntas.api.parameters import SessionHere
from tuntas.api.schemas import Done
from tuntas.sessions.page_calls import PageCall

router = json_router(prefix="/api/{session}/groups", tags=["groups"])
picture_router = json_router(prefix="/api/{session}/groups", tags=["groups"])

ERRORS = problems(404, 422, 503)


class JoinRequest(BaseModel):
    """Somebody who asks to be let into a group."""

    requesterId: str = Field(examples=["628111000222@c.us"])  # noqa: N815 - WAHA's name
    requesterPn: str | None = Field(None, examples=["628111000222@c.us"])  # noqa: N815 - WAHA's name
    addedById: str = Field(examples=["628111000222@c.us"])  # noqa: N815 - WAHA's name
    parentGroupId: str = Field(description="A community's, or empty.", examples=[""])  # noqa: N815 - WAHA's name
    requestMethod: str = Field(examples=["invite_link"])  # noqa: N815 - WAHA's name
    timestamp: int = Field(description="Unix time in seconds.", examples=[1764000000])


class JoinRequestDecided(BaseModel):
    """What became of a request; ``error``: 404 where nobody of this id has asked."""

    requesterId: str = Field(examples=["628111000222@c.us"])  # noqa: N815 - WAHA's name
    success: bool
    error: int | None = Field(None, examples=[None])


class MemberAddModeInput(Input):
    """Whether every member may add people."""

    membersCanAddNewMember: bool = Field(examples=[True])  # noqa: N815 - WAHA's name


class MembershipApprovalInput(Input):
    """Whether who comes by the invitation has to be let in."""

    newMembersApprovalRequired: bool = Field(examples=[True])  # noqa: N815 - WAHA's name


class MemberAddMode(BaseModel):
    """Who may add people."""

    membersCanAddNewMember: bool  # noqa: N815 - WAHA's name


class MembershipApproval(BaseModel):
    """Whether who wants to join has to be let in."""

    newMembersApprovalRequired: bool  # noqa: N815 - WAHA's name


class GroupPicture(Input):
    """A new picture."""

    file: FileInput


@router.post("/refresh", status_code=201, responses=ERRORS, summary="Read the groups anew")
async def refresh(context: ContextHere, session: SessionHere) -> Done:
    """Have WhatsApp Web ask for those groups again that it does not keep up to date by itself."""
    await ask_page(context, session, PageCall.GROUP_COUNT)
    return Done()


@router.get("/{id}/participants/v2", responses=ERRORS, summary="Who is in a group? (newer form)")
async def members(context: ContextHere, session: SessionHere, group_id: GroupId) -> list[ParticipantOut]:
    """Return who is in a group, and who administers it."""
    return (await _group(context, session, group_id)).participants


@router.get("/{id}/picture", responses=ERRORS, summary="A group's picture")
async def picture(context: ContextHere, session: SessionHere, group_id: GroupId) -> PictureAddress:
    """Return the address of a group's picture; such an address works for some days only."""
    return from_page(PictureAddress, {"url": await ask_page(context, session, PageCall.PICTURE, id=group_id)})


@picture_router.put("/{id}/picture", responses=problems(404, 413, 422, 502, 503), summary="Set a group's picture")
async def set_picture(context: ContextHere, session: SessionHere, group_id: GroupId, body: GroupPicture) -> Done:
    """Set the picture of a group; it is cut to a square. At most 5 MB."""
    asked = {"groupId": group_id}
    await context.sessions.ask_page(
        session, PageCall.SET_GROUP_PICTURE, asked, file=await source_of(context, body.file)
    )
    return Done()


@router.delete("/{id}/picture", responses=ERRORS, summary="Remove a group's picture")
async def delete_picture(context: ContextHere, session: SessionHere, group_id: GroupId) -> Done:
    """Show no picture of a group any more."""
    await ask_page(context, session, PageCall.DELETE_GROUP_PICTURE, groupId=group_id)
    return Done()


@router.get("/{id}/settings/security/member-add-mode", responses=ERRORS, summary="Who may add people?")
async def member_add_mode(context: ContextHere, session: SessionHere, group_id: GroupId) -> MemberAddMode:
    """Say whether every member may add people."""
    return MemberAddMode(membersCanAddNewMember=(await _group(context, session, group_id)).membersCanAddNewMember)


@router.put("/{id}/settings/security/member-add-mode", responses=ERRORS, summary="Set who may add people")
async def set_member_add_mode(
    context: ContextHere, session: SessionHere, group_id: GroupId, body: MemberAddModeInput
) -> Done:
    """Set whether every member may add people, or administrators only."""
    on = body.membersCanAddNewMember
    await ask_page(context, session, PageCall.SET_GROUP_MODE, groupId=group_id, mode="memberAddMode", on=on)
    return Done()


@router.put("/{id}/settings/security/membership-approval", responses=ERRORS, summary="Set whether people are let in")
async def set_membership_approval(
    context: ContextHere, session: SessionHere, group_id: GroupId, body: MembershipApprovalInput
) -> Done:
    """Set whether an administrator has to let in who comes by the invitation."""
    on = body.newMembersApprovalRequired
    await ask_page(context, session, PageCall.SET_GROUP_MODE, groupId=group_id, mode="membershipApproval", on=on)
    return Done()


@router.get("/{id}/participants/join-requests", responses=ERRORS, summary="Who asks to be let in?")
async def join_requests(context: ContextHere, session: SessionHere, group_id: GroupId) -> list[JoinRequest]:
    """Return who has asked to be let into a group that this account administers."""
    return all_from_page(JoinRequest, await ask_page(context, session, PageCall.JOIN_REQUESTS, groupId=group_id))


@router.post(
    "/{id}/participants/join-requests/approve", status_code=201, responses=ERRORS, summary="Let people into a group"
)
async def approve(
    context: ContextHere, session: SessionHere, group_id: GroupId, body: ParticipantsInput
) -> list[JoinRequestDecided]:
    """Let people in who have asked."""
    return await _decide(context, session, group_id, body, approve=True)


@router.post(
    "/{id}/participants/join-requests/reject", status_code=201, responses=ERRORS, summary="Do not let people in"
)
async def reject(
    context: ContextHere, session: SessionHere, group_id: GroupId, body: ParticipantsInput
) -> list[JoinRequestDecided]:
    """Do not let people in who have asked; they may ask again."""
    return await _decide(context, session, group_id, body, approve=False)


@router.get("/{id}/settings/security/membership-approval", responses=ERRORS, summary="Must people be let in?")
async def membership_approval(context: ContextHere, session: SessionHere, group_id: GroupId) -> MembershipApproval:
    """Say whether an administrator has to let in who comes by the invitation."""
    found = await _group(context, session, group_id)
    return MembershipApproval(newMembersApprovalRequired=found.newMembersApprovalRequired)


async def _group(context: ContextHere, session: str, group_id: str) -> GroupOut:
    return from_page(GroupOut, await ask_page(context, session, PageCall.GROUP, groupId=group_id))


async def _decide(
    context: ContextHere, session: str, group_id: str, body: ParticipantsInput, *, approve: bool
) -> list[JoinRequestDecided]:
    asked = {"groupId": group_id, "participants": body.ids(), "approve": approve}
    return all_from_page(JoinRequestDecided, await ask_page(context, session, PageCall.DECIDE_JOIN_REQUESTS, **asked))
