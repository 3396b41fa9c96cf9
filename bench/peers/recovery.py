"""A session's browser is killed, stopped, hangs or crashes: how long until the session works again by itself?

All four happen to four sessions of each contestant, first the two that a server is told of, then the two that it has to
find out. A session works when it tells of a message: one that a phone sends right after the fault.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bench.peers.contestant import Contestant, pair_all
from bench.peers.samples import Value
from bench.peers.tuntas import Tuntas
from bench.peers.web_js import WebJs
from bench.peers.world import World
from support.running import KEY, browsers_of

TOLD = ("browser_killed", "renderer_crash")
FOUND = ("browser_stopped", "page_hang")
TOLD_SECONDS, FOUND_SECONDS = 8.0, 45.0


@dataclass(frozen=True, slots=True)
class Victim:
    """A session to which a fault happens."""

    one: Contestant
    fault: str
    number: str

    @property
    def session(self) -> str:
        return self.fault.replace("_", "-")


@dataclass
class Ear:
    """Hears which sessions of a Tuntas told of a message, and when; a second message of one is not heard."""

    heard: dict[str, float] = field(default_factory=dict)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def listen(self, socket: ClientConnection) -> None:
        """Hear until the socket is closed, on either side."""
        with suppress(ConnectionClosed):
            while True:
                session = json.loads(socket.recv())["session"]
                with self._news:
                    self.heard.setdefault(session, time.monotonic())
                    self._news.notify_all()

    def wait(self, session: str, limit_seconds: float) -> Value:
        """Return the moment of a session's message, None if it does not come within the limit."""
        with self._news:
            self._news.wait_for(lambda: session in self.heard, limit_seconds)
            return self.heard.get(session)


def measure(world: World) -> None:
    """Do all of it once."""
    world.tell("faults of a browser")
    names = [fault.replace("_", "-") for fault in (*TOLD, *FOUND)]
    with world.tuntas() as tuntas, world.web_js(names) as web_js:
        both: tuple[Tuntas, WebJs] = (tuntas, web_js)
        victims = [Victim(one, fault, world.number()) for one in both for fault in (*TOLD, *FOUND)]
        for one in both:
            pair_all(one, world.sandbox, [(each.session, each.number) for each in victims if each.one is one])
        with _ear(tuntas) as ear:
            for faults, limit_seconds in ((TOLD, TOLD_SECONDS), (FOUND, FOUND_SECONDS)):
                left_seconds = max(1.0, world.ends_at - time.monotonic())
                _strike(
                    world, [each for each in victims if each.fault in faults], ear, min(limit_seconds, left_seconds)
                )


def _strike(world: World, victims: list[Victim], ear: Ear, limit_seconds: float) -> None:
    teller = world.number()
    world.sandbox.phone(teller)
    struck = {}
    for each in victims:
        struck[each] = time.monotonic()
        _fault(world, each)
        world.sandbox.call("POST", f"/phones/{teller}/send", {"to": each.number, "text": each.fault})
    with ThreadPoolExecutor(len(victims)) as pool:
        waiting = {each: pool.submit(_message_at, each, ear, limit_seconds) for each in victims}
        for each, wait in waiting.items():
            at = wait.result()
            world.figures.add(
                f"recovery_{each.fault}_seconds", each.one.name, None if at is None else at - struck[each]
            )


def _message_at(victim: Victim, ear: Ear, limit_seconds: float) -> Value:
    if not isinstance(victim.one, WebJs):
        return ear.wait(victim.session, limit_seconds)
    try:
        return victim.one.bots.hear("message", client=victim.session, limit_seconds=limit_seconds).at
    except AssertionError:
        return None


def _fault(world: World, victim: Victim) -> None:
    match victim.fault:
        case "browser_killed":
            _main_of(victim.one.profile(victim.session)).send_signal(signal.SIGKILL)
        case "browser_stopped":
            _main_of(victim.one.profile(victim.session)).send_signal(signal.SIGSTOP)
        case "renderer_crash":
            world.sandbox.fault("crash_page", number=victim.number)
        case "page_hang":
            world.sandbox.fault("hang_page", number=victim.number)
        case _:
            raise AssertionError(victim.fault)


def _main_of(profile: Path) -> psutil.Process:
    """Return the main process of the browser on this profile."""
    processes = [psutil.Process(pid) for pid in browsers_of(profile)]
    return next(one for one in processes if not any("--type=" in word for word in one.cmdline()))


@contextmanager
def _ear(tuntas: Tuntas) -> Iterator[Ear]:
    ear = Ear()
    address = f"{tuntas.api.url.replace('http', 'ws', 1)}/ws?session=*&events=message&x-api-key={KEY}"
    with connect(address, proxy=None) as socket:
        listening = threading.Thread(target=ear.listen, args=(socket,), name="ear")
        listening.start()
        yield ear
    listening.join()
