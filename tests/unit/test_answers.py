"""Whoever asks gets one answer: the fact, or why it will not become one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from component.test_storage import a_session
from tuntas.sessions.answers import Answers
from tuntas.sessions.errors import BeingRemoved, PageUnavailable, Superseded
from tuntas.sessions.machine import State
from tuntas.sessions.wishes import Outcome, Wish, WishKind


class Door:
    """The open wishes of one session, and the state that it is said to be in."""

    def __init__(self) -> None:
        self.record = replace(a_session("s"), state=State.STARTING)
        self.answers = Answers(lambda: Outcome(self.record))

    def now(self, state: State) -> None:
        self.record = replace(self.record, state=state)

    def wait(self, kind: WishKind, state: State) -> Wish:
        wish = Wish(kind, "test")
        self.answers.wait(wish, lambda: self.record.state is state)
        return wish


def played(scene: Callable[[Door], Awaitable[None]]) -> None:
    async def main() -> None:
        await scene(Door())

    asyncio.run(main())


def test_an_answer_comes_when_it_is_true_and_not_before() -> None:
    async def scene(door: Door) -> None:
        stop = door.wait(WishKind.STOP, State.STOPPED)
        door.answers.look()
        assert not stop.answer.done()
        door.now(State.STOPPED)
        door.answers.look()
        assert stop.answer.result().record.state is State.STOPPED

    played(scene)


def test_who_has_gone_away_is_not_answered_and_no_trouble() -> None:
    async def scene(door: Door) -> None:
        gone = [door.wait(WishKind.STOP, State.STOPPED), door.wait(WishKind.START, State.WORKING)]
        for wish in gone:
            wish.answer.cancel()
        door.now(State.STOPPED)
        door.answers.look()
        door.answers.close([], PageUnavailable("the end"))
        assert all(wish.answer.cancelled() for wish in gone)

    played(scene)


def test_a_removed_session_grants_no_other_wish() -> None:
    async def scene(door: Door) -> None:
        removal, start = door.wait(WishKind.REMOVE, State.REMOVED), door.wait(WishKind.START, State.WORKING)
        door.now(State.REMOVED)
        door.answers.look()
        assert removal.answer.result().record.state is State.REMOVED
        assert isinstance(start.answer.exception(), BeingRemoved)

    played(scene)


@pytest.mark.parametrize(
    ("state", "later", "waiting", "is_overtaken"),
    [
        (State.STARTING, WishKind.STOP, WishKind.START, True),
        (State.STARTING, WishKind.STOP, WishKind.RESTART, True),
        (State.STARTING, WishKind.STOP, WishKind.REMOVE, False),
        (State.WAITING, WishKind.START, WishKind.STOP, True),
        (State.WAITING, WishKind.RESTART, WishKind.STOP, True),
        (State.STOPPING, WishKind.START, WishKind.STOP, False),  # it comes true on the way
        (State.STARTING, WishKind.REMOVE, WishKind.STOP, False),
    ],
)
def test_a_later_wish_overtakes_what_it_makes_impossible(
    state: State, later: WishKind, waiting: WishKind, is_overtaken: bool
) -> None:
    async def scene(door: Door) -> None:
        door.now(state)
        wish = door.wait(waiting, State.FAILED)
        door.answers.supersede(later)
        assert wish.answer.done() is is_overtaken
        if is_overtaken:
            assert isinstance(wish.answer.exception(), Superseded)
            door.now(State.FAILED)
            door.answers.look()  # it is forgotten: nobody is answered twice

    played(scene)


def test_at_the_end_everybody_is_answered_and_a_removal_that_is_done_is_a_success() -> None:
    async def scene(door: Door) -> None:
        waiting = door.wait(WishKind.STOP, State.STOPPED)
        removal, unread = Wish(WishKind.REMOVE, "test"), Wish(WishKind.START, "test")
        door.now(State.REMOVED)
        door.answers.close([removal, unread], PageUnavailable("the end"))
        assert removal.answer.result().record.state is State.REMOVED
        for wish in (waiting, unread):
            assert isinstance(wish.answer.exception(), PageUnavailable)

    played(scene)


def test_a_removal_that_is_not_done_at_the_end_is_no_success() -> None:
    async def scene(door: Door) -> None:
        removal = door.wait(WishKind.REMOVE, State.REMOVED)
        door.answers.close([], PageUnavailable("the end"))
        assert isinstance(removal.answer.exception(), PageUnavailable)

    played(scene)
