"""Calls from phone to phone, as far as pages hear of them: that it rings, and what becomes of it. Nothing is spoken.

A call is true at this moment only: a page that connects later does not hear of one, and nothing of it is stored.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tuntas.sandbox.directory import Directory
from tuntas.sandbox.errors import CallRefusedError, UnknownCallError
from tuntas.sandbox.fault_effects import AnyPage

Decision = Literal["accept", "reject", "hang_up"]
RINGING = "ringing"
_BECOMES = {"accept": "accepted", "reject": "rejected", "hang_up": "missed"}


@dataclass(slots=True)
class PhoneCall:
    """A call from one number to another; ``at`` is Unix time in seconds."""

    id: str
    caller: str
    callee: str
    video: bool
    at: int
    state: str = RINGING


class Calls:
    """The calls of this sandbox's life."""

    def __init__(self, phones: Directory, pages: Callable[[], Iterable[AnyPage]]) -> None:
        self._phones = phones
        self._pages = pages
        self._calls: dict[str, PhoneCall] = {}

    def of(self, number: str) -> list[dict[str, Any]]:
        """Return the calls from and to a phone, oldest first."""
        number = self._phones.phone(number).number
        return [asdict(call) for call in self._calls.values() if number in (call.caller, call.callee)]

    def ring(self, caller: str, callee: str, at: int, *, video: bool) -> PhoneCall:
        """Let a phone call another one; a phone that rings already is engaged."""
        caller, callee = self._phones.phone(caller).number, self._phones.phone(callee).number
        if any(call.callee == callee and call.state == RINGING for call in self._calls.values()):
            message = f"{callee} is engaged"
            raise CallRefusedError(message)
        call = PhoneCall(secrets.token_hex(16).upper(), caller, callee, video, at)
        self._calls[call.id] = call
        self._tell(call)
        return call

    def decide(self, number: str, call_id: str, decision: Decision) -> PhoneCall:
        """Let who is called accept or reject, or the caller hang up."""
        call = self._calls.get(call_id)
        if call is None or number != (call.caller if decision == "hang_up" else call.callee):
            message = f"{number} has no call {call_id} to {decision}"
            raise UnknownCallError(message)
        if call.state != RINGING:
            message = f"the call {call_id} is {call.state}"
            raise CallRefusedError(message)
        call.state = _BECOMES[decision]
        self._tell(call)
        return call

    def _tell(self, call: PhoneCall) -> None:
        for page in self._pages():
            if page.number == call.callee:
                caller = self._phones.phone(call.caller).describe()
                page.tell({"kind": "call", "call": asdict(call), "phone": caller})
