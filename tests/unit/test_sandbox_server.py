"""The sandbox's server over real HTTP and WebSockets, with pages played by hand."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tuntas.foundation.http_server import PortTaken
from tuntas.sandbox.server import Sandbox, SandboxSettings, create_app, serve
from tuntas.sandbox.site import SCRIPTS
from tuntas.sandbox.store import FILE_NAME, UnreadableStateError

ANI, BUDI, NOBODY = "628111000111", "628222000222", "628999000999"
WAIT_SECONDS = 5.0


@dataclass
class PlayedPage:
    """What a page does on its socket."""

    socket: ClientConnection
    device: str

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_SECONDS):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
            return frame

    async def kinds(self, count: int) -> list[str]:
        return [(await self.next())["kind"] for _ in range(count)]

    async def tell(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    def qr(self, ref: str) -> str:
        return f"{ref},noise-{self.device},identity-{self.device},secret"


@dataclass
class World:
    url: str
    client: httpx.AsyncClient

    @asynccontextmanager
    async def page(self, device: str, *, paired: bool = False) -> AsyncIterator[PlayedPage]:
        async with connect(self.url.replace("http", "ws", 1) + "/_sandbox/socket") as opened:
            page = PlayedPage(opened, device)
            await page.tell(
                kind="hello",
                device=device,
                noise_key=f"noise-{device}",
                identity_key=f"identity-{device}",
                paired=paired,
            )
            yield page

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.client.post(f"/_sandbox/{path}", json={} if body is None else body, headers=headers)

    async def phones(self) -> None:
        await self.post("phones", {"number": ANI, "name": "Ani"})
        await self.post("phones", {"number": BUDI, "name": "Budi"})

    async def pair(self, page: PlayedPage, number: str = ANI) -> None:
        ref = (await page.next())["ref"]
        answer = await self.post(f"phones/{number}/scan", {"qr": page.qr(ref)})
        assert answer.status_code == 200, answer.text
        assert await page.kinds(2) == ["pairing", "welcome"]


Story = Callable[[World], Awaitable[None]]


def play(story: Story, **settings: Any) -> None:
    async def whole() -> None:
        async with (
            Sandbox(SandboxSettings(**({"port": 0, "pairing_seconds": 0.0} | settings))) as sandbox,
            httpx.AsyncClient(base_url=sandbox.url) as client,
        ):
            await story(World(sandbox.url, client))

    asyncio.run(whole())


def code(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"error", "message"}
    assert body["message"]
    return answer.status_code, body["error"]


def test_the_page_and_all_its_scripts_are_served_in_order() -> None:
    async def story(world: World) -> None:
        html = (await world.client.get("/")).text
        places = [html.index(f"/_sandbox/page/{name}") for name in SCRIPTS]
        assert places == sorted(places)
        assert html.index("/_sandbox/settings.js") < places[0]
        for name in SCRIPTS:
            script = await world.client.get(f"/_sandbox/page/{name}")
            assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
            known = {"if-none-match": script.headers["etag"]}
            assert (await world.client.get(f"/_sandbox/page/{name}", headers=known)).status_code == 304
        assert (await world.client.get("/_sandbox/page/index.html")).status_code == 404
        assert "sandboxSettings" in (await world.client.get("/_sandbox/settings.js")).text

    play(story)


def test_a_phone_is_added_once_and_renamed_after_that() -> None:
    async def story(world: World) -> None:
        assert (await world.post("phones", {"number": ANI, "name": "Ani"})).status_code == 201
        again = await world.post("phones", {"number": ANI, "name": "Ani W."})
        assert (again.status_code, again.json()["name"]) == (200, "Ani W.")
        state = (await world.client.get("/_sandbox/state")).json()
        assert [phone["number"] for phone in state["phones"]] == [ANI]

    play(story)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"number": "+628111000111"},
        {"number": "0811"},
        {"number": 628111000111},
        {"number": ANI, "name": ""},
        {"number": ANI, "nickname": "x"},
        [],
        "text",
    ],
)
def test_bad_phones_are_refused_and_change_nothing(body: Any) -> None:
    async def story(world: World) -> None:
        assert code(await world.post("phones", body)) == (422, "invalid_request")
        assert (await world.client.get("/_sandbox/state")).json()["phones"] == []

    play(story)


def test_a_body_that_is_no_json_is_refused() -> None:
    async def story(world: World) -> None:
        assert code(await world.client.post("/_sandbox/phones", content=b"{")) == (422, "invalid_request")

    play(story)


def test_unknown_phones_are_named() -> None:
    async def story(world: World) -> None:
        for path, body in (
            (f"phones/{NOBODY}/scan", {"qr": "a,b,c,d"}),
            (f"phones/{NOBODY}/unlink", {}),
            (f"phones/{NOBODY}/send", {"to": ANI, "text": "x"}),
            (f"phones/{NOBODY}/read", {"chat": ANI}),
        ):
            answer = await world.post(path, body)
            assert code(answer) == (404, "unknown_phone")
            assert NOBODY in answer.json()["message"]
        assert code(await world.client.get(f"/_sandbox/phones/{NOBODY}/messages")) == (404, "unknown_phone")

    play(story)


def test_the_control_side_refuses_foreign_hosts_and_foreign_web_pages() -> None:
    async def story(world: World) -> None:
        body = {"number": ANI}
        assert code(await world.post("phones", body, host="sandbox.example.com")) == (403, "forbidden")
        assert code(await world.post("phones", body, host="127.0.0.1.example.com")) == (403, "forbidden")
        assert code(await world.post("phones", body, origin="https://evil.example.com")) == (403, "forbidden")
        assert (await world.post("phones", body, host="localhost")).status_code == 201
        assert (await world.post("phones", body, origin=world.url)).status_code == 200
        # The page itself has to be reachable by another name, for libraries that insist on WhatsApp's own.
        assert (await world.client.get("/", headers={"host": "web.whatsapp.com"})).status_code == 200

    play(story)


def test_a_page_gets_refs_one_after_the_other_and_pairs_with_the_newest() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as page:
            first, second = await page.next(), await page.next()
            assert [each["kind"] for each in (first, second)] == ["ref", "ref"]
            assert (first["seconds"], second["seconds"]) == (0.1, 30.0)
            late = await world.post(f"phones/{ANI}/scan", {"qr": page.qr(first["ref"])})
            assert code(late) == (410, "expired_ref")
            foreign = await world.post(f"phones/{ANI}/scan", {"qr": f"{second['ref']},other,keys,secret"})
            assert code(foreign) == (409, "unknown_ref")
            never = await world.post(f"phones/{ANI}/scan", {"qr": page.qr("2@invented")})
            assert code(never) == (409, "unknown_ref")
            assert code(await world.post(f"phones/{ANI}/scan", {"qr": "nonsense"})) == (422, "malformed_qr")
            scanned = await world.post(f"phones/{ANI}/scan", {"qr": page.qr(second["ref"])})
            assert scanned.json() == {"number": ANI, "device": "d1"}
            pairing = await page.next()
            assert (pairing["kind"], pairing["number"], pairing["name"]) == ("pairing", ANI, "Ani")
            welcome = await page.next()
            assert (welcome["kind"], welcome["number"], welcome["name"]) == ("welcome", ANI, "Ani")
            again = await world.post(f"phones/{ANI}/scan", {"qr": page.qr(second["ref"])})
            assert code(again) == (410, "expired_ref")

    play(story, first_ref_seconds=0.1, next_ref_seconds=30.0)


def test_a_page_gets_six_refs_and_then_none_until_it_connects_anew() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as page:
            frames = [await page.next() for _ in range(7)]
            assert [each["kind"] for each in frames] == ["ref"] * 6 + ["idle"]
            assert [each["seconds"] for each in frames[:6]] == [0.1] + [0.02] * 5
            late = await world.post(f"phones/{ANI}/scan", {"qr": page.qr(frames[5]["ref"])})
            assert code(late) == (410, "expired_ref")
        slower = await world.post("times", {"first_ref_seconds": 30.0})
        assert slower.json()["first_ref_seconds"] == 30.0
        async with world.page("d1") as page:
            ref = (await page.next())["ref"]
            await world.post(f"phones/{ANI}/scan", {"qr": page.qr(ref)})
            assert (await page.next())["kind"] == "pairing"

    play(story, first_ref_seconds=0.1, next_ref_seconds=0.02)


@pytest.mark.parametrize("body", [{"first_ref_seconds": -1}, {"refs_in_a_round": 0}, {"tea_seconds": 1}])
def test_times_that_make_no_sense_are_refused(body: dict[str, Any]) -> None:
    async def story(world: World) -> None:
        assert code(await world.post("times", body)) == (422, "invalid_request")

    play(story)


def test_a_ref_dies_with_its_page() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as page:
            qr = page.qr((await page.next())["ref"])
        async with asyncio.timeout(WAIT_SECONDS):
            while (await world.client.get("/_sandbox/state")).json()["devices"]:
                pass
        assert code(await world.post(f"phones/{ANI}/scan", {"qr": qr})) == (410, "expired_ref")

    play(story)


def test_a_reply_comes_before_the_receipt_that_follows_from_it() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as page:
            await world.pair(page)
            await page.tell(kind="send", request=7, id="M1", to=BUDI, text="halo", timestamp=1_700_000_000)
            assert await page.next() == {"kind": "reply", "request": 7, "ok": True}
            receipt = await page.next()
            assert receipt["event"] == {"kind": "ack", "chat": BUDI, "ids": ["M1"], "ack": 2}
            await page.tell(kind="send", request=8, id="M2", to=NOBODY, text="halo", timestamp=1_700_000_000)
            assert await page.next() == {"kind": "reply", "request": 8, "ok": False, "error": "unknown_phone"}
            await page.tell(kind="exists", request=9, number=NOBODY)
            assert (await page.next())["ok"] is False
            await page.tell(kind="exists", request=10, number=BUDI)
            assert (await page.next())["phone"]["name"] == "Budi"
            read = await world.post(f"phones/{BUDI}/read", {"chat": ANI})
            assert read.json() == {"read": 1}
            assert (await page.next())["event"]["ack"] == 3
            messages = (await world.client.get(f"/_sandbox/phones/{BUDI}/messages")).json()
            assert messages == [
                {"id": "M1", "from": ANI, "to": BUDI, "text": "halo", "timestamp": 1_700_000_000, "ack": 3}
            ]

    play(story)


def test_an_answer_carries_what_it_answers() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as page:
            await world.pair(page)
            asked = (await world.post(f"phones/{BUDI}/send", {"to": ANI, "text": "berapa?"})).json()
            await page.next()
            quote = {"id": asked["id"], "from": BUDI, "text": "berapa?"}
            await page.tell(kind="send", request=1, id="M1", to=BUDI, text="dua", timestamp=1_700_000_000, quoted=quote)
            assert (await page.next())["ok"] is True
            await page.next()
            answered = await world.post(f"phones/{BUDI}/send", {"to": ANI, "text": "dua apa?", "quoted": "M1"})
            assert answered.json()["quoted"] == {"id": "M1", "from": ANI, "text": "dua"}
            assert (await page.next())["event"]["message"]["quoted"]["id"] == "M1"
            messages = (await world.client.get(f"/_sandbox/phones/{ANI}/messages")).json()
            assert [message.get("quoted", {}).get("text") for message in messages] == [None, "berapa?", "dua"]
            unknown = await world.post(f"phones/{BUDI}/send", {"to": ANI, "text": "x", "quoted": "M9"})
            assert code(unknown) == (404, "unknown_message")

    play(story)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "{}", '{"kind": "meteor"}', '{"kind": "send", "request": 1}', '{"kind": "hello", "device": "a,b"}'],
)
@pytest.mark.parametrize("greeted", [False, True])
def test_a_connection_that_speaks_another_language_is_closed(text: str, greeted: bool) -> None:
    async def story(world: World) -> None:
        await world.phones()
        if greeted:
            async with world.page("d1") as page:
                assert await page.kinds(1) == ["ref"]
                await page.socket.send(text)
                with pytest.raises(ConnectionClosed) as closed:
                    await page.next()
        else:
            async with connect(world.url.replace("http", "ws", 1) + "/_sandbox/socket") as opened:
                await opened.send(text)
                with pytest.raises(ConnectionClosed) as closed:
                    await PlayedPage(opened, "d1").next()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008

    play(story)


def test_a_connection_that_says_nothing_is_closed() -> None:
    async def story(world: World) -> None:
        async with connect(world.url.replace("http", "ws", 1) + "/_sandbox/socket") as opened:
            with pytest.raises(ConnectionClosed):
                await PlayedPage(opened, "d1").next()

    play(story, hello_seconds=0.1)


def test_what_was_sent_while_a_page_was_away_waits_until_the_page_has_stored_it() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as page:
            await world.pair(page)
        for text in ("one", "two"):
            assert (await world.post(f"phones/{BUDI}/send", {"to": ANI, "text": text})).json()["text"] == text
        async with world.page("d1", paired=True) as page:
            assert await page.kinds(1) == ["welcome"]
            events = [await page.next(), await page.next()]
            assert [each["event"]["message"]["text"] for each in events] == ["one", "two"]
            await page.tell(kind="stored", sequence=events[0]["sequence"])
            await page.tell(kind="exists", request=1, number=BUDI)
            await page.next()  # its reply: what was told before has been heard
        async with world.page("d1", paired=True) as page:
            assert await page.kinds(1) == ["welcome"]
            assert (await page.next())["event"]["message"]["text"] == "two"

    play(story)


def test_a_page_whose_link_is_gone_is_told_so() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as page:
            await world.pair(page)
            assert (await world.post(f"phones/{ANI}/unlink", {"device": "d1"})).json() == {"unlinked": ["d1"]}
            assert await page.kinds(1) == ["unlinked"]
            with pytest.raises(ConnectionClosed):
                await page.next()
        assert code(await world.post(f"phones/{ANI}/unlink", {"device": "d1"})) == (404, "unknown_device")
        async with world.page("d1", paired=True) as page:
            assert await page.kinds(1) == ["unlinked"]
        async with world.page("d1") as page:
            assert await page.kinds(1) == ["ref"]

    play(story)


def test_a_logout_by_the_page_unlinks_it() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as page:
            await world.pair(page)
            await page.tell(kind="logout", request=1)
            assert await page.next() == {"kind": "reply", "request": 1, "ok": True}
            with pytest.raises(ConnectionClosed):
                await page.next()
        assert (await world.post(f"phones/{ANI}/unlink")).json() == {"unlinked": []}

    play(story)


def test_a_second_connection_of_a_device_takes_over_from_the_first() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as old:
            await world.pair(old)
            async with world.page("d1", paired=True) as new:
                assert await old.kinds(1) == ["replaced"]
                assert await new.kinds(1) == ["welcome"]
                with pytest.raises(ConnectionClosed):
                    await old.next()
                device = (await world.client.get("/_sandbox/state")).json()["devices"][0]
                assert (device["connected"], device["state"]) == (True, "connected")

    play(story)


def test_a_dropped_device_is_refused_for_a_while_and_others_are_not() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as ani, world.page("d2") as budi:
            await world.pair(ani)
            await world.pair(budi, BUDI)
            dropped = await world.post("faults", {"kind": "drop_socket", "number": ANI, "seconds": 60})
            assert dropped.json() == {"kind": "drop_socket", "devices": ["d1"]}
            with pytest.raises(ConnectionClosed):
                await ani.next()
            await budi.tell(kind="exists", request=1, number=ANI)
            assert (await budi.next())["ok"] is True
        async with world.page("d1", paired=True) as ani:
            with pytest.raises(ConnectionClosed):
                await ani.next()
        await world.post("faults", {"kind": "clear"})
        async with world.page("d1", paired=True) as ani:
            assert await ani.kinds(1) == ["welcome"]

    play(story)


def test_a_connection_that_is_dropped_for_no_time_is_closed_and_may_come_back_at_once() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as ani:
            await world.pair(ani)
            await world.post("faults", {"kind": "drop_socket"})
            with pytest.raises(ConnectionClosed):
                await ani.next()
        async with world.page("d1", paired=True) as ani:
            assert await ani.kinds(1) == ["welcome"]

    play(story)


def test_a_slow_phone_gets_its_answers_late_and_in_order() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as page:
            await world.pair(page)
            await world.post("faults", {"kind": "slow", "number": ANI, "seconds": 0.2})
            started = time.monotonic()
            await page.tell(kind="exists", request=1, number=BUDI)
            await page.tell(kind="exists", request=2, number=BUDI)
            assert [(await page.next())["request"] for _ in range(2)] == [1, 2]
            assert time.monotonic() - started >= 0.4

    play(story)


def test_page_faults_reach_the_pages_they_are_meant_for() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as ani, world.page("d2") as unpaired:
            await world.pair(ani)
            assert await unpaired.kinds(1) == ["ref"]
            struck = await world.post("faults", {"kind": "hang_page", "number": ANI})
            assert struck.json()["devices"] == ["d1"]
            assert await ani.next() == {"kind": "fault", "fault": "hang_page"}
            struck = await world.post("faults", {"kind": "crash_page", "device": "d2"})
            assert await unpaired.next() == {"kind": "fault", "fault": "crash_page"}

    play(story)


def test_a_stalled_load_is_answered_when_the_fault_is_cleared() -> None:
    async def story(world: World) -> None:
        await world.post("faults", {"kind": "stall_load"})
        with pytest.raises(httpx.ReadTimeout):
            await world.client.get("/", timeout=0.2)
        async with asyncio.TaskGroup() as group:
            loading = group.create_task(world.client.get("/"))
            while (await world.client.get("/_sandbox/state")).json()["counters"]["requests"].get("/", 0) < 2:
                pass
            await world.post("faults", {"kind": "clear"})
        assert loading.result().status_code == 200
        await world.post("faults", {"kind": "stall_load", "seconds": 0.2})
        started = time.monotonic()
        await world.client.get("/")
        assert time.monotonic() - started >= 0.2

    play(story)


def test_removed_modules_are_listed_for_the_page_until_they_are_restored() -> None:
    async def story(world: World) -> None:
        await world.post("faults", {"kind": "remove_module", "module": "WAWebConnModel"})
        assert '"WAWebConnModel"' in (await world.client.get("/_sandbox/settings.js")).text
        await world.post("faults", {"kind": "remove_module", "module": None})
        assert '"WAWebConnModel"' not in (await world.client.get("/_sandbox/settings.js")).text

    play(story)


def test_an_unknown_fault_is_told_which_ones_there_are() -> None:
    async def story(world: World) -> None:
        answer = await world.post("faults", {"kind": "meteor"})
        assert code(answer) == (422, "invalid_request")
        for kind in ("temp_ban", "network_down", "ciphertext_first", "late_module"):
            assert kind in answer.json()["message"]
        assert (await world.client.get("/_sandbox/state")).json()["faults"] == {}

    play(story)


def test_faults_are_listed_with_whom_they_meet_and_for_how_long_until_they_are_cleared() -> None:
    async def story(world: World) -> None:
        await world.phones()
        await world.post("faults", {"kind": "temp_ban", "number": ANI, "seconds": 60})
        answer = await world.post("faults", {"kind": "late_module", "module": "WAWebCmd", "seconds": 4})
        listed = answer.json()["faults"]
        (ban,), (late,) = listed["temp_ban"], listed["late_module"]
        assert (ban["number"], ban["code"]) == (ANI, 101)
        assert 50 < ban["seconds_left"] <= 60
        assert (late["module"], late["seconds"], late["seconds_left"]) == ("WAWebCmd", 4, None)
        await world.post("faults", {"kind": "clear", "fault": "temp_ban"})
        state = (await world.client.get("/_sandbox/state")).json()
        assert list(state["faults"]) == ["late_module"]
        await world.post("faults", {"kind": "clear"})
        assert (await world.client.get("/_sandbox/state")).json()["faults"] == {}

    play(story)


def test_a_fault_of_an_unknown_phone_is_refused() -> None:
    async def story(world: World) -> None:
        assert code(await world.post("faults", {"kind": "slow", "number": ANI, "seconds": 1})) == (404, "unknown_phone")

    play(story)


def test_a_banned_page_is_told_until_when_and_let_in_after_that() -> None:
    async def story(world: World) -> None:
        await world.phones()
        async with world.page("d1") as page:
            await world.pair(page)
            await world.post("faults", {"kind": "temp_ban", "number": ANI, "seconds": 0.3})
            failure = await page.next()
            assert (failure["kind"], failure["reason"], failure["expire"]) == ("failure", 402, 1)
            with pytest.raises(ConnectionClosed):
                await page.next()
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                async with world.page("d1", paired=True) as page:
                    if (await page.next())["kind"] == "welcome":
                        return

    play(story)


def test_a_network_that_is_away_is_a_cut_connection_for_pages_and_none_for_the_control_side() -> None:
    async def story(world: World) -> None:
        await world.post("faults", {"kind": "network_down", "seconds": 60})
        with pytest.raises(httpx.RemoteProtocolError):
            await world.client.get("/")
        assert "network_down" in (await world.client.get("/_sandbox/state")).json()["faults"]
        await world.post("faults", {"kind": "network_down", "mode": "half_open"})
        with pytest.raises(httpx.ReadTimeout):
            await world.client.get("/", timeout=0.2)
        await world.post("faults", {"kind": "clear"})
        assert (await world.client.get("/")).status_code == 200
        dns = await world.post("faults", {"kind": "network_down", "mode": "dns"})
        assert code(dns) == (422, "invalid_request")
        assert "--host-resolver-rules" in dns.json()["message"]

    play(story)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "meteor"},
        {"kind": ["slow"]},
        {"kind": "late_module", "module": "WAWebCmd"},
        {"kind": "late_module", "seconds": 1},
        {"kind": "missing_module"},
        {"kind": "passkey"},
        {"kind": "passkey", "number": ANI, "error": "bad mood"},
        {"kind": "temp_ban", "minutes": 5},
        {"kind": "capping", "number": ANI},
        {"kind": "page_version", "version": "newest"},
        {"kind": "network_down", "mode": "sideways"},
        {"kind": "unsupported_page", "number": ANI},
        {"kind": "clear", "fault": "meteor"},
        {"kind": "slow"},
        {"kind": "slow", "seconds": -1},
        {"kind": "drop_socket", "seconds": "soon"},
        {"kind": "remove_module", "module": "</script>"},
        {"kind": "stall_load", "number": ANI},
        {"kind": "remove_module", "module": "WAWebCmd", "device": "d1"},
    ],
)
def test_faults_that_make_no_sense_are_refused(body: Any) -> None:
    async def story(world: World) -> None:
        assert code(await world.post("faults", body)) == (422, "invalid_request")

    play(story)


def test_a_stopped_sandbox_leaves_quickly_whatever_its_clients_do() -> None:
    async def whole() -> None:
        async with Sandbox(SandboxSettings(port=0)) as sandbox:
            host, port = sandbox.url.removeprefix("http://").split(":")
            silent = socket.create_connection((host, int(port)))
            page = await connect(sandbox.url.replace("http", "ws", 1) + "/_sandbox/socket")
            async with httpx.AsyncClient(base_url=sandbox.url) as client:
                await client.post("/_sandbox/faults", json={"kind": "stall_load"})
                with pytest.raises(httpx.ReadTimeout):
                    await client.get("/", timeout=0.1)
            started = time.monotonic()
        assert time.monotonic() - started < 5.0
        silent.close()
        await page.close()

    asyncio.run(whole())


def test_a_taken_port_is_one_clear_line() -> None:
    async def whole() -> None:
        async with Sandbox(SandboxSettings(port=0)) as first:
            port = int(first.url.rsplit(":", 1)[1])
            with pytest.raises(PortTaken, match=f":{port} .*choose another --port") as caught:
                async with Sandbox(SandboxSettings(port=port)):
                    pass
            assert "\n" not in str(caught.value)
            assert isinstance(caught.value, OSError)

    asyncio.run(whole())


def test_serve_tells_its_address_and_ends_when_it_is_cancelled() -> None:
    async def whole() -> None:
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(serve(SandboxSettings(port=0), lambda sandbox: ready.set_result(sandbox.url)))
            async with asyncio.timeout(WAIT_SECONDS):
                url = await ready
            async with httpx.AsyncClient() as client:
                assert (await client.get(url)).status_code == 200
                serving.cancel()
                async with asyncio.timeout(WAIT_SECONDS):
                    await asyncio.wait([serving])
                with pytest.raises(httpx.ConnectError):
                    await client.get(url)

    asyncio.run(whole())


def test_a_restarted_sandbox_still_knows_everything(tmp_path: Path) -> None:
    async def before(world: World) -> None:
        await world.phones()
        async with world.page("d1") as page:
            await world.pair(page)
            await world.post(f"phones/{BUDI}/send", {"to": ANI, "text": "kept"})

    async def after(world: World) -> None:
        async with world.page("d1", paired=True) as page:
            assert await page.kinds(1) == ["welcome"]
            assert (await page.next())["event"]["message"]["text"] == "kept"
        assert len((await world.client.get(f"/_sandbox/phones/{ANI}/messages")).json()) == 1

    play(before, data_dir=tmp_path / "data")
    assert {path.name for path in (tmp_path / "data").iterdir()} == {FILE_NAME}
    play(after, data_dir=tmp_path / "data")


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 2}', '{"format": 1, "phones": 3}', "null"])
def test_a_foreign_state_file_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(content)
    with pytest.raises(UnreadableStateError, match="move it away"):
        create_app(SandboxSettings(data_dir=tmp_path))
    assert path.read_text() == content
