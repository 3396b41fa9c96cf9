"""No receiver, however dead or hostile, holds up another, fills memory, or is anything but a counted failure."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from component.test_storage import NOW, a_session
from component.test_webhooks import Post, numbers, until, with_post
from support.hostile import (
    Answer,
    drips_its_body,
    drips_its_head,
    hostile,
    redirects_to,
    resets,
    says_continue_for_ever,
    says_nothing,
    sends_a_gzip_bomb,
    sends_a_head_without_end,
    sends_without_end,
    speaks_no_http,
    switches_protocols,
)
from support.receiver import Receiver
from tuntas.events import Retries, RetryPolicy, Subscription
from tuntas.foundation.clock import SystemClock
from tuntas.sessions.machine import State, Status
from tuntas.sessions.model import SessionConfig, SessionRecord, StateChange
from tuntas.webhooks.delivery import Replayer
from tuntas.webhooks.ports import DeliveryFilter, DeliveryNote
from tuntas.webhooks.wire import Wire

ONCE = Retries(RetryPolicy.CONSTANT, delay_seconds=0.01, attempts=1)
THRICE = Retries(RetryPolicy.CONSTANT, delay_seconds=0.01, attempts=3)
PATIENT = Retries(RetryPolicy.CONSTANT, delay_seconds=3600, attempts=99)
# More than socket buffers hold on both sides, less than what a receiver could send in the time.
MOST_TAKEN_BYTES = 16 * 1024 * 1024


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


async def all_ended(post: Post) -> bool:
    return (await post.outbox.counts())["waiting"] == 0


async def notes(post: Post, **wanted: Any) -> list[DeliveryNote]:
    return await post.outbox.notes(DeliveryFilter(**wanted), limit=1000)


def ended(path: Path, *subscriptions: Subscription, count: int = 1, **options: Any) -> list[DeliveryNote]:
    """Publish events, wait until their deliveries have ended, and return those, oldest first."""
    found: list[DeliveryNote] = []

    async def work(post: Post) -> None:
        await post.publish(a_session("s", *subscriptions), *range(count))
        await until(lambda: all_ended(post))
        found.extend(reversed(await notes(post)))

    with_post(path, work, **options)
    return found


@pytest.mark.parametrize("answer", [drips_its_body, sends_without_end, sends_a_gzip_bomb])
def test_an_answer_is_judged_by_its_status_and_its_body_is_not_taken(tmp_path: Path, answer: Answer) -> None:
    with hostile(answer) as receiver:
        begun = time.monotonic()
        found = ended(tmp_path, Subscription(receiver.url, ("*",), None, ONCE), count=3, timeout_seconds=20.0)
        assert time.monotonic() - begun < 50  # not three times a body's whole time
    assert [(one.state, one.error) for one in found] == [("delivered", None)] * 3
    assert receiver.sent_bytes < MOST_TAKEN_BYTES
    assert all(b"\r\nAccept-Encoding: identity\r\n" in request for request in receiver.requests)


@pytest.mark.parametrize("answer", [drips_its_head, says_continue_for_ever, says_nothing])
def test_one_deadline_covers_the_whole_attempt(tmp_path: Path, answer: Answer) -> None:
    with hostile(answer) as receiver:
        begun = time.monotonic()
        (found,) = ended(tmp_path, Subscription(receiver.url, ("*",), None, ONCE), timeout_seconds=1.0)
        assert time.monotonic() - begun < 8
    assert (found.state, found.attempts, found.error) == ("dead", 1, "Timeout: no answer within 1 s")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (resets, ""),
        (speaks_no_http, "RemoteProtocolError"),
        (sends_a_head_without_end, "RemoteProtocolError"),
        (switches_protocols, "RemoteProtocolError"),
    ],
)
def test_what_is_no_good_answer_is_a_counted_failure(tmp_path: Path, answer: Answer, error: str) -> None:
    with hostile(answer) as receiver, capture_logs() as logs:
        (found,) = ended(tmp_path, Subscription(receiver.url, ("*",), None, THRICE))
    assert (found.state, found.attempts, len(receiver.requests)) == ("dead", 3, 3)
    assert found.error
    assert found.error.startswith(error)
    assert found.error.isprintable()
    assert "task_crashed" not in {one["event"] for one in logs}


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with Receiver() as elsewhere, hostile(redirects_to(elsewhere.url)) as receiver:
        (found,) = ended(tmp_path, Subscription(receiver.url, ("*",), None, ONCE))
        assert elsewhere.seen == []
    assert (found.state, found.error) == ("dead", "HTTP 307")


def test_any_exception_of_an_attempt_is_counted_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        message = "nobody thought of this\x00\ud800"
        raise RuntimeError(message)

    monkeypatch.setattr(Wire, "post", broken)
    with capture_logs() as logs:
        found = ended(tmp_path, Subscription("http://127.0.0.1:9/", ("*",), None, THRICE), count=2)
    assert [(one.state, one.attempts) for one in found] == [("dead", 3)] * 2
    assert {one.error for one in found} == {"RuntimeError: nobody thought of this ?"}
    assert "task_crashed" not in {one["event"] for one in logs}


@pytest.mark.parametrize(
    "subscription",
    [
        Subscription("http://127.0.0.1:9/", ("*",), None, PATIENT, (("X-A", "caf\u00e9 \U0001f600"),)),
        Subscription("http://127.0.0.1:9/", ("*",), None, PATIENT, (("X-A", "a\r\nX-B: b"),)),
        Subscription("http://127.0.0.1:9/", ("*",), None, PATIENT, (("Content-Length", "0"),)),
        Subscription("http://127.0.0.1:9/", ("*",), None, PATIENT, (("X A", "b"),)),
        Subscription("http://127.0.0.1:9/", ("*",), "\ud800", PATIENT),
        Subscription("http://127.0.0.1:99999/", ("*",), None, PATIENT),
        Subscription("gopher://127.0.0.1/", ("*",), None, PATIENT),
        Subscription("http://", ("*",), None, PATIENT),
        Subscription("http://169.254.169.254/", ("*",), None, PATIENT),
        Subscription("http://[::ffff:169.254.169.254]/", ("*",), None, PATIENT),
    ],
    ids=lambda one: f"{one.url} {one.headers} {one.hmac_key is not None}",
)
def test_what_can_never_be_delivered_is_dead_at_once_with_its_reason(
    tmp_path: Path, subscription: Subscription
) -> None:
    found = ended(tmp_path, subscription, count=3)
    assert [(one.state, one.attempts) for one in found] == [("dead", 1)] * 3
    for one in found:
        assert one.error
        assert one.error.startswith(("Undeliverable: ", "AddressRefused: "))
        assert "caf" not in one.error  # the value is a secret


def test_a_name_with_two_addresses_is_tried_at_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def both(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, 80)) for address in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with Receiver() as receiver:
        (found,) = ended(tmp_path, Subscription(receiver.url.replace("127.0.0.1", "both.test"), ("*",), None, ONCE))
    assert found.state == "delivered"


def configured(record: SessionRecord, *subscriptions: Subscription) -> SessionRecord:
    """Return a session with other webhooks, as ``PUT`` makes it."""
    return replace(record, config=SessionConfig(subscriptions=subscriptions).following(record.config))


def test_a_corrected_webhook_heals_what_waits(tmp_path: Path) -> None:
    with Receiver() as receiver:
        wrong = Subscription(f"http://127.0.0.1:{closed_port()}/", ("*",), None, PATIENT)
        right = Subscription(receiver.url, ("*",), "new key", PATIENT, (("X-New", "yes"),))

        async def work(post: Post) -> None:
            record = a_session("s", wrong)
            await post.store.insert(record)
            await post.publish(record, 1, 2, 3)

            async def failed() -> bool:
                return any(one.attempts for one in await notes(post))

            await until(failed)
            await post.store.save(configured(record, right), None, [])
            await until(lambda: all_ended(post))

        with_post(tmp_path, work)
    assert numbers(receiver.seen) == [1, 2, 3]
    assert receiver.all_signed_with("new key")
    assert {headers["x-new"] for headers in receiver.headers} == {"yes"}


def test_what_waits_for_a_webhook_that_is_removed_is_dead_with_the_reason(tmp_path: Path) -> None:
    with Receiver() as receiver:
        wrong = Subscription(f"http://127.0.0.1:{closed_port()}/", ("*",), None, PATIENT)
        stays = Subscription(receiver.url, ("*",), None, ONCE)

        async def work(post: Post) -> None:
            record = a_session("s", wrong, stays)
            await post.store.insert(record)
            await post.publish(record, 1, 2)
            await asyncio.to_thread(receiver.wait_count, 2)
            await post.store.save(configured(record, stays), None, [])
            await until(lambda: all_ended(post))
            dead = await notes(post, state="dead")
            assert [one.error for one in dead] == ["The webhook was removed from the session's configuration."] * 2

        with_post(tmp_path, work)


def test_deleting_a_session_ends_its_lanes_and_the_healthy_receiver_gets_the_last_event(tmp_path: Path) -> None:
    with Receiver() as receiver:
        dead = Subscription(f"http://127.0.0.1:{closed_port()}/", ("*",), None, PATIENT)
        well = Subscription(receiver.url, ("*",), None, ONCE)

        async def work(post: Post) -> None:
            record = a_session("s", dead, well)
            await post.store.insert(record)
            await post.publish(record, 1, 2, 3)
            await asyncio.to_thread(receiver.wait_count, 3)

            async def failed() -> bool:
                return any(one.attempts and one.state == "waiting" for one in await notes(post))

            await until(failed)
            gone = StateChange(NOW, State.STOPPED, State.REMOVED, Status.STOPPED, "removed", None, "test")
            await post.store.delete(record, gone, [])
            await post.publish(record, 4)  # a removal's events come after the session's end
            await until(lambda: all_ended(post))
            ended_ones = await notes(post, state="dead")
            assert len(ended_ones) == 4
            assert all("session" in (one.error or "") and "deleted" in (one.error or "") for one in ended_ones)
            assert post.deliverer.reports() == []

        with_post(tmp_path, work)
    assert numbers(receiver.seen) == [1, 2, 3, 4]


def test_a_row_that_cannot_be_read_ends_alone_and_is_listed(tmp_path: Path) -> None:
    with Receiver() as receiver:
        good = Subscription(receiver.url, ("*",), None, ONCE)

        async def work(post: Post) -> None:
            silent = Subscription(f"http://127.0.0.1:{closed_port()}/", ("*",), None, PATIENT)
            broken = a_session("broken", silent)
            for record in (broken, a_session("well", silent)):
                await post.publish(record, 1)
            await until(lambda: _has(lambda: sum(one.failures for one in post.deliverer.reports()) == 2))
            spoil = text("UPDATE deliveries SET subscription = '{\"url\": 7' WHERE sequence = 1")
            await post.database.run(lambda connection: connection.execute(spoil))
            replay = Replayer(post.outbox, post.deliverer, SystemClock())
            post.deliverer.look_again(broken.id)

            async def dead() -> bool:
                return bool(await notes(post, state="dead"))

            await until(dead)
            (told,) = await notes(post, state="dead")
            assert (told.session, told.error) == ("broken", "The delivery's row cannot be read.")
            assert await replay(DeliveryFilter(session="broken")) == 1
            await until(dead)
            await post.publish(a_session("other", good), 9)
            await asyncio.to_thread(receiver.wait_count, 1)
            assert len(await notes(post)) == 3

        with_post(tmp_path, work)


def test_a_session_with_thousands_of_silent_receivers_delays_neither_start_nor_stop_nor_a_neighbour(
    tmp_path: Path,
) -> None:
    """As an earlier version could store it; the door refuses more than TUNTAS_MAX_WEBHOOKS."""
    with hostile(says_nothing) as silent, Receiver() as receiver:
        many = [Subscription(f"{silent.url}?{number}", ("*",), None, PATIENT) for number in range(2000)]
        slowest: list[float] = []

        async def before(post: Post) -> None:
            await post.publish(a_session("many", *many), 1)

        with_post(tmp_path, before)

        async def watch() -> None:
            while True:
                # Of this thread's own work: how long the machine's other work takes says nothing of ours.
                begun = time.thread_time()
                await asyncio.sleep(0.01)
                slowest.append(time.thread_time() - begun)

        async def after(post: Post) -> None:
            watching = asyncio.get_running_loop().create_task(watch(), name="watch")
            neighbour = a_session("neighbour", Subscription(receiver.url, ("*",), None, ONCE))
            begun = time.monotonic()
            for number in range(20):
                await post.publish(neighbour, number)
            await asyncio.to_thread(receiver.wait_count, 20)
            assert time.monotonic() - begun < 15
            assert len(asyncio.all_tasks()) < 64
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

        begun = time.monotonic()
        with_post(tmp_path, after, timeout_seconds=60.0, limit_seconds=60)
        assert time.monotonic() - begun < 30
    assert numbers(receiver.seen) == list(range(20))
    assert max(slowest) < 1.0


@pytest.mark.parametrize("answer", [says_nothing, drips_its_head, resets])
def test_two_hundred_bad_receivers_leave_room_for_a_good_one(tmp_path: Path, answer: Answer) -> None:
    with hostile(answer) as bad, Receiver() as receiver:

        async def work(post: Post) -> None:
            impatient = Retries(RetryPolicy.CONSTANT, delay_seconds=0.0, attempts=1000)
            for session in range(10):
                hooks = [Subscription(f"{bad.url}?{session}-{number}", ("*",), None, impatient) for number in range(20)]
                await post.publish(a_session(f"bad{session}", *hooks), 1, 2)
            # Past the first attempts, in which nobody knows yet who is bad.
            await until(lambda: _has(lambda: sum(one.failures > 0 for one in post.deliverer.reports()) == 200))
            good = a_session("good", Subscription(receiver.url, ("*",), None, ONCE))
            # With all room taken each of the first turns would wait for somebody's timeout.
            begun = time.monotonic()
            for number in range(10):
                await post.publish(good, number)
                await asyncio.to_thread(receiver.wait_count, number + 1)
            assert time.monotonic() - begun < 10

        with_post(tmp_path, work, timeout_seconds=5.0, limit_seconds=90)
    assert numbers(receiver.seen) == list(range(10))


async def _has(look: Callable[[], bool]) -> bool:
    return look()


def test_a_lane_without_a_delivery_for_long_is_reported_as_stuck_until_it_is_mended(tmp_path: Path) -> None:
    with Receiver(answers=[500] * 3) as receiver:
        quick = Retries(RetryPolicy.CONSTANT, delay_seconds=0.2, attempts=99)

        async def work(post: Post) -> None:
            await post.publish(a_session("s", Subscription(receiver.url, ("*",), None, quick)), 1)
            await until(lambda: _has(lambda: any(one.is_stuck and one.failures for one in post.deliverer.reports())))
            (report,) = post.deliverer.reports()
            assert (report.session, report.url, report.error) == ("s", receiver.url, "HTTP 500")
            await asyncio.to_thread(receiver.wait_count, 1)
            await until(lambda: _has(lambda: post.deliverer.reports() == []))

        with_post(tmp_path, work, stuck_seconds=0.1)


def test_a_receiver_that_fails_for_ever_writes_few_lines_into_the_log(tmp_path: Path) -> None:
    often = Retries(RetryPolicy.CONSTANT, delay_seconds=0.0, attempts=12)
    secret = Subscription(f"http://u:hunter2@127.0.0.1:{closed_port()}/?token=hunter2", ("*",), "hunter2", often)
    with capture_logs() as logs:
        (found,) = ended(tmp_path, secret)
    assert found.attempts == 12
    assert [one["in_a_row"] for one in logs if one["event"] == "webhook_failed"] == [1, 10]
    assert "hunter2" not in json.dumps(logs)
