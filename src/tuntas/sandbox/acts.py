"""What can be done to a message after it was sent: reactions, edits, revocations, stars, votes, pins.

Pure: an act changes the message or is refused. Who is told of it is written in ``phones.py``.
"""

from __future__ import annotations

from typing import Annotated, Literal, assert_never

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from tuntas.sandbox.content import NOTHING, Words
from tuntas.sandbox.errors import ActRefusedError
from tuntas.sandbox.model import PhoneMessage


class _Act(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ReactAct(_Act):
    """React with an emoji; an empty text takes the reaction back."""

    do: Literal["react"]
    text: Annotated[str, StringConstraints(max_length=64)]


class EditAct(_Act):
    """Change the text of an own message."""

    do: Literal["edit"]
    text: Words


class RevokeAct(_Act):
    """Delete an own message for everyone."""

    do: Literal["revoke"]


class StarAct(_Act):
    """Star a message or take the star away; only the own devices learn of it."""

    do: Literal["star"]
    on: bool


class VoteAct(_Act):
    """Choose among a poll's options, by their names; none takes the vote back."""

    do: Literal["vote"]
    options: list[Words]


class PinAct(_Act):
    """Pin a message to its chat for everyone, or take it off."""

    do: Literal["pin"]
    on: bool


class RespondAct(_Act):
    """Say whether one comes to an event."""

    do: Literal["respond"]
    response: Literal["going", "not_going", "maybe"]


Act = ReactAct | EditAct | RevokeAct | StarAct | VoteAct | PinAct | RespondAct
AnyAct = Annotated[Act, Field(discriminator="do")]
any_act: TypeAdapter[Act] = TypeAdapter(AnyAct)


def apply(message: PhoneMessage, number: str, act: Act) -> bool:
    """Do ``act`` as the phone ``number``; return whether anything changed. Raises ``ActRefusedError``."""
    if message.revoked and not isinstance(act, (StarAct, RevokeAct)):
        _refuse("the message was deleted")
    match act:
        case ReactAct(text=text):
            changed = message.reactions.get(number, "") != text
            message.reactions.pop(number, None)
            if text:
                message.reactions[number] = text
            return changed
        case EditAct(text=text):
            _own(message, number)
            changed = message.text != text
            message.text, message.edited = text, message.edited or changed
            return changed
        case RevokeAct():
            _own(message, number)
            changed = not message.revoked
            message.text, message.content, message.revoked = "", NOTHING, True
            return changed
        case StarAct(on=on):
            changed = (number in message.starred) != on
            message.starred ^= {number} if changed else set()
            return changed
        case VoteAct(options=options):
            if message.content.poll is None or not set(options) <= set(message.content.poll.options):
                _refuse("the message is no poll with these options")
            changed = message.votes.get(number, []) != options
            message.votes[number] = options
            return changed
        case RespondAct(response=response):
            if message.content.occasion is None:
                _refuse("the message invites to nothing")
            changed = message.responses.get(number) != response
            message.responses[number] = response
            return changed
        case PinAct(on=on):
            changed, message.pinned = message.pinned != on, on
            return changed
        case _:
            assert_never(act)


def _own(message: PhoneMessage, number: str) -> None:
    if message.sender != number:
        _refuse("it is somebody else's message")


def _refuse(why: str) -> None:
    raise ActRefusedError(why)
