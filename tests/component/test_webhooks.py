"""Deliveries from a real outbox to real receivers over HTTP."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError

from component.test_storage import a_session, opened
from support.receiver import Receiver
from tuntas.events import Event, EventName, Retries, RetryPolicy, Subscription
from tuntas.foundation.clock import SystemClock
from tuntas.sessions.model import SessionRecord
from tuntas.storage import Database, Publisher, SqlOutbox, SqlSessionStore
from tuntas.webhooks.delivery import Deliverer, Replayer, retry_after_seconds
from tuntas.webhooks.ports import DeliveryFilter

QUICK = Retries(RetryPolicy.CONSTANT, delay_seconds=0.05, attempts=5)
LIMIT_SECONDS = 20.0


class Post:
    """A store and a deliverer on one database."""

    def __init__(self, database: Database, **options: Any) -> None:
        self.database = database
        self.outbox = SqlOutbox(database)
        chosen: dict[str, Any] = {"timeout_seconds": 2.0, "version": "test"} | options
        self.deliverer = Deliverer(self.outbox, SystemClock(), **chosen)
        publisher = Publisher(self.deliverer.wake, on_receivers=self.deliverer.look_again)
        self.store = SqlSessionStore(database, publisher)

    async def publish(self, record: SessionRecord, *numbers: int) -> None:
        for number in numbers:
            await self.store.publish(record, [Event(EventName.MESSAGE, record.name, number, {"number": number})])


def with_post(
    path: Path, work: Callable[[Post], Awaitable[None]], *, limit_seconds: float = LIMIT_SECONDS, **options: Any
) -> None:
    async def main() -> None:
        async with opened(path / "test.db") as database:
            post = Post(database, **options)
            async with asyncio.timeout(limit_seconds), post.deliverer:
                await work(post)

    asyncio.run(main())


async def until(look: Callable[[], Awaitable[Any]]) -> None:
    while not await look():  # noqa: ASYNC110 - the database has no event to wait for
        await asyncio.sleep(0.02)


def numbers(events: list[dict[str, Any]]) -> list[int]:
    return [event["payload"]["number"] for event in events]


def test_events_arrive_in_order_signed_and_with_their_headers(tmp_path: Path) -> None:
    with Receiver() as receiver:

        async def work(post: Post) -> None:
            subscription = Subscription(receiver.url, ("message",), "secret", QUICK, (("X-Tenant", "a"),))
            await post.publish(a_session("s", subscription), *range(100))
            await asyncio.to_thread(receiver.wait_count, 100)

        with_post(tmp_path, work)
    assert numbers(receiver.seen) == list(range(100))
    assert receiver.all_signed_with("secret")
    assert len({headers["x-webhook-request-id"] for headers in receiver.headers}) == 100
    assert {headers["x-tenant"] for headers in receiver.headers} == {"a"}
    assert all(abs(int(headers["x-webhook-timestamp"]) / 1000 - time.time()) < 60 for headers in receiver.headers)


@pytest.mark.parametrize(
    ("address", "private_addresses"),
    [("http://169.254.169.254/latest", True), ("", False)],
    ids=["metadata", "loopback"],
)
def test_a_receiver_where_the_server_may_not_go_is_not_gone_to_and_the_delivery_says_why(
    tmp_path: Path, address: str, private_addresses: bool
) -> None:
    with Receiver() as receiver:
        url = address or receiver.url

        async def work(post: Post) -> None:
            once = Retries(RetryPolicy.CONSTANT, delay_seconds=0.01, attempts=1)
            await post.publish(a_session("s", Subscription(url, ("*",), retries=once)), 1)

            async def dead() -> Any:
                return (await post.outbox.counts())["dead"]

            await until(dead)
            (told,) = await post.outbox.notes(DeliveryFilter(), limit=5)
            assert told.error is not None
            assert "AddressRefused" in told.error

        with_post(tmp_path, work, private_addresses=private_addresses)
        assert receiver.seen == []


def test_a_failing_receiver_gets_the_same_event_again_and_order_is_kept(tmp_path: Path) -> None:
    with Receiver(answers=[500, 204, 503, 429, 204]) as receiver:

        async def work(post: Post) -> None:
            await post.publish(a_session("s", Subscription(receiver.url, ("*",), None, QUICK)), 1, 2, 3)
            await asyncio.to_thread(receiver.wait_count, 3)

        with_post(tmp_path, work)
    assert numbers(receiver.seen) == [1, 2, 3]
    assert numbers(receiver.refused) == [1, 2, 2]
    assert {event["id"] for event in receiver.refused} <= {event["id"] for event in receiver.seen}


def test_when_attempts_are_used_up_the_delivery_is_dead_and_the_next_one_follows(tmp_path: Path) -> None:
    counts: dict[str, int] = {}
    with Receiver(answers=[500] * 5) as receiver:

        async def work(post: Post) -> None:
            await post.publish(a_session("s", Subscription(receiver.url, ("*",), None, QUICK)), 1, 2)
            await asyncio.to_thread(receiver.wait_count, 1)

            async def delivered() -> bool:
                counts.update(await post.outbox.counts())
                return counts["delivered"] == 1

            await until(delivered)

        with_post(tmp_path, work)
    assert numbers(receiver.refused) == [1] * 5
    assert numbers(receiver.seen) == [2]
    assert counts == {"waiting": 0, "delivered": 1, "dead": 1}


def test_a_dead_and_a_deaf_receiver_delay_no_other(tmp_path: Path) -> None:
    patient = Retries(RetryPolicy.CONSTANT, delay_seconds=3600, attempts=99)
    with Receiver() as receiver, socket.create_server(("127.0.0.1", 0)) as deaf:

        async def work(post: Post) -> None:
            record = a_session(
                "s",
                Subscription("http://127.0.0.1:9/", ("*",), None, patient),
                Subscription(f"http://127.0.0.1:{deaf.getsockname()[1]}/", ("*",), None, patient),
                Subscription(receiver.url, ("*",), None, QUICK),
            )
            await post.publish(record, *range(20))
            await asyncio.to_thread(receiver.wait_count, 20)

        # The deaf one is waited for longer than the whole test may take.
        with_post(tmp_path, work, timeout_seconds=2 * LIMIT_SECONDS)
    assert numbers(receiver.seen) == list(range(20))


def test_what_was_not_delivered_goes_out_after_a_restart(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    subscription = Subscription(f"http://127.0.0.1:{port}/hook", ("*",), None, QUICK)
    many = Subscription(subscription.url, ("*",), None, Retries(RetryPolicy.CONSTANT, 0.05, 1000))

    async def before(post: Post) -> None:
        await post.publish(a_session("s", many), 1, 2, 3)

        async def tried() -> bool:
            (lane,) = await post.outbox.lanes()
            return (await post.outbox.waiting(lane, limit=1))[0].attempts > 0

        await until(tried)

    with_post(tmp_path, before)
    with Receiver(port=port) as receiver:

        async def after(post: Post) -> None:
            await asyncio.to_thread(receiver.wait_count, 3)

            async def empty() -> bool:
                return not await post.outbox.lanes()

            await until(empty)

        with_post(tmp_path, after)
    assert numbers(receiver.seen) == [1, 2, 3]


def test_nothing_runs_while_nothing_waits(tmp_path: Path) -> None:
    with Receiver() as receiver:

        async def work(post: Post) -> None:
            await post.publish(a_session("s", Subscription(receiver.url, ("*",), None, QUICK)), 1)
            await asyncio.to_thread(receiver.wait_count, 1)

            async def quiet() -> bool:
                return not [task for task in asyncio.all_tasks() if task.get_name().startswith("webhook lane")]

            await until(quiet)

        with_post(tmp_path, work)


def test_a_receiver_may_say_when_to_come_again(tmp_path: Path) -> None:
    with Receiver(answers=[429], retry_after="1") as receiver:

        async def work(post: Post) -> None:
            begun = time.monotonic()
            await post.publish(a_session("s", Subscription(receiver.url, ("*",), None, QUICK)), 1)
            await asyncio.to_thread(receiver.wait_count, 1)
            assert time.monotonic() - begun >= 1.0

        with_post(tmp_path, work)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 0.0),
        ("7", 7.0),
        ("-7", 0.0),
        ("soon", 0.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("nan", 0.0),
    ],
)
def test_what_a_receiver_says_is_read_as_seconds_or_as_a_date(value: str | None, seconds: float) -> None:
    assert retry_after_seconds(value, datetime(2026, 11, 23, 12, tzinfo=UTC)) == seconds


def test_dead_and_delivered_ones_are_listed_and_replayed_in_their_order_with_their_ids(tmp_path: Path) -> None:
    async def counts_are(post: Post, **wanted: int) -> None:
        async def look() -> bool:
            return {"waiting": 0, "delivered": 0, "dead": 0} | wanted == await post.outbox.counts()

        await until(look)

    with Receiver(answers=[500] * 5) as receiver:

        async def work(post: Post) -> None:
            await post.publish(a_session("s", Subscription(receiver.url, ("*",), None, QUICK)), 1, 2, 3)
            await counts_are(post, delivered=2, dead=1)
            (dead,) = await post.outbox.notes(DeliveryFilter(state="dead"), limit=10)
            assert (dead.session, dead.event, dead.attempts, dead.error) == ("s", "message", 5, "HTTP 500")
            replay = Replayer(post.outbox, post.deliverer, SystemClock())
            assert await replay(DeliveryFilter(state="dead")) == 1
            await counts_are(post, delivered=3)
            assert await replay(DeliveryFilter(session="other")) == 0
            assert await replay(DeliveryFilter(session="s", since=datetime(1970, 1, 1, tzinfo=UTC))) == 1
            await asyncio.to_thread(receiver.wait_count, 6)

        with_post(tmp_path, work)
    assert numbers(receiver.seen) == [2, 3, 1, 1, 2, 3]
    assert len({event["id"] for event in receiver.seen}) == 3


def test_a_receiver_of_everything_gets_what_no_session_asked_for(tmp_path: Path) -> None:
    with Receiver() as receiver:

        async def work(post: Post) -> None:
            everywhere = [Subscription(receiver.url, ("message",), "whsec_c2VjcmV0", QUICK)]
            publisher = Publisher(post.deliverer.wake, everywhere=everywhere)
            store = SqlSessionStore(post.database, publisher)
            await store.publish(a_session("s"), [Event(EventName.MESSAGE, "s", 7, {"number": 7})])
            await asyncio.to_thread(receiver.wait_count, 1)

        with_post(tmp_path, work)
    assert numbers(receiver.seen) == [7]
    # The library of the standard agrees that it is signed.
    standard = StandardWebhook("whsec_c2VjcmV0")
    assert standard.verify(receiver.bodies[0], receiver.headers[0])["id"] == receiver.seen[0]["id"]
    with pytest.raises(WebhookVerificationError):
        standard.verify(receiver.bodies[0] + b" ", receiver.headers[0])
