"""Those who wait for a command to come true. Each gets exactly one answer, when it is a fact, or a reason why not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count

from tuntas.profiles import Removal
from tuntas.sessions.commands import Command, CommandKind
from tuntas.sessions.errors import SessionError
from tuntas.sessions.model import SessionRecord


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to: the session as it was then, and the removal if there was one."""

    record: SessionRecord
    removal: Removal | None = None


class Waiters:
    """The open commands of one session, by id."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._ids = count(1)
        self._open: dict[int, tuple[CommandKind, asyncio.Future[Outcome]]] = {}

    def open(self, kind: CommandKind, asked_by: str) -> tuple[Command, asyncio.Future[Outcome]]:
        """Make a command, and return with it what its asker awaits."""
        command = Command(next(self._ids), kind, asked_by)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._open[command.id] = kind, future
        return command, future

    def answer(self, command: int, outcome: Outcome) -> None:
        """Say that a command has come true."""
        _, future = self._open.pop(command)
        if not future.done():  # else its asker went away
            future.set_result(outcome)

    def refuse(self, command: int, error: SessionError) -> None:
        """Say why a command will not come true."""
        _, future = self._open.pop(command)
        if not future.done():
            future.set_exception(error)

    def close(self, removed: Outcome | None, error: SessionError) -> None:
        """Answer everybody, also those whose command was never read: a removal with ``removed`` if it came true."""
        for command, (kind, _) in list(self._open.items()):
            if removed is not None and kind is CommandKind.REMOVE:
                self.answer(command, removed)
            else:
                self.refuse(command, error)
