"""Answers what pages ask about people and groups; the pure states behind are in ``people.py`` and ``groups.py``."""

from __future__ import annotations

from typing import Any

from tuntas.sandbox import social_frames as frames
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
            return {"path": people.picture_path(frame.number)}, set()
        case frames.Block():
            woken = people.block(number, frame.number, blocked=frame.blocked, origin=device)
            return {"numbers": people.blocked_by(number)}, woken
        case frames.SetName():
            phones.put(number, frame.name)
            return {}, set()
        case frames.SetAbout():
            people.set_about(number, frame.text)
            return {}, set()
        case frames.SetPicture():
            people.set_picture(number, frame.picture)
            return {}, set()
        case _:
            return _group_answer(phones, number, frame, at)


def _group_answer(phones: Phones, number: str, frame: frames.SocialFrame, at: int) -> Answer:
    groups = phones.groups
    match frame:
        case frames.GetGroups():
            return {"groups": groups.of(number)}, set()
        case frames.CreateGroup():
            group, woken = groups.create(number, frame.subject, frame.numbers, at)
        case frames.ChangeMembers():
            group, woken = groups.change(number, frame.group, frame.action, frame.numbers, at)
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
        case _:
            message = f"no answer to {frame!r}"
            raise AssertionError(message)
    return {"group": groups.describe(group)}, woken
