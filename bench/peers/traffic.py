"""Messages out and in: how many a second, how long one takes, and what a thousand cost in processor time.

Tuntas is asked over HTTP and tells a webhook receiver in a process of its own, and writes down what it takes and tells;
whatsapp-web.js is called inside its own Node process and hears its own events: no HTTP, no database, nothing to lose or
to win back. A send counts when WhatsApp's server has it (``waitUntilMsgSent`` there, always so here).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

import httpx

from bench.peers.contestant import STEP_SECONDS, Contestant, pair_all
from bench.peers.figures import Figures
from bench.peers.samples import percentile
from bench.peers.trees import Below, cpu_seconds
from bench.peers.tuntas import Tuntas
from bench.peers.web_js import WebJs
from bench.peers.world import World
from bench.receivers import receiver, seen
from support.running import KEY, Sandbox, wait_for

SESSIONS = ("talk0", "talk1", "talk2", "talk3")
SHARES = (0.5, 0.95, 0.99)
APART_SECONDS = 0.05
SECONDS_EACH = 60.0

SEND = """
const seconds = [];
for (const text of texts) {
    const begun = performance.now();
    await client.sendMessage(`${to}@c.us`, text, { waitUntilMsgSent: true });
    seconds.push((performance.now() - begun) / 1000);
}
return seconds;
"""


class Line(Protocol):
    """How a contestant is made to send, and what it has told of."""

    def send(self, session: str, to: str, texts: list[str]) -> list[float]:
        """Send one after the other; return the seconds that each took."""
        ...

    def told(self) -> dict[str, float]:
        """Return the messages that came in, by text, with the moment at which each was told of."""
        ...


class OverHttp:
    """Tuntas: its HTTP API, and a webhook receiver."""

    def __init__(self, tuntas: Tuntas, url: str) -> None:
        self._tuntas = tuntas
        self._url = url
        # No pace: that is there for WhatsApp's sake, not for ours.
        tuntas.config = {"webhooks": [{"url": url, "events": ["message"]}], "sends": {"perMinute": 0}}

    def send(self, session: str, to: str, texts: list[str]) -> list[float]:
        seconds = []
        headers = {"X-Api-Key": KEY}
        with httpx.Client(base_url=self._tuntas.api.url, headers=headers, trust_env=False, timeout=30) as client:
            for text in texts:
                document = {"session": session, "chatId": to, "text": text, "linkPreview": False}
                begun = time.monotonic()
                client.post("/api/sendText", json=document).raise_for_status()
                seconds.append(time.monotonic() - begun)
        return seconds

    def told(self) -> dict[str, float]:
        return {text: at for _, _, text, at in seen(self._url)}


class InProcess:
    """whatsapp-web.js: calls and events inside its Node process."""

    def __init__(self, web_js: WebJs) -> None:
        self._web_js = web_js

    def send(self, session: str, to: str, texts: list[str]) -> list[float]:
        code = f"const to = {json.dumps(to)}; const texts = {json.dumps(texts)}; {SEND}"
        return list(self._web_js.run(session, code))

    def told(self) -> dict[str, float]:
        return {one.values[0]["body"]: one.at for one in self._web_js.bots.told if one.event == "message"}


def measure(world: World, rounds: int, messages: int) -> None:
    """Let each contestant send and receive; ``messages`` for each of its sessions."""
    for number in world.rounds("messages out and in", rounds, SECONDS_EACH):
        turns: list[Callable[[World, int], None]] = [_tuntas, _web_js]
        for turn in turns[number % 2 :] + turns[: number % 2]:
            turn(world, messages)


def _tuntas(world: World, messages: int) -> None:
    with receiver(0.0, 1) as url, world.tuntas() as tuntas:
        _talk(world, tuntas, OverHttp(tuntas, url), messages)


def _web_js(world: World, messages: int) -> None:
    with world.web_js(SESSIONS) as web_js:
        _talk(world, web_js, InProcess(web_js), messages)


def _talk(world: World, one: Contestant, line: Line, messages: int) -> None:
    below = Below()
    sessions = world.numbered(SESSIONS)
    pair_all(one, world.sandbox, sessions)
    partner = world.number()
    world.sandbox.phone(partner)
    # What is made once for a chat is not what a message costs.
    for session, _ in sessions:
        line.send(session, partner, ["the first"])
    _latencies(world.figures, one.name, "send", line.send(SESSIONS[0], partner, _texts("alone", messages)))

    def out(session: str) -> None:
        line.send(session, partner, _texts(f"out of {session}", messages))

    _together(world.figures, one, below, "send", [partial(out, name) for name, _ in sessions], messages)
    world.figures.add("event_after_burst_seconds", one.name, _one_message(world, line, partner, sessions[0][1]))
    _latencies(world.figures, one.name, "event", _slowly(world.sandbox, line, partner, sessions[0][1], messages))

    def come_in(number: str) -> None:
        for text in _texts(f"into {number}", messages):
            world.sandbox.call("POST", f"/phones/{partner}/send", {"to": number, "text": text})

    wanted = len(line.told()) + messages * len(sessions)

    def all_in() -> None:
        wait_for(lambda: len(line.told()) >= wanted, what="all is told of", limit_seconds=STEP_SECONDS)

    acts = [partial(come_in, number) for _, number in sessions]
    _together(world.figures, one, below, "event", acts, messages, all_in)


def _one_message(world: World, line: Line, partner: str, number: str) -> float:
    """Let a phone write one message; return how long it took to be told of, behind all that came before it."""
    begun = time.monotonic()
    world.sandbox.call("POST", f"/phones/{partner}/send", {"to": number, "text": "after the burst"})
    wait_for(lambda: "after the burst" in line.told(), what="it is told of", limit_seconds=STEP_SECONDS)
    return line.told()["after the burst"] - begun


def _texts(what: str, count: int) -> list[str]:
    return [f"{what}, {number}" for number in range(count)]


def _latencies(figures: Figures, name: str, what: str, seconds: list[float]) -> None:
    for share in SHARES:
        figures.add(f"{what}_p{share * 100:g}_seconds", name, percentile(seconds, share))


def _slowly(sandbox: Sandbox, line: Line, partner: str, number: str, messages: int) -> list[float]:
    """Let a phone write one message after the other, some time apart; return how long each took to be told of."""
    sent = {}
    for text in _texts("slowly", messages):
        sent[text] = time.monotonic()
        sandbox.call("POST", f"/phones/{partner}/send", {"to": number, "text": text})
        time.sleep(APART_SECONDS)
    wait_for(lambda: sent.keys() <= line.told().keys(), what="all is told of")
    told = line.told()
    return [told[text] - at for text, at in sent.items()]


def _together(
    figures: Figures,
    one: Contestant,
    below: Below,
    what: str,
    acts: Sequence[Callable[[], None]],
    messages: int,
    until: Callable[[], None] = lambda: None,
) -> None:
    """Do all acts at once; note how many messages a second that is, and the processor time of a thousand."""
    processes = [one.server, *below.now()]
    before, begun = sum(cpu_seconds(processes).values()), time.monotonic()
    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(act) for act in acts]:
            done.result()
    until()
    took = time.monotonic() - begun
    count = messages * len(acts)
    used = sum(cpu_seconds(processes).values()) - before
    figures.add(f"{what}s_per_second", one.name, count / took)
    figures.add(f"{what}_cpu_seconds_per_1000", one.name, 1000 * used / count)
