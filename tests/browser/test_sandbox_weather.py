"""What the page's own modules say while something is wrong with the server, the network, the disk or the account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from support.sandbox_pages import ANI, BUDI, BUDI_CHAT, Page, World, soon

STANDING = """
(() => { const {Socket} = require("WAWebSocketModel"), {Stream} = require("WAWebStreamModel");
  return [Socket.state, Socket.stream, Stream.mode, Stream.info].join(" "); })()
"""
BACKEND_EVENTS = """
window.backendEvents = [];
WPP.on("conn.backend_event", (name, data) => backendEvents.push([name, data ?? null]));
0
"""


async def told(page: Page, event: str) -> list[Any]:
    """Return what the page's backend has told under this name since it was listened to."""
    ours = f"backendEvents.filter(([name]) => name === {json.dumps(event)}).map(([, data]) => data)"
    found: list[Any] = await page.evaluate(ours)
    return found


async def send(page: Page, chat: str, text: str) -> dict[str, Any]:
    """Return what became of a message, taken or not."""
    sending = f"WPP.chat.sendTextMessage('{chat}', '{text}').then((sent) => sent.sendMsgResult)"
    result: dict[str, Any] = await page.evaluate(sending)
    return result


async def standing(page: Page) -> str:
    said: str = await page.evaluate(STANDING)
    return said


def test_a_login_elsewhere_stops_the_page_and_shows_in_the_stream_only(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            struck = await world.ask("faults", kind="replaced", number=ANI)
            assert len(struck["devices"]) == 1
            await page.becomes("Socket", "stream", "DISCONNECTED")
            assert await standing(page) == "CONNECTED DISCONNECTED MAIN NORMAL"
            await page.reload()
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN", after=len(page.events))

    play(story)


def test_a_temporary_ban_is_told_with_its_end_and_lifted_when_its_time_is_up(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await page.evaluate(BACKEND_EVENTS)
            await world.ask("faults", kind="temp_ban", number=ANI, seconds=2, code=104, message="too many messages")
            await page.told("conn.backend_event", "account_temporarily_banned".__eq__, after=len(page.events))
            await page.becomes("Socket", "stream", "DISCONNECTED")
            await page.becomes("Socket", "stream", "CONNECTED")
            bans = await told(page, "account_temporarily_banned")
            assert bans[-1] == {"banned": False}
            first = bans[0]
            assert (first["banned"], first["code"], first["message"]) == (True, 104, "too many messages")
            assert 0 < first["expire"] <= 2
            assert page.errors == []

    play(story, reconnect_seconds=0.3)


def test_a_banned_account_does_not_pair(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("faults", kind="temp_ban", number=ANI)
        async with world.page() as page:
            await page.evaluate(BACKEND_EVENTS)
            code = await page.told("conn.auth_code_change", bool)
            await world.ask(f"phones/{ANI}/scan", qr=code)
            await page.told("conn.backend_event", lambda name: name == "account_temporarily_banned")
            assert "MAIN" not in await standing(page)

    play(story)


def test_a_service_that_is_unavailable_is_told_until_it_is_back(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await page.evaluate(BACKEND_EVENTS)
            await world.ask("faults", kind="service_unavailable", number=ANI)
            await page.told(
                "conn.backend_event", lambda name: name == "service_unavailable_503", after=len(page.events)
            )
            await page.becomes("Socket", "stream", "DISCONNECTED")
            await world.ask("faults", kind="clear", fault="service_unavailable")
            await page.becomes("Socket", "stream", "CONNECTED")
            assert len(await told(page, "service_unavailable_503")) >= 1

    play(story, reconnect_seconds=0.3)


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ({"kind": "terms"}, "TOS_BLOCK"),
        ({"kind": "terms", "business": True}, "SMB_TOS_BLOCK"),
        ({"kind": "update_required"}, "DEPRECATED_VERSION"),
    ],
)
def test_a_page_that_is_blocked_says_why_in_its_state_and_mode(
    play: Callable[..., None], fault: dict[str, Any], state: str
) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask("faults", number=ANI, **fault)
            await page.becomes("Socket", "state", state)
            assert (await standing(page)).split()[:3] == [state, "DISCONNECTED", state]
            needs_update = await page.evaluate("require('WAWebStreamModel').Stream.needsUpdate")
            assert needs_update is (state == "DEPRECATED_VERSION")
            # It is so from the start on the next load, until somebody has mended it.
            await page.reload()
            await page.becomes("Socket", "state", state)
            await world.ask("faults", kind="clear")
            await page.reload()
            await page.becomes("Socket", "state", "CONNECTED")

    play(story)


def test_a_storage_that_cannot_be_opened_logs_the_page_out(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask("faults", kind="storage_failure", number=ANI)
            before = len(page.events)
            await page.reload()
            # Its keys are gone; the next document is nobody's, so the fault does not meet it any more.
            await page.told("conn.auth_code_change", bool, after=before)
            assert await page.evaluate("location.search") == "?post_logout=1&logout_reason=0"

    play(story)


def test_a_disk_that_takes_no_more_fails_sends_by_name_and_loses_nothing_that_came(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask("faults", kind="storage_failure", number=ANI, writes=True)
            sending = f"WPP.chat.sendTextMessage('{BUDI_CHAT}', 'x').then(() => 'sent', (error) => error.name)"
            assert await page.evaluate(sending) == "QuotaExceededError"
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="kept by the server")
            await world.ask("faults", kind="clear", fault="storage_failure")
            # What could not be stored stays with the server, which brings it again.
            await page.evaluate("require('WAWebSocketModel').Socket.reconnect()")
            heard = await page.told("chat.new_message", lambda said: said["from"] == BUDI_CHAT)
            assert heard["body"] == "kept by the server"

    play(story)


def test_a_page_for_other_browsers_has_no_modules_and_says_what_it_wants(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("faults", kind="unsupported_page")
        async with world.page(ready=False) as page:
            title = soon("document.title", "document.title")
            assert await page.evaluate(title) == "WhatsApp Web"
            assert "WhatsApp works with Google Chrome" in await page.evaluate("document.body.innerText")
            assert await page.evaluate("typeof __d") == "undefined"

    play(story)


def test_a_message_that_comes_as_ciphertext_is_read_later_or_never(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            listen = "WPP.whatsapp.MsgStore.on('add change:type', (m) => types.push([m.type, m.body ?? null]))"
            await page.evaluate(f"window.types = []; {listen}; 0")
            await world.ask("faults", kind="ciphertext_first", number=ANI, seconds=0.5)
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="read me later")
            read = soon("types.length > 1", "types")
            assert await page.evaluate(read) == [["ciphertext", None], ["chat", "read me later"]]
            assert [body for body, _ in await page.texts()] == ["read me later"]
            await world.ask("faults", kind="ciphertext_first", number=ANI)
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="never to be read")
            third = soon("types.length > 2", "types[2]")
            assert await page.evaluate(third) == ["ciphertext", None]
            assert page.errors == []

    play(story)


def test_an_account_under_a_timelock_writes_to_those_who_wrote_to_it_only(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask("faults", kind="timelock", number=ANI, seconds=3600, enforcement_type="WEB_COMPANION_ONLY")
            assert (await send(page, BUDI_CHAT, "hello stranger"))["error"] == "463"
            said = await page.evaluate("require('WAWebMexFetchReachoutTimelockJob').mexFetchReachoutTimelock()")
            assert (said["is_active"], said["enforcement_type"]) == (True, "WEB_COMPANION_ONLY")
            assert int(said["time_enforcement_ends"]) > 1_700_000_000
            assert await page.evaluate("require('WAWebReachoutTimelockUtils').isUserReachoutTimelocked()")
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="I know you")
            await page.told("chat.new_message", lambda each: each["from"] == BUDI_CHAT)
            assert (await page.send("so do I"))["ack"] >= 1
            await world.ask("faults", kind="clear", fault="timelock")
            await page.evaluate(soon("!require('WAWebReachoutTimelockUtils').isUserReachoutTimelocked()"))

    play(story)


def test_an_account_that_is_capped_begins_only_so_many_chats(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("phones", number="628333000333", name="Citra")
        async with world.page() as page:
            await world.pair(page)
            await world.ask("faults", kind="capping", number=ANI, quota=1)
            assert (await page.send("the first"))["ack"] >= 1
            assert (await page.send("and on in the same chat"))["ack"] >= 1
            refused = await send(page, "628333000333@c.us", "the second")
            assert refused["messageSendResult"] == "ERROR_RATE_LIMIT"
            job = "require('WAWebMexFetchNewChatMessageCappingInfoJob').mexFetchNewChatMessageCapping()"
            info = await page.evaluate(job)
            assert (info["total_quota"], info["used_quota"], info["capping_status"]) == (1, 1, "CAPPED")

    play(story)


def test_a_network_that_is_away_answers_nothing_and_the_control_side_goes_on(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask("faults", kind="network_down")
            await page.becomes("Socket", "stream", "DISCONNECTED")
            await page.becomes("Socket", "state", "OPENING")
            failed = await page.evaluate("fetch('/').then(() => 'answered', (error) => error.name)")
            assert failed == "TypeError"
            await world.ask("faults", kind="clear", fault="network_down")
            await page.becomes("Socket", "stream", "CONNECTED")
            assert await page.evaluate("fetch('/').then((answer) => answer.status)") == 200

    play(story, reconnect_seconds=0.3)


def test_a_half_open_connection_looks_well_and_brings_nothing_until_it_is_back(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask("faults", kind="network_down", number=ANI, mode="half_open")
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="held up")
            sending = f"WPP.chat.sendTextMessage('{BUDI_CHAT}', 'stuck')"
            await page.evaluate(f"window.sent = false; {sending}.then(() => (sent = true)); 0")

            assert await standing(page) == "CONNECTED CONNECTED MAIN NORMAL"
            assert not await page.evaluate("new Promise((resolve) => setTimeout(() => resolve(sent), 500))")
            assert await world.messages(BUDI) == await world.messages(ANI)
            assert [each["text"] for each in await world.messages(BUDI)] == ["held up"]
            await world.ask("faults", kind="clear")
            assert (await page.told("chat.new_message", lambda said: said["from"] == BUDI_CHAT))["body"] == "held up"
            await page.told("chat.msg_ack_change", lambda said: said["ack"] == 2)

    play(story)
