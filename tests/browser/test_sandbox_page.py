"""The sandbox's page in a real Chromium with the real, unmodified WA-JS: the whole life of a session."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from support.sandbox_pages import ANI, BUDI, BUDI_CHAT, NOBODY, WAIT_SECONDS, Page, World
from support.until import until


def test_a_scanned_page_reaches_main_and_sends_and_receives(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            modes = [mode for name, mode in page.events if name == "conn.stream_mode_changed"]
            assert modes == ["QR", "SYNCING", "MAIN"]
            names = [name for name, _ in page.events]
            assert "conn.require_auth" in names
            # No module of the real page fires what wa-js makes these of.
            assert not {"conn.authenticated", "conn.main_loaded", "conn.logout"} & set(names)
            assert await page.evaluate("WPP.conn.isAuthenticated() && String(WPP.conn.getMyUserId())") == f"{ANI}@c.us"

            incoming = await world.ask(f"phones/{BUDI}/send", to=ANI, text="halo, apa kabar?")
            heard = await page.told("chat.new_message")
            assert heard == {
                "id": f"false_{BUDI_CHAT}_{incoming['id']}",
                "from": BUDI_CHAT,
                "to": f"{ANI}@c.us",
                "body": "halo, apa kabar?",
                "ack": 1,
            }

            sent = await page.send("baik, lihat https://example.com")
            assert sent["sendMsgResult"]["messageSendResult"] == "OK"
            for ack in (1, 2):
                change = {"ids": [sent["id"]], "ack": ack, "chat": BUDI_CHAT}
                await page.told("chat.msg_ack_change", change.__eq__)
            await world.ask(f"phones/{BUDI}/read", chat=ANI)
            await page.told("chat.msg_ack_change", lambda said: said["ack"] == 3)
            assert [(each["text"], each["ack"]) for each in await world.messages(BUDI)] == [
                ("halo, apa kabar?", 3),  # wa-js marks a chat as read before it writes to it
                ("baik, lihat https://example.com", 3),
            ]
            assert await world.messages(ANI) == await world.messages(BUDI)
            assert page.errors == []
            assert page.hosts == {urlsplit(world.sandbox.url).netloc}
            assert (await world.state())["not_imitated"] == []

    play(story)


def test_the_qr_rotates_and_only_the_newest_one_counts(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            first = await page.told("conn.auth_code_change", bool)
            second = await page.told("conn.auth_code_change", lambda code: code not in (None, first))
            assert first.split(",")[1:] == second.split(",")[1:]
            late = await world.client.post(f"/_sandbox/phones/{ANI}/scan", json={"qr": first})
            assert (late.status_code, late.json()["error"]) == (410, "expired_ref")
            before = len(page.events)
            await page.evaluate(REFRESH_QR)
            newest = await page.told("conn.auth_code_change", bool, after=before)
            await world.ask(f"phones/{ANI}/scan", qr=newest)
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")

    play(story, first_ref_seconds=2.0, next_ref_seconds=30.0)


REFRESH_QR = "require('WAWebBackendEventBus').BackendEventBus.triggerRefreshQR()"


def test_after_six_qrs_the_page_is_idle_until_it_is_told_to_ask_again(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await page.told("conn.qrcode_idle")
            shown = [code for name, code in page.events if name == "conn.auth_code_change" and code]
            late = await world.client.post(f"/_sandbox/phones/{ANI}/scan", json={"qr": shown[-1]})
            assert late.json()["error"] == "expired_ref"
            assert await page.evaluate("require('WAWebStreamModel').Stream.mode") == "QR"
            assert [each["ref"] for each in (await world.state())["devices"]] == [None]
            before = len(page.events)
            await world.ask("times", first_ref_seconds=30.0)
            await page.evaluate(REFRESH_QR)
            code = await page.told("conn.auth_code_change", lambda each: each and each != shown[-1], after=before)
            await world.ask(f"phones/{ANI}/scan", qr=code)
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")
            assert page.errors == []

    play(story, first_ref_seconds=2.0, next_ref_seconds=0.2)


def test_a_qr_scanned_before_the_library_is_there_still_ends_in_main(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page(ready=False) as page:
            async with asyncio.timeout(WAIT_SECONDS):
                while True:
                    with contextlib.suppress(AssertionError):
                        code = await page.evaluate(EARLY_CODE)
                        break
            await world.ask(f"phones/{ANI}/scan", qr=code)
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="first")
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")
            assert (await page.told("chat.new_message"))["body"] == "first"
            assert await page.evaluate("WPP.conn.isAuthenticated()")
            assert page.errors == []

    play(story)


EARLY_CODE = """
(async () => {
  const {Conn} = require("WAWebConnModel"), {encodeB64} = require("WABase64");
  if (!Conn.ref) await new Promise((resolve) => Conn.once("change:ref", resolve));
  const noise = await require("WAWebUserPrefsInfoStore").waNoiseInfo.get();
  const signal = await require("WAWebSignalStoreApi").waSignalStore.getRegistrationInfo();
  return [Conn.ref, encodeB64(noise.staticKeyPair.pubKey), encodeB64(signal.identityKeyPair.pubKey),
          require("WAWebUserPrefsMultiDevice").getADVSecretKey()].join(",");
})()
"""


@pytest.mark.parametrize("end", ["close", "kill"])
def test_a_paired_profile_comes_back_without_a_scan(play: Callable[..., None], end: str) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="one")
            await page.told("chat.new_message")
            await page.send("two")
            if end == "kill":
                await until(lambda: world.is_on_disk("last-wid-md"))
                os.kill(page.browser.identity.pid, signal.SIGKILL)
        await world.ask(f"phones/{BUDI}/send", to=ANI, text="while away")
        async with world.page() as page:
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")
            assert await page.evaluate("WPP.conn.isAuthenticated() && String(WPP.conn.getMyUserId())") == f"{ANI}@c.us"
            assert (await page.told("chat.new_message"))["body"] == "while away"
            async with asyncio.timeout(WAIT_SECONDS):  # that "two" has arrived may be told after what came
                while await page.texts() != [["one", 1], ["two", 2], ["while away", 1]]:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert [name for name, _ in page.events].count("chat.new_message") == 1
            assert page.errors == []
        async with world.page() as page:
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")
            await page.send("three")
            assert [text for text, _ in await page.texts()] == ["one", "two", "while away", "three"]
            bodies = [said["body"] for name, said in page.events if name == "chat.new_message"]
            assert bodies == ["three"]

    play(story)


def test_a_browser_killed_right_after_pairing_knows_what_chromium_has_written(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            os.kill(page.browser.identity.pid, signal.SIGKILL)
            await page.browser.gone.wait()
        is_written = world.is_on_disk("last-wid-md")
        async with world.page() as page:
            if not is_written:
                code = await page.told("conn.auth_code_change", bool)
                await world.ask(f"phones/{ANI}/scan", qr=code)
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")

    play(story)


STARTED_AFTER_MILLISECONDS = (
    "Number(localStorage.getItem('whatsapp-mutex').match(/init_([0-9]+)/)[1]) - performance.timeOrigin"
)


def test_a_mark_that_a_killed_browser_left_costs_a_second(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            assert await page.evaluate("localStorage.getItem('whatsapp-mutex').includes(':init_')")
            await until(lambda: world.is_on_disk("whatsapp-mutex"))
            os.kill(page.browser.identity.pid, signal.SIGKILL)
        async with world.page() as page:
            await page.becomes("Socket", "state", "UNPAIRED")
            assert await page.evaluate(STARTED_AFTER_MILLISECONDS) >= 1000
            # A browser that is closed as a whole tells no page of it: the mark stays unless the page is closed first.
            await page.session.call("Page.close")
        async with world.page() as page:
            assert await page.evaluate("markAtStart") is None

    play(story)


async def logout_events(page: Page, before: int) -> list[str]:
    await page.told("conn.backend_event", lambda name: name == "logout", after=before)
    told = [event for name, event in page.events[before:] if name == "conn.backend_event"]
    return [event for event in told if event in ("starting_logout", "logout")]


def test_logout_from_the_page_forgets_everything(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="soon forgotten")
            await page.told("chat.new_message")
            old = await page.told("conn.auth_code_change", bool)
            before = len(page.events)
            await page.evaluate("void WPP.conn.logout()")
            assert await page.told("conn.logout_reason", after=before) == "user_initiated"
            assert await logout_events(page, before) == ["starting_logout", "logout"]
            new = await page.told("conn.auth_code_change", bool, after=before)
            assert not set(new.split(",")) & set(old.split(","))
            assert "post_logout=1" in await page.evaluate("location.search")
            assert await page.evaluate("WPP.chat.list().then((chats) => chats.length)") == 0
            assert [device["linked"] for device in (await world.state())["devices"]] == [False]
            assert page.errors == []

    play(story)


def test_unlinking_on_the_phone_logs_the_page_out(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            before = len(page.events)
            assert len((await world.ask(f"phones/{ANI}/unlink"))["unlinked"]) == 1
            assert await logout_events(page, before) == ["starting_logout", "logout"]
            assert "conn.logout_reason" not in [name for name, _ in page.events]  # no reason comes with it
            code = await page.told("conn.auth_code_change", bool, after=before)
            await world.ask(f"phones/{BUDI}/scan", qr=code)
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN", after=before)
            assert page.errors == []

    play(story)


def test_a_page_unlinked_while_its_browser_was_closed_asks_for_a_scan(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
        await world.ask(f"phones/{ANI}/unlink")
        async with world.page(ready=False) as page:
            await page.told("conn.auth_code_change", bool)
            assert not await page.evaluate("WPP.conn.isAuthenticated()")

    play(story)


def test_two_sessions_of_two_phones_write_to_each_other_and_a_third_looks_on(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page("a") as ani, world.page("b") as budi, world.page("c") as second:
            await world.pair(ani)
            await world.pair(budi, BUDI)
            await world.pair(second)
            sent = await ani.send("dari Ani")
            heard = await budi.told("chat.new_message")
            assert (heard["from"], heard["body"]) == (f"{ANI}@c.us", "dari Ani")
            mirrored = await second.told("chat.new_message")
            assert mirrored["id"] == sent["id"]
            assert mirrored["from"] == f"{ANI}@c.us"
            await budi.evaluate(f"WPP.chat.markIsRead('{ANI}@c.us').then(() => true)")
            await ani.told("chat.msg_ack_change", lambda said: said["ack"] == 3)
            assert ani.errors == budi.errors == second.errors == []

    play(story)


def test_a_number_that_is_no_phone_does_not_exist_and_cannot_be_written_to(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            assert await page.evaluate(f"WPP.contact.queryExists('{NOBODY}@c.us')") is None
            assert (
                await page.evaluate(f"WPP.contact.queryExists('{BUDI_CHAT}').then((it) => String(it.wid))") == BUDI_CHAT
            )
            sent = await page.send("anybody?", f"{NOBODY}@c.us")
            assert (sent["ack"], sent["sendMsgResult"]["messageSendResult"]) == (-1, "ERROR_UNKNOWN")

    play(story)


def test_a_dropped_socket_comes_back_and_nothing_is_lost_meanwhile(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await page.evaluate(
                "window.states = []; require('WAWebSocketModel').Socket.on('change:state', (_, s) => states.push(s)); 0"
            )
            await world.ask("faults", kind="drop_socket", number=ANI, seconds=1.0)
            await page.becomes("Socket", "stream", "DISCONNECTED")
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(page.send("written offline"))
                await world.ask(f"phones/{BUDI}/send", to=ANI, text="sent meanwhile")
            assert sending.result()["ack"] >= 1
            assert (await page.told("chat.new_message", lambda said: said["from"] == BUDI_CHAT))[
                "body"
            ] == "sent meanwhile"
            await page.becomes("Socket", "state", "CONNECTED")
            assert await page.evaluate("states.slice(-3).join(' ')") == "OPENING PAIRING CONNECTED"
            assert [each["text"] for each in await world.messages(BUDI)].count("written offline") == 1
            await page.becomes("Stream", "mode", "MAIN")

    play(story)


def test_a_slow_sandbox_answers_late(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask("faults", kind="slow", number=ANI, seconds=0.5)
            started = time.monotonic()
            await page.send("patience")
            assert time.monotonic() - started >= 0.5

    play(story)


def test_a_crashed_renderer_is_a_true_crash(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            assert len((await world.ask("faults", kind="crash_page"))["devices"]) == 1
            await page.told("crashed")
            assert not page.browser.gone.is_set()

    play(story)


async def until_silent(page: Page) -> None:
    """Return when the page answers nothing any more; the fault may be on its way still."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            try:
                async with asyncio.timeout(1):
                    await page.evaluate("1 + 1")
            except TimeoutError:
                return


def test_a_hung_page_answers_nothing_and_its_browser_can_still_be_ended(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.ask("faults", kind="hang_page")
            await until_silent(page)

    play(story)


def test_a_removed_module_is_missed_from_the_next_load_on_and_can_be_restored(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("faults", kind="remove_module", module="WAWebSendMsgChatAction")
        async with world.page() as page:
            await world.pair(page)
            assert await page.evaluate("typeof WPP.whatsapp.functions.addAndSendMsgToChat") == "undefined"
            assert any("addAndSendMsgToChat was not found" in error for error in page.errors)
            await world.ask("faults", kind="remove_module", module=None)
            before = len(page.events)
            await page.session.call("Page.reload")
            await page.told("loader.full_ready", after=before)
            assert await page.evaluate("typeof WPP.whatsapp.functions.addAndSendMsgToChat") == "function"

    play(story)


def test_what_is_not_imitated_says_so(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            said = await page.evaluate(caught("WPP.whatsapp.functions.encodeMaybeMediaType()"))
            assert "does not imitate WAWebBackendJobsCommon.encodeMaybeMediaType" in said
            assert 'unknown module "WAWebNoSuch"' in await page.evaluate(caught("require('WAWebNoSuch')"))

    play(story)


def caught(expression: str) -> str:
    tried = f"try {{ await {expression}; return 'nothing' }} catch (error) {{ return String(error) }}"
    return f"(async () => {{ {tried} }})()"


def test_a_message_can_be_answered_also_after_a_restart(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            asked = await world.ask(f"phones/{BUDI}/send", to=ANI, text="berapa?")
            await page.told("chat.new_message")
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="yang lain", quoted=asked["id"])
            await page.told("chat.new_message", lambda said: said["body"] == "yang lain")
        async with world.page() as page:
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")
            await page.evaluate(
                f"WPP.chat.sendTextMessage('{BUDI_CHAT}', 'dua', {{quotedMsg: 'false_{BUDI_CHAT}_{asked['id']}'}})"
                ".then(() => true)"
            )
            answer = (await world.messages(BUDI))[-1]
            assert answer["quoted"] == {"id": asked["id"], "from": BUDI, "text": "berapa?"}
            ids = f"WPP.chat.getMessages('{BUDI_CHAT}').then((all) => all.map((m) => m.quotedStanzaID ?? null))"
            assert await page.evaluate(ids) == [None, asked["id"], asked["id"]]
            assert page.errors == []

    play(story)


def test_the_functions_of_a_working_session_are_silent(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="halo")
            message = await page.told("chat.new_message")
            for expression, expected in {
                "WPP.conn.isOnline()": True,
                "WPP.conn.isMainReady() && WPP.conn.isMainInit()": True,
                "WPP.conn.needsUpdate()": False,
                "WPP.conn.isRegistered()": True,
                "WPP.conn.getPlatform()": "android",
                "WPP.conn.getAuthCode()": None,
                "String(WPP.conn.getMyUserLid()).endsWith('@lid')": True,
                "WPP.chat.list().then((all) => all.map((chat) => [chat.formattedTitle, chat.unreadCount]))": [
                    ["Budi Santoso", 1]
                ],
                "WPP.chat.list({onlyWithUnreadMessage: true}).then((all) => all.length)": 1,
                f"WPP.chat.find('{BUDI_CHAT}').then((chat) => String(chat.id))": BUDI_CHAT,
                f"WPP.chat.getMessageById('{message['id']}').then((found) => found.body)": "halo",
                f"WPP.chat.markIsRead('{BUDI_CHAT}').then((read) => read.unreadCount)": 1,
                f"WPP.chat.markIsUnread('{BUDI_CHAT}').then((chat) => String(chat.wid))": BUDI_CHAT,
                f"WPP.chat.canReply('{message['id']}')": True,
                f"WPP.contact.get('{BUDI_CHAT}').then((contact) => contact.formattedName)": "Budi Santoso",
                "WPP.contact.list().then((all) => all.map((contact) => contact.isMe).sort())": [False, True],
                "WPP.conn.markAvailable()": True,
                # What wa-js patches one second after it is ready must be there too.
                "new Promise((resolve) => setTimeout(resolve, 1200, true))": True,
            }.items():
                assert await page.evaluate(expression) == expected, expression
            assert page.errors == []

    play(story)


def test_an_idle_page_runs_no_timer_more_often_than_once_a_second(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            # wa-js patches one second after it is ready; from then on it is quiet, and so must we be.
            fired = await page.evaluate(
                "(async () => { const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms));"
                " await pass(1500); timers.length = 0; await pass(4000); return timers; })()"
            )
            assert len([delay for _, delay in fired if delay != 4000]) <= 4
            assert page.errors == []

    play(story)
