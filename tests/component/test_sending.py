"""Sends: in their order, at their pace, bounded, and once for each key, whatever happens to page and server."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from component.test_storage import a_session
from support.actor_world import LIMITS, UNPACED, World, play
from support.told_page import ME, ToldPage
from support.until import until
from tuntas.foundation.tasks import end, spawn
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.errors import (
    AccountRestricted,
    DiskFull,
    KeyReused,
    OutcomeUnknown,
    Overloaded,
    PageRefused,
    PageUnavailable,
    TryLater,
    WrongStatus,
)
from tuntas.sessions.machine import State
from tuntas.sessions.model import Connected, PageLost, QrShown
from tuntas.sessions.outgoing import MessageKind, OutgoingMessage
from tuntas.sessions.pacing import Pace
from tuntas.sessions.sending import SendRequest, Sent
from tuntas.storage import SqlSendJournal


def send(
    here: World, text: str, key: str | None = None, pace: Pace | None = None, to: str = "628@c.us"
) -> asyncio.Task[Sent]:
    message = OutgoingMessage(MessageKind.TEXT, {"chatId": to, "body": text})
    request = SendRequest(message, fingerprint=text, key=key, pace=pace)
    return spawn(here.supervisor.find("s").send(request), name=f"send {text}")


async def settled(*sends: asyncio.Task[Sent]) -> None:
    await asyncio.wait(sends)


def test_messages_go_out_one_after_the_other_in_the_order_in_which_they_were_asked_for(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.may_send.clear()
        sends = [send(here, str(number)) for number in range(5)]
        await until(lambda: page.sending)
        assert page.sending == ["0"]
        page.may_send.set()
        assert [(await one).message.body for one in sends] == ["0", "1", "2", "3", "4"]

    play(tmp_path, scene)


def test_the_same_key_sends_once_and_answers_the_same_also_at_the_same_moment(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.may_send.clear()
        first, second = send(here, "hello", "k"), send(here, "hello", "k")
        await until(lambda: page.sending)
        page.may_send.set()
        third = send(here, "hello", "k")
        answers = [await one for one in (first, second, third)]
        assert [one.is_repeated for one in answers] == [False, True, True]
        assert len({one.message.id for one in answers}) == 1
        assert page.sending == ["hello"]
        with pytest.raises(KeyReused):
            await send(here, "something else", "k")
        assert not (await send(here, "hello", "k2")).is_repeated

    play(tmp_path, scene)


def test_a_message_that_went_out_is_answered_though_a_full_disk_takes_no_note_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        message = "the disk is full"
        raise DiskFull(message)

    async def scene(here: World) -> None:
        page = await here.working()
        with monkeypatch.context() as patched:
            patched.setattr(SqlSendJournal, "finish", full)
            first = await send(here, "hello", "k")
        assert (first.message.body, page.sending) == ("hello", ["hello"])
        again = await send(here, "hello", "k")
        assert again.message.id == first.message.id
        assert len(page.sent) == 1

    play(tmp_path, scene)


def test_a_page_that_dies_in_the_middle_is_asked_for_the_very_message_and_does_not_send_it_twice(
    tmp_path: Path,
) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.may_send.clear()
        cut_off = send(here, "hello", "k")
        await until(lambda: page.sending)
        # It went out, and the page died before it could say so.
        page.sink(PageLost("page_crashed", "told so"))
        await until(lambda: not page.is_open)
        page.may_send.set()
        with pytest.raises(PageUnavailable):
            await cut_off
        await until(lambda: len(here.engine.pages) == 2)
        here.engine.page.sink(Connected(ME))
        for _ in range(2):
            await send(here, "hello", "k")
        tokens = here.engine.page.tokens
        assert len(tokens) == 1
        assert list(here.engine.page.sent) == tokens

    play(tmp_path, scene)


def test_what_gets_its_id_from_whatsapp_is_not_sent_again_where_nobody_knows_whether_it_went_out(
    tmp_path: Path,
) -> None:
    async def scene(here: World) -> None:
        def forward() -> asyncio.Task[Sent]:
            message = OutgoingMessage(MessageKind.FORWARD, {"chatId": "628@c.us", "body": "a copy"})
            return spawn(here.supervisor.find("s").send(SendRequest(message, "a copy", "k")), name="forward")

        page = await here.working()
        page.may_send.clear()
        cut_off = forward()
        await until(lambda: page.sending)
        page.sink(PageLost("page_crashed", "told so"))
        await until(lambda: not page.is_open)
        page.may_send.set()
        with pytest.raises(OutcomeUnknown):
            await cut_off
        await until(lambda: len(here.engine.pages) == 2)
        here.engine.page.sink(Connected(ME))
        for _ in range(2):
            with pytest.raises(OutcomeUnknown, match="another key"):
                await forward()
        assert here.engine.page.sending == []

    play(tmp_path, scene)


def test_a_caller_that_hangs_up_leaves_its_message_whole(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.may_send.clear()
        caller = send(here, "hello", "k")
        await until(lambda: page.sending)
        await end(caller)
        page.may_send.set()
        again = await send(here, "hello", "k")
        assert again.is_repeated
        assert len(page.sent) == 1

    play(tmp_path, scene)


def test_what_whatsapp_refuses_frees_its_key(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        for _ in range(2):
            with pytest.raises(PageRefused):
                await send(here, "refused", "k")
        assert (await send(here, "hello", "k")).message.body == "hello"
        assert next(iter(page.sent.values())).body == "hello"

    play(tmp_path, scene)


def test_those_who_may_not_be_written_to_cost_the_others_neither_their_order_nor_their_pace(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.strangers = {"1@c.us"}
        pace = Pace(per_minute=0.1, burst=3)
        for _ in range(5):
            with pytest.raises(AccountRestricted):
                await send(here, "buy", "k", pace=pace, to="1@c.us")
        answers = [await send(here, text, pace=pace) for text in ("one", "two")]
        assert [one.message.body for one in answers] == ["one", "two"]
        page.strangers.clear()
        last = await send(here, "buy", "k", pace=pace, to="1@c.us")
        assert last.message.body == "buy", "its key was free, and only the next would wait ten minutes"

    play(tmp_path, scene)


def test_what_whatsapp_did_not_take_before_the_server_died_is_sent_anew_under_another_id(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.may_send.clear()
        cut_off = send(here, "hello", "k")
        await until(lambda: page.tokens)
        page.sink(PageLost("page_crashed", "told so"))
        await until(lambda: not page.is_open)
        page.may_send.set()
        with pytest.raises(PageUnavailable):
            await cut_off
        await until(lambda: len(here.engine.pages) == 2)
        here.engine.page.sink(Connected(ME))
        here.engine.page.not_taken = set(page.tokens)
        assert (await send(here, "hello", "k")).message.body == "hello"
        first, second = here.engine.page.tokens
        assert first == page.tokens[0]
        assert list(here.engine.page.sent) == [second]
        assert (await send(here, "hello", "k")).is_repeated

    play(tmp_path, scene)


def test_a_message_waits_while_its_session_comes_up(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        await here.supervisor.add(a_session("s"))
        actor = here.supervisor.find("s")
        await actor.ask(CommandKind.START, asked_by="test")
        waiting = send(here, "early")
        await until(lambda: here.engine.pages)
        assert not waiting.done()
        here.engine.page.sink(Connected(ME))
        assert (await waiting).message.body == "early"

        # A page that is lost is waited for as well.
        here.engine.page.sink(PageLost("page_crashed", "told so"))
        await here.reach("s", State.STARTING, State.WAITING, State.RECOVERING)
        waiting = send(here, "later")
        await until(lambda: len(here.engine.pages) == 2)
        here.engine.page.sink(Connected(ME))
        assert (await waiting).message.body == "later"

    play(tmp_path, scene)


@pytest.mark.parametrize("wish", [None, CommandKind.STOP, CommandKind.REMOVE])
def test_a_message_does_not_wait_for_what_only_a_person_can_do(tmp_path: Path, wish: CommandKind | None) -> None:
    async def scene(here: World) -> None:
        await here.supervisor.add(a_session("s"))
        actor = here.supervisor.find("s")
        await actor.ask(CommandKind.START, asked_by="test")
        waiting = send(here, "early")
        await until(lambda: here.engine.pages)
        if wish is None:
            here.engine.page.sink(QrShown("2@a"))
        else:
            await actor.ask(wish, asked_by="test")
        with pytest.raises(WrongStatus):
            await waiting

    play(tmp_path, scene)


def test_a_line_that_is_full_says_so_and_when_to_come_again(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.may_send.clear()
        under_way = send(here, "0")
        await until(lambda: page.sending)
        waiting = [send(here, str(number)) for number in (1, 2)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            await send(here, "3", pace=Pace(60, 1))
        assert refused.value.retry_after_seconds == 2.0
        page.may_send.set()
        await settled(under_way, *waiting)
        assert [one.body for one in page.sent.values()] == ["0", "1", "2"]

    play(tmp_path, scene, LIMITS, dataclasses.replace(UNPACED, places=2))


def test_a_message_whose_turn_does_not_come_in_time_is_not_sent(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page: ToldPage = await here.working()
        page.may_send.clear()
        under_way = send(here, "0")
        await until(lambda: page.sending)
        with pytest.raises(TryLater):
            await send(here, "1", "k")
        page.may_send.set()
        await under_way
        assert [one.body for one in page.sent.values()] == ["0"]
        assert (await send(here, "1", "k")).message.body == "1"

    play(tmp_path, scene, LIMITS, dataclasses.replace(UNPACED, wait_seconds=0.05))


def test_a_session_s_own_pace_spaces_its_messages(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        pace = Pace(per_minute=600, burst=2)
        await settled(*(send(here, str(number), pace=pace) for number in range(4)))
        assert len(page.sent) == 4
        assert loop.time() - begun >= 0.2

    play(tmp_path, scene)
