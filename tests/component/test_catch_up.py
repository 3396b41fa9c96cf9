"""What came while nobody listened: told once, in its order, before what comes now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.actor_world import World, play
from support.told_page import ME
from support.until import until
from tuntas.events import Message, message_of
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.errors import PageUnavailable
from tuntas.sessions.machine import State
from tuntas.sessions.model import Connected, MessageSeen, PageLost

THEN = 1_800_000_000


def stored(number: int) -> dict[str, Any]:
    """Return message ``number``, one a minute, as the page has it in its storage."""
    return {
        "id": f"false_628@c.us_{number}",
        "t": THEN + 60 * number,
        "from": "628@c.us",
        "to": ME.id,
        "fromMe": False,
        "body": str(number),
        "ack": 1,
    }


def seen(number: int) -> MessageSeen:
    return MessageSeen(message_of(stored(number)))


async def told(here: World) -> list[str]:
    events = await here.log.after(0, None, ["message"], limit=100)
    return [json.loads(one.body)["payload"]["body"] for one in events]


async def again(here: World, count: int) -> None:
    """Lose the page and have the next one; it is not connected yet."""
    here.engine.page.sink(PageLost("page_crashed", "told so"))
    await until(lambda: len(here.engine.pages) == count)


def test_what_was_missed_is_told_once_in_its_order_and_before_what_comes_now(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        for number in (1, 2, 3):
            page.sink(seen(number))
        await again(here, 2)
        page = here.engine.page
        page.stored = [stored(number) for number in (3, 4, 5, 6)]
        page.may_tell.clear()
        page.sink(seen(6))  # the page may tell before it is connected
        page.sink(Connected(ME))
        await until(lambda: page.asked_since)
        page.sink(seen(7))
        page.may_tell.set()
        await until(lambda: here.supervisor.find("s").record.seen_until == THEN + 60 * 7)
        assert page.asked_since == [THEN + 60 * 3 - 60]
        assert await told(here) == ["1", "2", "3", "4", "5", "6", "7"]

    play(tmp_path, scene)


def test_the_history_of_an_account_that_was_just_linked_is_no_news(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        await until(lambda: here.supervisor.find("s").record.seen_until is not None)
        assert page.asked_since == []
        # After a logout it may be another account: its history is none either.
        actor = here.supervisor.find("s")
        await actor.ask(CommandKind.LOG_OUT, asked_by="test")
        assert actor.record.seen_until is None
        await until(lambda: len(here.engine.pages) == 2)
        here.engine.page.sink(Connected(ME))
        await here.reach("s", State.WORKING)
        await until(lambda: actor.record.seen_until is not None)
        assert here.engine.page.asked_since == []

    play(tmp_path, scene)


def test_a_page_that_does_not_answer_is_replaced_and_nothing_is_passed_over(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.sink(seen(1))
        await again(here, 2)
        page = here.engine.page

        async def silent(*_: Any, **__: Any) -> Any:
            message = "no answer"
            raise PageUnavailable(message)

        page.ask = silent  # type: ignore[method-assign]
        page.sink(Connected(ME))
        page.sink(seen(3))
        await until(lambda: len(here.engine.pages) == 3)
        assert await told(here) == ["1"]
        here.engine.page.stored = [stored(number) for number in (1, 2, 3)]
        here.engine.page.sink(Connected(ME))
        await until(lambda: here.supervisor.find("s").record.seen_until == THEN + 60 * 3)
        assert await told(here) == ["1", "2", "3"]

    play(tmp_path, scene)


def test_a_message_is_published_once_however_often_the_page_tells_of_it(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        for number in (1, 1, 2, 1):
            page.sink(seen(number))
        await until(lambda: here.supervisor.find("s").record.seen_until == THEN + 120)
        own = Message("true_628@c.us_9", THEN + 180, ME.id, "628@c.us", True, "mine", "api")
        page.sink(MessageSeen(own))
        page.sink(MessageSeen(own))
        await until(lambda: here.supervisor.find("s").record.seen_until == THEN + 180)
        assert await told(here) == ["1", "2"]
        everything = await here.log.after(0, None, ["message.any"], limit=100)
        assert len(everything) == 3

    play(tmp_path, scene)


def test_what_could_not_be_read_is_asked_for_until_it_can_be_and_told_once(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.sink(seen(1))
        page.sink(MessageSeen(message_of(stored(2) | {"body": "", "type": "ciphertext"})))
        page.sink(seen(30))
        await until(lambda: here.supervisor.find("s").record.seen_until == THEN + 60 * 30)
        assert await told(here) == ["1", "30"]
        await again(here, 2)
        page = here.engine.page
        page.stored = [stored(2) | {"body": "", "type": "ciphertext"}, stored(30)]
        page.sink(Connected(ME))
        await until(lambda: page.asked_waiting)
        assert page.asked_waiting == [[stored(2)["id"]]]
        await again(here, 3)
        page = here.engine.page
        page.stored = [stored(2), stored(30)]
        page.sink(Connected(ME))
        page.sink(seen(2))
        page.sink(seen(31))
        await until(lambda: here.supervisor.find("s").record.seen_until == THEN + 60 * 31)
        assert await told(here) == ["1", "30", "2", "31"]
        assert len(await here.log.after(0, None, ["message.waiting"], limit=100)) == 1
        assert page.asked_waiting == [[stored(2)["id"]]]
        assert await here.store.unreadable(here.supervisor.find("s").record) == []

    play(tmp_path, scene)
