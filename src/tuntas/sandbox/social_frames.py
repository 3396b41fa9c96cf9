"""What a page may ask about people and groups, apart from messages. Part of the language in ``frames.py``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Picture = Annotated[str, StringConstraints(min_length=1, max_length=2_000_000)]
"""A JPEG as base64."""
About = Annotated[str, StringConstraints(max_length=139)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class SocialFrame(BaseModel):
    """A request about people."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    request: int


class GetAbout(SocialFrame):
    """What somebody says about themselves."""

    kind: Literal["about"]
    number: str


class GetPicture(SocialFrame):
    """Where the picture of a person or a group lies."""

    kind: Literal["picture"]
    address: str


class Block(SocialFrame):
    """Take no messages of somebody any more, or take them again."""

    kind: Literal["block"]
    number: str
    blocked: bool


class SetName(SocialFrame):
    """What the page's owner is called."""

    kind: Literal["set_name"]
    name: Name


class SetAbout(SocialFrame):
    """What the page's owner says about themselves."""

    kind: Literal["set_about"]
    text: About


class SetPicture(SocialFrame):
    """The picture of the page's owner, or of a group, or none."""

    kind: Literal["set_picture"]
    group: str | None = None
    picture: Picture | None


class GetContacts(SocialFrame):
    """Whom the page's owner has in the address book."""

    kind: Literal["contacts"]


class SaveContact(SocialFrame):
    """Somebody in the address book of the page's owner."""

    kind: Literal["contact_save"]
    number: str
    first_name: Name
    last_name: Annotated[str, StringConstraints(max_length=100)]


class ShowPresenceFrame(SocialFrame):
    """The page's owner is there, or not."""

    kind: Literal["show_presence"]
    available: bool


class Subscribe(SocialFrame):
    """Tell what a person, or who is in a group, is doing."""

    kind: Literal["subscribe"]
    address: str


class AskLinkCode(SocialFrame):
    """A code for linking this page to a phone without a QR."""

    kind: Literal["link_code"]
    number: str


Number = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{4,14}$")]
GroupId = Annotated[str, StringConstraints(pattern=r"^[0-9-]{4,40}@g\.us$")]
LabelId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}$")]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Description = Annotated[str, StringConstraints(max_length=2_048)]


class GetGroups(SocialFrame):
    """The groups that the page's owner is in."""

    kind: Literal["groups"]


class CreateGroupFrame(SocialFrame):
    """A new group."""

    kind: Literal["group_create"]
    subject: Subject
    numbers: list[Number]


class ChangeMembers(SocialFrame):
    """Add, remove, promote or demote people."""

    kind: Literal["group_members"]
    group: GroupId
    action: Literal["add", "remove", "promote", "demote"]
    numbers: list[Number]


class LeaveGroup(SocialFrame):
    """The page's owner goes."""

    kind: Literal["group_leave"]
    group: GroupId


class WriteGroup(SocialFrame):
    """What the group is called, or says of itself."""

    kind: Literal["group_text"]
    group: GroupId
    text: Literal["subject", "description"]
    value: Description


class SetGroup(SocialFrame):
    """Who may write, or change what the group is called."""

    kind: Literal["group_setting"]
    group: GroupId
    setting: Literal["announce", "restrict", "member_add_mode", "membership_approval_mode"]
    on: bool


class GetInvitation(SocialFrame):
    """The code that lets people in, or a new one."""

    kind: Literal["group_invitation"]
    group: GroupId
    new: bool


class LookAtInvitation(SocialFrame):
    """Which group a code leads to."""

    kind: Literal["group_invited"]
    code: str


class JoinGroup(SocialFrame):
    """Go where a code leads."""

    kind: Literal["group_join"]
    code: str


class GetRequests(SocialFrame):
    """Who asks to be let into a group."""

    kind: Literal["group_requests"]
    group: GroupId


class DecideRequests(SocialFrame):
    """Let people into a group, or not."""

    kind: Literal["group_decide"]
    group: GroupId
    numbers: list[Number]
    approve: bool


class WithdrawRequest(SocialFrame):
    """The phone's owner asks no more to be let in."""

    kind: Literal["group_withdraw"]
    group: GroupId


GroupRequest = (
    GetGroups
    | CreateGroupFrame
    | ChangeMembers
    | LeaveGroup
    | WriteGroup
    | SetGroup
    | GetInvitation
    | LookAtInvitation
    | JoinGroup
    | GetRequests
    | DecideRequests
    | WithdrawRequest
)


class GetLabels(SocialFrame):
    """The account's labels."""

    kind: Literal["labels"]


class PutLabel(SocialFrame):
    """A new label, or a change of one; ``color`` is a place in the palette."""

    kind: Literal["label_put"]
    id: LabelId | None = None
    name: Name
    color: Annotated[int, Field(ge=0, lt=20)]


class DeleteLabel(SocialFrame):
    """A label less."""

    kind: Literal["label_delete"]
    id: LabelId


class MarkChat(SocialFrame):
    """A label on a chat, or off it."""

    kind: Literal["label_chat"]
    id: LabelId
    chat: Annotated[str, StringConstraints(max_length=60)]
    on: bool


LabelRequest = GetLabels | PutLabel | DeleteLabel | MarkChat
ContactRequest = GetContacts | SaveContact
ProfileRequest = SetName | SetAbout | SetPicture
PresenceRequest = ShowPresenceFrame | Subscribe
SocialRequest = (
    GetAbout
    | GetPicture
    | Block
    | AskLinkCode
    | ProfileRequest
    | PresenceRequest
    | GroupRequest
    | LabelRequest
    | ContactRequest
)
