"""The sandbox's page in a real Chromium with the real, unmodified WA-JS: the whole life of a session."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tuntas.browser.browser import Browser
from tuntas.browser.cdp import CdpSession
from tuntas.browser.find import choose
from tuntas.browser.launch import LaunchOptions, launch
from tuntas.browser.tree import StopLimits
from tuntas.sandbox.server import Sandbox, SandboxSettings

ANI, BUDI, NOBODY = "628111000111", "628222000222", "628999000999"
BUDI_CHAT = f"{BUDI}@c.us"
WAIT_SECONDS = 20.0

BEFORE_BUNDLE = """
window.WPPConfig = {disableGoogleAnalytics: true, linkPreviewApiServers: []};
window.timers = [];
for (const name of ["setTimeout", "setInterval"]) {
  const original = window[name];
  window[name] = (callback, delay = 0, ...values) =>
    original((...given) => { window.timers.push([name, delay]); callback(...given); }, delay, ...values);
}
"""
AFTER_BUNDLE = """
WPP.onAny((name, value) => {
  const plain = (each) => each === undefined || each === null || typeof each !== "object" ? each : String(each);
  let said = plain(value);
  if (name === "conn.auth_code_change") said = value && value.fullCode;
  if (name === "chat.new_message") {
    said = {id: String(value.id), from: String(value.from), to: String(value.to), body: value.body, ack: value.ack};
  }
  if (name === "chat.msg_ack_change") said = {ids: value.ids.map(String), ack: value.ack, chat: String(value.chat)};
  window.tell(JSON.stringify([name, said ?? null]));
});
"""


class Page:
    """The page and everything it has told: WA-JS's events, errors, requests, crashes."""

    def __init__(self, browser: Browser, session: CdpSession) -> None:
        self.browser = browser
        self.session = session
        self.events: list[tuple[str, Any]] = []
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self._waiting: set[asyncio.Future[None]] = set()

    async def open(self, url: str) -> None:
        bundle = (files("tuntas") / "whatsapp" / "assets" / "wa-js.js").read_text(encoding="utf-8")
        self.session.on("Runtime.bindingCalled", lambda said: self._add(*json.loads(said["payload"])))
        self.session.on("Runtime.consoleAPICalled", self._console)
        self.session.on("Runtime.exceptionThrown", lambda said: self.errors.append(json.dumps(said)))
        self.session.on(
            "Network.requestWillBeSent", lambda said: self.hosts.add(urlsplit(said["request"]["url"]).netloc)
        )
        self.session.on("Network.webSocketCreated", lambda said: self.hosts.add(urlsplit(said["url"]).netloc))
        self.session.on("Inspector.targetCrashed", lambda _said: self._add("crashed", None))
        for domain in ("Runtime", "Page", "Network", "Inspector"):
            await self.session.call(f"{domain}.enable")
        await self.session.call("Runtime.addBinding", {"name": "tell"})
        for source in (BEFORE_BUNDLE, bundle, AFTER_BUNDLE):
            await self.session.call("Page.addScriptToEvaluateOnNewDocument", {"source": source})
        await self.session.call("Page.navigate", {"url": f"{url}/"}, timeout_seconds=WAIT_SECONDS)

    def _asked(self, url: str) -> None:
        self.hosts.add(urlsplit(url).netloc)

    def _console(self, said: dict[str, Any]) -> None:
        if said["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(each.get("value", each.get("description"))) for each in said["args"]))

    def _add(self, name: str, value: Any) -> None:
        self.events.append((name, value))
        for future in list(self._waiting):
            if not future.done():
                future.set_result(None)

    async def told(self, name: str, where: Callable[[Any], bool] = lambda _value: True, *, after: int = 0) -> Any:
        """Return the value of the first event of this name (and kind) since ``after``, waiting for it."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                for each, value in self.events[after:]:
                    if each == name and where(value):
                        return value
                future = asyncio.get_running_loop().create_future()
                self._waiting.add(future)
                try:
                    await future
                finally:
                    self._waiting.discard(future)

    async def evaluate(self, expression: str) -> Any:
        answer = await self.session.call(
            "Runtime.evaluate",
            {"expression": expression, "awaitPromise": True, "returnByValue": True},
            timeout_seconds=WAIT_SECONDS,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def becomes(self, model: str, name: str, value: str) -> None:
        """Wait until a model of the connection has this value."""
        module = f"require('WAWeb{model}Model').{model}"
        await self.evaluate(
            f"new Promise((resolve) => {{ const check = () => {module}.{name} === {json.dumps(value)} && resolve();"
            f" {module}.on('change:{name}', check); check(); }})"
        )

    async def send(self, text: str, to: str = BUDI_CHAT) -> dict[str, Any]:
        result = await self.evaluate(
            f"WPP.chat.sendTextMessage({json.dumps(to)}, {json.dumps(text)}).then((sent) => JSON.stringify(sent))"
        )
        sent: dict[str, Any] = json.loads(result)
        return sent

    async def texts(self, chat: str = BUDI_CHAT) -> list[list[Any]]:
        found: list[list[Any]] = await self.evaluate(
            f"WPP.chat.getMessages({json.dumps(chat)}, {{count: 50}}).then((all) => all.map((m) => [m.body, m.ack]))"
        )
        return found


class World:
    """A sandbox with two phones, a client for its control side, and browsers on profiles."""

    def __init__(self, sandbox: Sandbox, client: httpx.AsyncClient, folder: Path) -> None:
        self.sandbox = sandbox
        self.client = client
        self.folder = folder

    @contextlib.asynccontextmanager
    async def page(self, profile: str = "profile", *, ready: bool = True) -> AsyncIterator[Page]:
        browser = await launch(LaunchOptions(executable=choose(), profile=self.folder / profile))
        try:
            page = Page(browser, await browser.first_page())
            await page.open(self.sandbox.url)
            if ready:
                await page.told("loader.full_ready")
            yield page
        finally:
            await browser.stop(StopLimits())

    async def ask(self, path: str, **body: Any) -> Any:
        answer = await self.client.post(f"/_sandbox/{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def pair(self, page: Page, number: str = ANI) -> None:
        code = await page.told("conn.auth_code_change", bool)
        await self.ask(f"phones/{number}/scan", qr=code)
        await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")

    async def messages(self, number: str) -> list[dict[str, Any]]:
        answer = await self.client.get(f"/_sandbox/phones/{number}/messages")
        found: list[dict[str, Any]] = answer.json()
        return found

    async def state(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.client.get("/_sandbox/state")).json()
        return found


Story = Callable[[World], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Run a story in a world of its own; settings may be given."""

    def run(story: Story, **settings: Any) -> None:
        async def whole() -> None:
            async with (
                Sandbox(SandboxSettings(port=0, **settings)) as sandbox,
                httpx.AsyncClient(base_url=sandbox.url) as client,
            ):
                world = World(sandbox, client, tmp_path)
                await world.ask("phones", number=ANI, name="Ani")
                await world.ask("phones", number=BUDI, name="Budi Santoso")
                await story(world)

        asyncio.run(whole())

    return run


def test_a_scanned_page_reaches_main_and_sends_and_receives(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            names = [name for name, _ in page.events]
            assert (
                names.index("conn.require_auth") < names.index("conn.authenticated") < names.index("conn.main_loaded")
            )
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
            await page.evaluate("WPP.conn.refreshQR().then(() => true)")
            newest = [code for name, code in page.events if name == "conn.auth_code_change"][-1]
            await world.ask(f"phones/{ANI}/scan", qr=newest)
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")

    play(story, first_ref_seconds=2.0, next_ref_seconds=30.0)


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
                os.kill(page.browser.identity.pid, signal.SIGKILL)
        await world.ask(f"phones/{BUDI}/send", to=ANI, text="while away")
        async with world.page() as page:
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")
            assert await page.evaluate("WPP.conn.isAuthenticated() && String(WPP.conn.getMyUserId())") == f"{ANI}@c.us"
            assert (await page.told("chat.new_message"))["body"] == "while away"
            assert await page.texts() == [["one", 1], ["two", 2], ["while away", 1]]
            assert [name for name, _ in page.events].count("chat.new_message") == 1
            assert page.errors == []
        async with world.page() as page:
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")
            await page.send("three")
            assert [text for text, _ in await page.texts()] == ["one", "two", "while away", "three"]
            bodies = [said["body"] for name, said in page.events if name == "chat.new_message"]
            assert bodies == ["three"]

    play(story)


def test_a_browser_killed_right_after_pairing_is_paired(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            os.kill(page.browser.identity.pid, signal.SIGKILL)
        async with world.page() as page:
            assert await page.evaluate("WPP.conn.isAuthenticated()")

    play(story)


def test_logout_from_the_page_forgets_everything(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="soon forgotten")
            await page.told("chat.new_message")
            old = await page.told("conn.auth_code_change", bool)
            before = len(page.events)
            assert await page.evaluate("WPP.conn.logout()") is True
            assert await page.told("conn.logout_reason", after=before) == "user_initiated"
            await page.told("conn.logout", after=before)
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
            assert await page.told("conn.logout_reason", after=before) == "unknown_companion"
            await page.told("conn.logout", after=before)
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
            await page.becomes("Socket", "state", "TIMEOUT")
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(page.send("written offline"))
                await world.ask(f"phones/{BUDI}/send", to=ANI, text="sent meanwhile")
            assert sending.result()["ack"] >= 1
            assert (await page.told("chat.new_message", lambda said: said["from"] == BUDI_CHAT))[
                "body"
            ] == "sent meanwhile"
            assert await page.evaluate("states[0] + ' ' + states.at(-1)") == "TIMEOUT CONNECTED"
            assert [each["text"] for each in await world.messages(BUDI)].count("written offline") == 1
            assert await page.evaluate("WPP.conn.getStreamData().mode") == "MAIN"

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


def test_a_hung_page_answers_nothing_and_its_browser_can_still_be_ended(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.ask("faults", kind="hang_page")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await page.evaluate("1 + 1")

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
            said = await page.evaluate(caught("WPP.whatsapp.functions.addToLabelCollection()"))
            assert "does not imitate WAWebLabelCollectionActions.addToLabelCollection" in said
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
                "WPP.conn.isMainReady() && WPP.conn.isMainLoaded() && WPP.conn.isMainInit()": True,
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
