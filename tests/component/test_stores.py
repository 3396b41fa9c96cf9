"""What sessions may expect of where they are kept: the same of the databases and of the stores in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from component.test_storage import NOW, a_session, opened, sqlite
from support.memory_store import MemoryEventLog, MemorySendJournal, MemorySessionStore
from support.postgresql import Cluster
from tuntas.events import AckLevel, Event, EventName, Me, Message
from tuntas.sessions.errors import NameTaken
from tuntas.sessions.machine import State, Status
from tuntas.sessions.model import StateChange
from tuntas.sessions.ports import SendNote
from tuntas.storage import SqlEventLog, SqlSendJournal, SqlSessionStore


class SetClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@dataclass
class Stores:
    sessions: SqlSessionStore | MemorySessionStore
    log: SqlEventLog | MemoryEventLog
    sends: SqlSendJournal | MemorySendJournal
    clock: SetClock


Scene = Callable[[Stores], Awaitable[None]]


@pytest.fixture(scope="module", params=["memory", "sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str | Cluster:
    """Return a server that is there before the test begins, which otherwise would be taken for left over."""
    return request.getfixturevalue("postgresql") if request.param == "postgresql" else str(request.param)


@pytest.fixture
def on(kind: str | Cluster, tmp_path: Path) -> Callable[[Scene], None]:
    """Play a scene on new stores of one kind."""

    @asynccontextmanager
    async def stores() -> AsyncIterator[Stores]:
        clock = SetClock()
        if kind == "memory":
            store = MemorySessionStore()
            yield Stores(store, store.log, MemorySendJournal(clock), clock)
            return
        url = sqlite(tmp_path / "test.db") if isinstance(kind, str) else kind.new_database()
        async with opened(url) as database:
            yield Stores(SqlSessionStore(database), SqlEventLog(database), SqlSendJournal(database, clock), clock)

    def play(scene: Scene) -> None:
        async def main() -> None:
            async with stores() as here:
                await scene(here)

        asyncio.run(main())

    return play


Play = Callable[[Scene], None]


def change(reason: str, after: State = State.STARTING) -> StateChange:
    return StateChange(NOW, State.STOPPED, after, Status.STARTING, reason, None, "api")


def event(name: EventName = EventName.MESSAGE, subject: str | None = None) -> Event:
    return Event(name, "shop", 1_764_000_000_000, {"said": "ü\n"}, subject=subject)


def a_message(body: str = "hello") -> Message:
    details = {"media": {"url": None, "size": 3}}
    return Message(
        "true_1", 7, "1@c.us", "2@c.us", True, body, "api", AckLevel.READ, True, {"id": "q"}, "image", details
    )


def test_sessions_come_back_as_they_were_saved_and_the_oldest_first(on: Play) -> None:
    async def scene(here: Stores) -> None:
        young, old = a_session("young"), replace(a_session("old"), created_at=NOW - timedelta(days=1))
        for one in (young, old):
            await here.sessions.insert(one)
        linked = replace(young, state=State.WORKING, status=Status.WORKING, me=Me("1@c.us", None), seen_until=7)
        await here.sessions.save(linked, change("connected"), [])
        assert await here.sessions.load() == [old, linked]

    on(scene)


def test_a_name_is_taken_by_one_session_and_free_when_it_is_deleted(on: Play) -> None:
    async def scene(here: Stores) -> None:
        first = a_session("shop")
        await here.sessions.insert(first)
        with pytest.raises(NameTaken):
            await here.sessions.insert(a_session("shop"))
        assert await here.sessions.load() == [first]
        await here.sessions.delete(first, change("delete_requested", State.REMOVED), [])
        second = a_session("shop")
        await here.sessions.insert(second)
        assert await here.sessions.load() == [second]

    on(scene)


def test_what_is_said_of_a_deleted_session_brings_nothing_back(on: Play) -> None:
    async def scene(here: Stores) -> None:
        record = a_session("shop")
        await here.sessions.insert(record)
        await here.sessions.delete(record, change("delete_requested", State.REMOVED), [])
        await here.sessions.save(replace(record, state=State.WORKING), None, [])
        await here.sessions.publish(replace(record, seen_until=3), [])
        assert await here.sessions.load() == []

    on(scene)


def test_a_story_is_its_session_s_own_its_newest_lines_oldest_first_and_outlives_it(on: Play) -> None:
    async def scene(here: Stores) -> None:
        record, other = a_session("shop"), a_session("other")
        for one in (record, other):
            await here.sessions.insert(one)
        for number in range(3):
            await here.sessions.save(record, change(f"r{number}"), [])
        await here.sessions.save(record, None, [])
        await here.sessions.delete(record, change("gone", State.REMOVED), [])
        assert [one.reason for one in await here.sessions.history(record, limit=10)] == ["r0", "r1", "r2", "gone"]
        assert await here.sessions.history(record, limit=2) == [change("r2"), change("gone", State.REMOVED)]
        assert await here.sessions.history(other, limit=10) == []

    on(scene)


def test_publishing_writes_how_far_the_session_has_seen_and_nothing_else_of_it(on: Play) -> None:
    async def scene(here: Stores) -> None:
        record = a_session("shop")
        await here.sessions.insert(record)
        await here.sessions.publish(replace(record, seen_until=99, reason="not written"), [event()])
        assert await here.sessions.load() == [replace(record, seen_until=99)]

    on(scene)


def test_events_are_in_the_log_in_their_order_and_what_happens_once_is_there_once(on: Play) -> None:
    async def scene(here: Stores) -> None:
        record, other = a_session("shop"), a_session("other")
        for one in (record, other):
            await here.sessions.insert(one)
        first, again, ack = event(subject="m1"), event(subject="m1"), event(EventName.MESSAGE_ACK)
        any_kind, of_other = event(EventName.MESSAGE_ANY, subject="m1"), event(subject="m1")
        await here.sessions.save(record, change("x"), [first])
        await here.sessions.publish(record, [again, any_kind, ack])
        await here.sessions.publish(record, [replace(ack, id="evt_2")])
        await here.sessions.publish(other, [of_other])
        logged = await here.log.after(0, None, None, limit=10)
        assert [one.event_id for one in logged] == [first.id, any_kind.id, ack.id, "evt_2", of_other.id]
        assert [one.session for one in logged] == ["shop"] * 4 + ["other"]
        assert '"said":"ü\\n"' in logged[0].body
        behind = await here.log.after(logged[0].place, ["shop"], ["message.ack"], limit=1)
        assert behind == [logged[2]]

    on(scene)


def test_what_was_told_as_waiting_is_known_until_it_is_told_as_a_message(on: Play) -> None:
    async def scene(here: Stores) -> None:
        record, other = a_session("shop"), a_session("other")
        for one in (record, other):
            await here.sessions.insert(one)
        for subject in ("m1", "m2", "m1"):
            await here.sessions.publish(record, [event(EventName.MESSAGE_WAITING, subject=subject)])
        await here.sessions.publish(other, [event(EventName.MESSAGE_ANY, subject="m2")])
        assert await here.sessions.unreadable(record) == ["m1", "m2"]
        await here.sessions.publish(record, [event(EventName.MESSAGE_ANY, subject="m1")])
        assert await here.sessions.unreadable(record) == ["m2"]
        assert await here.sessions.unreadable(other) == []

    on(scene)


def test_a_key_is_begun_once_and_tells_what_became_of_it(on: Play) -> None:
    async def scene(here: Stores) -> None:
        begun = await here.sends.begin("s1", "k", "f", "T1")
        assert (begun.is_new, begun.token, begun.answer) == (True, "T1", None)
        again = await here.sends.begin("s1", "k", "other", "T2")
        assert (again.is_new, again.token, again.fingerprint, again.answer) == (False, "T1", "f", None)
        await here.sends.finish("s1", "k", a_message(), here.clock.at)
        assert (await here.sends.begin("s1", "k", "f", "T3")).answer == a_message()
        assert (await here.sends.begin("s2", "k", "f", "T4")).is_new
        assert (await here.sends.begin("s1", "k2", "f", "T5")).is_new

    on(scene)


def test_an_id_as_long_as_a_caller_may_choose_it_is_written_down(on: Play) -> None:
    async def scene(here: Stores) -> None:
        token = "A" * 64
        assert (await here.sends.begin("s1", "key", "print", token)).is_new
        assert (await here.sends.begin("s1", "key", "print", "B")).token == token

    on(scene)


def test_when_a_message_was_sent_is_known_with_a_key_and_without(on: Play) -> None:
    async def scene(here: Stores) -> None:
        asked = here.clock.at
        await here.sends.begin("s1", "k", "f", "T1")
        assert await here.sends.noted("s1", "T1") == SendNote(asked, None, None)
        begun, sent = (asked + timedelta(seconds=seconds) for seconds in (1, 2))
        here.clock.at = sent
        await here.sends.finish("s1", "k", a_message(), begun)
        assert await here.sends.noted("s1", "T1") == SendNote(asked, begun, sent)
        await here.sends.note("s1", "T2", "f", SendNote(asked, asked, begun))
        # Asked again with the token that the caller has chosen: it had gone out before.
        await here.sends.note("s1", "T2", "f", SendNote(sent, sent, sent))
        assert await here.sends.noted("s1", "T2") == SendNote(asked, asked, begun)
        assert await here.sends.noted("s1", "T3") is None
        assert await here.sends.noted("s2", "T1") is None

    on(scene)


def test_a_key_that_is_forgotten_or_old_is_free(on: Play) -> None:
    async def scene(here: Stores) -> None:
        await here.sends.begin("s", "forgotten", "f", "T1")
        await here.sends.forget("s", "forgotten")
        await here.sends.finish("s", "forgotten", a_message(), here.clock.at)
        assert (await here.sends.begin("s", "forgotten", "f", "T2")).token == "T2"
        here.clock.at = datetime(2027, 1, 1, tzinfo=UTC)
        await here.sends.begin("s", "young", "f", "T3")
        await here.sends.prune(here.clock.at)
        assert (await here.sends.begin("s", "young", "f", "T4")).token == "T3"
        assert (await here.sends.begin("s", "forgotten", "f", "T5")).is_new

    on(scene)
