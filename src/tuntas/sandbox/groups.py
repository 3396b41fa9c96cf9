"""Groups: who is in them, who administers them, what they are called. Pure; time is an argument (Unix seconds).

Every change tells all devices of all who are or were members, and returns the ids of those devices.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tuntas.sandbox.directory import Directory
from tuntas.sandbox.errors import NotAllowedError, UnknownGroupError

SERVER = "@g.us"
MEMBER, ADMIN, OWNER = "member", "admin", "superadmin"

Membership = Literal["add", "remove", "promote", "demote"]
Text = Literal["subject", "description"]
Setting = Literal["announce", "restrict", "member_add_mode", "membership_approval_mode"]


def is_group(address: str) -> bool:
    """Say whether an address is a group's and not a phone's."""
    return address.endswith(SERVER)


@dataclass(slots=True)
class PhoneGroup:
    """A group. ``announce``: only administrators write; ``restrict``: only they change what it is called.

    ``member_add_mode``: everybody may add people; ``membership_approval_mode``: who comes by the invitation waits in
    ``requests`` (since when, by number) until an administrator decides.
    """

    id: str
    subject: str
    owner: str
    created: int
    roles: dict[str, str]
    description: str = ""
    announce: bool = False
    restrict: bool = False
    member_add_mode: bool = False
    membership_approval_mode: bool = False
    requests: dict[str, int] = field(default_factory=dict)
    invite: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def is_admin(self, number: str) -> bool:
        """Say whether somebody administers the group."""
        return self.roles.get(number) in (ADMIN, OWNER)


class Groups:
    """All groups of one sandbox, with a method for each thing that WhatsApp's server is asked about them."""

    def __init__(self, phones: Directory) -> None:
        self._phones = phones
        self._groups: dict[str, PhoneGroup] = {}

    # looking

    def has(self, group_id: str, number: str) -> bool:
        """Say whether somebody is a member of a group."""
        return group_id in self._groups and number in self._groups[group_id].roles

    def members(self, group_id: str) -> list[str]:
        """Return the numbers in a group; none if there is no such group."""
        return list(self._groups[group_id].roles) if group_id in self._groups else []

    def joined(self, number: str, group_id: str) -> PhoneGroup:
        """Return a group that ``number`` is in; one of others is as unknown as one that is not there."""
        if not self.has(group_id, number):
            message = f"{number} is in no group {group_id}"
            raise UnknownGroupError(message)
        return self._groups[group_id]

    def of(self, number: str) -> list[dict[str, Any]]:
        """Return the groups that ``number`` is in, as pages see them."""
        return [self.describe(group) for group in self._groups.values() if number in group.roles]

    def invited(self, code: str) -> PhoneGroup:
        """Return the group that an invitation leads to."""
        for group in self._groups.values():
            if group.invite == code:
                return group
        message = "this invitation leads nowhere"
        raise UnknownGroupError(message)

    def describe(self, group: PhoneGroup) -> dict[str, Any]:
        """Return a group as pages see it; who is not a member does not learn the invitation from it."""
        members = [self._phones.phone(number).describe() | {"role": role} for number, role in group.roles.items()]
        plain = {name: value for name, value in asdict(group).items() if name not in ("roles", "invite", "requests")}
        return plain | {"members": members}

    def may_write(self, number: str, group_id: str) -> None:
        """Raise unless ``number`` may write to the group."""
        group = self.joined(number, group_id)
        if group.announce:
            self._must_administer(group, number)

    def may_change(self, number: str, group_id: str) -> PhoneGroup:
        """Return the group; raise unless ``number`` may change what it shows of itself."""
        group = self.joined(number, group_id)
        if group.restrict:
            self._must_administer(group, number)
        return group

    # changing

    def create(self, number: str, subject: str, others: list[str], at: int) -> tuple[PhoneGroup, set[str]]:
        """Make a group of ``number`` and ``others``."""
        members = [self._phones.phone(each).number for each in others if each not in self.refused(others)]
        roles = {number: OWNER} | {each: MEMBER for each in members if each != number}
        group = PhoneGroup(f"120363{secrets.randbelow(10**12):012d}{SERVER}", subject, number, at, roles)
        self._groups[group.id] = group
        return group, self._tell(group, "create", number, list(roles), at, set(roles))

    def refused(self, numbers: list[str]) -> list[str]:
        """Return who of these may be invited to a group but not added to it."""
        return [number for number in numbers if self._phones.phone(number).refuses_groups]

    def change(
        self, number: str, group_id: str, action: Membership, others: list[str], at: int
    ) -> tuple[PhoneGroup, set[str]]:
        """Add, remove, promote or demote people; those for whom nothing changes, or who refuse it, are passed over."""
        group = self.joined(number, group_id)
        if action != "add" or not group.member_add_mode:
            self._must_administer(group, number)
        for each in others:
            self._phones.phone(each)
        before = set(group.roles)
        willing = [each for each in dict.fromkeys(others) if action != "add" or each not in self.refused(others)]
        changed = [each for each in willing if self._apply(group, action, each)]
        if not changed:
            return group, set()
        return group, self._tell(group, action, number, changed, at, before)

    def leave(self, number: str, group_id: str, at: int) -> set[str]:
        """Let somebody go; when the last administrator goes, the next member becomes one."""
        group = self.joined(number, group_id)
        before = set(group.roles)
        del group.roles[number]
        if group.roles and not any(group.is_admin(each) for each in group.roles):
            group.roles[next(iter(group.roles))] = ADMIN
        return self._tell(group, "leave", number, [number], at, before)

    def join(self, number: str, code: str, at: int) -> tuple[PhoneGroup, set[str]]:
        """Let somebody in who has an invitation, or let them ask for it where administrators decide."""
        group = self.invited(code)
        self._phones.phone(number)
        if number in group.roles or number in group.requests:
            return group, set()
        if group.membership_approval_mode:
            group.requests[number] = at
            return group, self._tell(
                group, "created_membership_requests", number, [], at, set(), _administrators(group)
            )
        group.roles[number] = MEMBER
        return group, self._tell(group, "invite", number, [number], at, set())

    def requests(self, number: str, group_id: str) -> list[dict[str, Any]]:
        """Return who asks to be let in: to administrators only."""
        group = self.joined(number, group_id)
        self._must_administer(group, number)
        return [self._phones.phone(each).describe() | {"at": at} for each, at in group.requests.items()]

    def decide(
        self, number: str, group_id: str, others: list[str], at: int, *, approve: bool
    ) -> tuple[PhoneGroup, list[str], set[str]]:
        """Let people in, or not; return who had not asked."""
        group = self.joined(number, group_id)
        self._must_administer(group, number)
        asking = [each for each in dict.fromkeys(others) if group.requests.pop(each, None) is not None]
        missing = [each for each in others if each not in asking]
        if not asking:
            return group, missing, set()
        if not approve:
            told = _administrators(group)
            return group, missing, self._tell(group, "revoked_membership_requests", number, asking, at, set(), told)
        group.roles |= dict.fromkeys(asking, MEMBER)
        return group, missing, self._tell(group, "add", number, asking, at, set())

    def withdraw(self, number: str, group_id: str, at: int) -> set[str]:
        """Let somebody ask no more."""
        group = self._groups.get(group_id)
        if group is None or group.requests.pop(number, None) is None:
            message = f"{number} does not ask to be in {group_id}"
            raise UnknownGroupError(message)
        return self._tell(group, "revoked_membership_requests", number, [number], at, set(), _administrators(group))

    def write(self, number: str, group_id: str, text: Text, value: str, at: int) -> tuple[PhoneGroup, set[str]]:
        """Change what the group is called or says of itself."""
        group = self.may_change(number, group_id)
        setattr(group, text, value)
        return group, self._tell(group, text, number, [], at, set())

    def allow(self, number: str, group_id: str, setting: Setting, at: int, *, on: bool) -> tuple[PhoneGroup, set[str]]:
        """Change who may write, or who may change what the group is called."""
        group = self.joined(number, group_id)
        self._must_administer(group, number)
        setattr(group, setting, on)
        return group, self._tell(group, setting, number, [], at, set())

    def invitation(self, number: str, group_id: str, *, new: bool) -> str:
        """Return the code that lets people in, a new one if asked: the old one is then worthless."""
        group = self.joined(number, group_id)
        self._must_administer(group, number)
        if new:
            group.invite = secrets.token_urlsafe(16)
        return group.invite

    def _apply(self, group: PhoneGroup, action: Membership, number: str) -> bool:
        role = group.roles.get(number)
        match action, role:
            case "add", None:
                group.roles[number] = MEMBER
            case "remove", "member" | "admin":
                del group.roles[number]
            case "promote", "member":
                group.roles[number] = ADMIN
            case "demote", "admin":
                group.roles[number] = MEMBER
            case _:
                return False
        return True

    def _must_administer(self, group: PhoneGroup, number: str) -> None:
        if not group.is_admin(number):
            message = f"{number} does not administer the group {group.id}"
            raise NotAllowedError(message)

    def _tell(
        self,
        group: PhoneGroup,
        action: str,
        by: str,
        numbers: list[str],
        at: int,
        before: set[str],
        audience: set[str] | None = None,
    ) -> set[str]:
        event = {"kind": "group", "action": action, "by": by, "numbers": numbers, "at": at, "id": secrets.token_hex(8)}
        event["group"] = self.describe(group)
        woken = set()
        for number in before | set(group.roles) if audience is None else audience:
            for device in self._phones.devices_of(number):
                device.put(event)
                woken.add(device.keys.device)
        return woken

    # persistence

    def to_json(self) -> list[dict[str, Any]]:
        """Return everything as plain values, for ``load``."""
        return [asdict(group) for group in self._groups.values()]

    def load(self, values: list[dict[str, Any]]) -> None:
        """Take over what ``to_json`` described."""
        self._groups = {each["id"]: PhoneGroup(**each) for each in values}


def _administrators(group: PhoneGroup) -> set[str]:
    return {number for number in group.roles if group.is_admin(number)}
