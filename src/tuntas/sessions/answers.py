"""Those who wait for a wish to come true. Each gets exactly one answer, when it is a fact, or a reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tuntas.sessions.errors import BeingRemoved, Superseded
from tuntas.sessions.machine import State
from tuntas.sessions.wishes import Outcome, Wish, WishKind


@dataclass(slots=True)
class _Waiting:
    wish: Wish
    met: Callable[[], bool]


class Answers:
    """The open wishes of one session."""

    def __init__(self, outcome: Callable[[], Outcome]) -> None:
        """Answer with what ``outcome`` says at that moment."""
        self._outcome = outcome
        self._waiting: list[_Waiting] = []

    def wait(self, wish: Wish, met: Callable[[], bool]) -> None:
        """Answer ``wish`` as soon as ``met`` says that it has come true."""
        self._waiting.append(_Waiting(wish, met))

    def answer(self, wish: Wish) -> None:
        """Say that a wish has come true."""
        if not wish.answer.done():
            wish.answer.set_result(self._outcome())

    @staticmethod
    def refuse(wish: Wish, error: Exception) -> None:
        """Say why a wish will not come true."""
        if not wish.answer.done():
            wish.answer.set_exception(error)

    def look(self) -> None:
        """Answer those whose wish has come true by now; a removed session grants no other."""
        record = self._outcome().record
        still = []
        for waiting in self._waiting:
            if waiting.met():
                self.answer(waiting.wish)
            elif record.state is State.REMOVED:
                self.refuse(waiting.wish, BeingRemoved(record.name))
            else:
                still.append(waiting)
        self._waiting = still

    def supersede(self, later: WishKind) -> None:
        """Tell those whose wish cannot come true after ``later``; a stop under way still will, before a new start."""
        record = self._outcome().record
        match later:
            case WishKind.STOP:
                overtaken = {WishKind.START, WishKind.RESTART}
            case WishKind.START | WishKind.RESTART if record.state is not State.STOPPING:
                overtaken = {WishKind.STOP}
            case _:
                return
        for waiting in [one for one in self._waiting if one.wish.kind in overtaken]:
            self._waiting.remove(waiting)
            self.refuse(waiting.wish, Superseded(record.name, later.value))

    def close(self, unread: list[Wish], error: Exception) -> None:
        """Answer everybody, also those whose wish was never read: the actor ends."""
        removed = self._outcome().record.state is State.REMOVED
        for wish in [*(waiting.wish for waiting in self._waiting), *unread]:
            if removed and wish.kind is WishKind.REMOVE:
                self.answer(wish)
            else:
                self.refuse(wish, error)
        self._waiting.clear()
