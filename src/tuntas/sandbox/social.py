"""Answers what pages ask about people and groups; the pure states behind are in ``people.py`` and ``groups.py``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, assert_never

from tuntas.sandbox import channel_frames as channels
from tuntas.sandbox import social_frames as frames
from tuntas.sandbox.channels import PhoneChannel
from tuntas.sandbox.groups import Groups, PhoneGroup
from tuntas.sandbox.phones import Phones

Answer = tuple[dict[str, Any], set[str]]
"""The fields of the answer, and the ids of the devices that have something new."""


def answer(phones: Phones, number: str, device: str, frame: frames.SocialFrame, at: int) -> Answer:
    """Do what a device of ``number`` asks; ``at`` is Unix time in seconds. Raises ``SandboxError``."""
    people = phones.people
    match frame:
        case frames.GetAbout():
            return {"about": people.about(frame.number)}, set()
        case frames.GetPicture():
            return {"path": people.picture_path(frame.address)}, set()
        case frames.Block():
            woken = people.block(number, frame.number, blocked=frame.blocked, origin=device)
            return {"numbers": people.blocked_by(number)}, woken
        case frames.GetContacts():
            return {"contacts": people.saved_by(number)}, set()
        case frames.SaveContact():
            return {}, people.save(number, frame.number, frame.first_name, frame.last_name, origin=device)
        case frames.SetName():
            phones.put(number, frame.name)
            return {}, set()
        case frames.SetAbout():
            people.set_about(number, frame.text)
            return {}, set()
        case frames.SetPicture():
            if frame.group is not None:
                phones.groups.may_change(number, frame.group)
            people.set_picture(frame.group or number, frame.picture)
            return {}, set()
        case (
            channels.GetChannels()
            | channels.GetChannel()
            | channels.NewChannel()
            | channels.DeleteChannel()
            | channels.FollowChannel()
            | channels.MuteChannel()
            | channels.PostToChannel()
            | channels.SearchChannels()
        ):
            return _channel_answer(phones, number, frame, at)
        case frames.GetLabels() | frames.PutLabel() | frames.DeleteLabel() | frames.MarkChat():
            return _label_answer(phones, number, device, frame)
        case _:
            return _group_answer(phones, number, frame, at)


def _label_answer(phones: Phones, number: str, device: str, frame: frames.LabelRequest) -> Answer:
    labels = phones.labels
    match frame:
        case frames.GetLabels():
            return {"labels": labels.of(number)}, set()
        case frames.PutLabel():
            label, woken = labels.put(number, frame.id, frame.name, frame.color, origin=device)
            return {"label": asdict(label)}, woken
        case frames.DeleteLabel():
            return {}, labels.delete(number, frame.id, origin=device)
        case frames.MarkChat():
            return {}, labels.mark(number, frame.id, frame.chat, on=frame.on, origin=device)
        case _:
            assert_never(frame)


def _channel_answer(phones: Phones, number: str, frame: channels.ChannelRequest, at: int) -> Answer:
    known = phones.channels
    match frame:
        case channels.GetChannels():
            return {"channels": known.of(number)}, set()
        case channels.GetChannel():
            return {"channel": _shown(phones, known.find(frame.key), number)}, set()
        case channels.NewChannel():
            channel, woken = known.create(number, frame.name, frame.description, at)
            phones.people.set_picture(channel.id, frame.picture)
            return {"channel": _shown(phones, channel, number)}, woken
        case channels.DeleteChannel():
            return {}, known.delete(number, frame.channel)
        case channels.FollowChannel():
            return {}, known.follow(number, frame.channel, on=frame.on)
        case channels.MuteChannel():
            return {}, known.mute(number, frame.channel, on=frame.on)
        case channels.PostToChannel():
            post, woken = known.post(number, frame.channel, frame.text, at)
            return {"post": post}, woken
        case channels.SearchChannels():
            found, more = known.search(frame.text, frame.limit, frame.start)
            return {"channels": [_shown(phones, one, number) for one in found], "more": more}, set()
        case _:
            assert_never(frame)


def _shown(phones: Phones, channel: PhoneChannel, number: str) -> dict[str, Any]:
    return phones.channels.describe(channel, number) | {"picture": phones.people.picture_path(channel.id)}


def _group_answer(phones: Phones, number: str, frame: frames.SocialFrame, at: int) -> Answer:
    groups = phones.groups
    match frame:
        case frames.GetGroups():
            return {"groups": groups.of(number)}, set()
        case frames.CreateGroupFrame():
            group, woken = groups.create(number, frame.subject, frame.numbers, at)
            return {"group": groups.describe(group)} | _refused(groups, group, frame.numbers), woken
        case frames.ChangeMembers():
            group, woken = groups.change(number, frame.group, frame.action, frame.numbers, at)
            if frame.action == "add":
                return {"group": groups.describe(group)} | _refused(groups, group, frame.numbers), woken
        case frames.LeaveGroup():
            return {}, groups.leave(number, frame.group, at)
        case frames.WriteGroup():
            group, woken = groups.write(number, frame.group, frame.text, frame.value, at)
        case frames.SetGroup():
            group, woken = groups.allow(number, frame.group, frame.setting, at, on=frame.on)
        case frames.GetInvitation():
            return {"code": groups.invitation(number, frame.group, new=frame.new)}, set()
        case frames.LookAtInvitation():
            return {"group": groups.describe(groups.invited(frame.code))}, set()
        case frames.JoinGroup():
            group, woken = groups.join(number, frame.code, at)
            return {"group": groups.describe(group), "pending": number in group.requests}, woken
        case frames.GetRequests():
            return {"requests": groups.requests(number, frame.group)}, set()
        case frames.DecideRequests():
            group, missing, woken = groups.decide(number, frame.group, frame.numbers, at, approve=frame.approve)
            return {"group": groups.describe(group), "missing": missing}, woken
        case frames.WithdrawRequest():
            return {}, groups.withdraw(number, frame.group, at)
        case _:
            message = f"no answer to {frame!r}"
            raise AssertionError(message)
    return {"group": groups.describe(group)}, woken


def _refused(groups: Groups, group: PhoneGroup, numbers: list[str]) -> dict[str, Any]:
    """Say who was not added, and the invitation that is meant for them instead."""
    refused = [number for number in groups.refused(numbers) if number not in group.roles]
    return {"refused": refused, "invite": group.invite} if refused else {}
