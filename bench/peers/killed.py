"""SIGKILL of the server's own process: who lives on, for how long, and when do all sessions work again?

Both are killed at one moment. What the sessions of a contestant are is fixed before: the processes that came with it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from bench.peers.contestant import STEP_SECONDS, Contestant, pair_all
from bench.peers.figures import TUNTAS, WEB_JS
from bench.peers.samples import Value
from bench.peers.trees import Below
from bench.peers.tuntas import Tuntas
from bench.peers.web_js import WebJs
from bench.peers.world import World
from support.running import alive, kill_all

SESSIONS = 3
LOOKS_SECONDS = (1.0, 10.0, 60.0)
SECONDS_EACH = 100.0


@dataclass
class _Killed:
    name: str
    browsers: list[psutil.Process]


def measure(world: World, rounds: int, meanwhile: Callable[[], None]) -> None:
    """In each round kill both, look, do something else until the last look, and bring both back."""
    sessions = [f"killed{number}" for number in range(SESSIONS)]
    for _ in world.rounds("SIGKILL of the server", rounds, SECONDS_EACH):
        ours, theirs = world.place(), world.place()
        numbered = world.numbered(sessions), world.numbered(sessions)
        with world.tuntas(ours) as tuntas, world.web_js(sessions, theirs) as web_js:
            killed = [_up(world, tuntas, numbered[0]), _up(world, web_js, numbered[1])]
            try:
                tuntas.server.kill()
                web_js.server.kill()
                at = time.monotonic()
                _look(world, killed, at, LOOKS_SECONDS[:-1])
                meanwhile()
                _look(world, killed, at, LOOKS_SECONDS[-1:])
                _tuntas_again(world, world.tuntas(ours), sessions)
                _web_js_again(world, world.web_js(sessions, theirs), sessions, killed[1].browsers)
            finally:
                # Nobody else knows them any more.
                for one in killed:
                    kill_all(one.browsers)


def _up(world: World, one: Contestant, sessions: list[tuple[str, str]]) -> _Killed:
    below = Below()
    pair_all(one, world.sandbox, sessions)
    return _Killed(one.name, below.now())


def _look(world: World, killed: list[_Killed], since: float, after_seconds: tuple[float, ...]) -> None:
    for seconds in after_seconds:
        time.sleep(max(0.0, since + seconds - time.monotonic()))
        for one in killed:
            world.figures.add(f"survivors_{seconds:g}_seconds", one.name, float(len(alive(one.browsers))))


def _tuntas_again(world: World, again: Tuntas, sessions: list[str]) -> None:
    begun = time.monotonic()
    with again:
        back = max(again.ready_at(session) for session in sessions)
        world.figures.add("works_again_seconds", TUNTAS, back - begun)


def _web_js_again(world: World, again: WebJs, sessions: list[str], survivors: list[psutil.Process]) -> None:
    """Start the sessions as its documents say; then again after somebody has killed the browsers by hand."""
    with again:
        seconds, refused = _start_all(again, sessions)
        world.figures.add("works_again_seconds", WEB_JS, seconds)
        if refused:
            world.note(f"whatsapp-web.js, started again after SIGKILL of Node, refuses: {_without_paths(refused)}")
            kill_all(survivors)
            assert not psutil.wait_procs(survivors, STEP_SECONDS)[1], "killed browsers do not end"
            seconds, _ = _start_all(again, sessions)
        world.figures.add("works_again_by_hand_seconds", WEB_JS, seconds)


def _start_all(again: WebJs, sessions: list[str]) -> tuple[Value, str | None]:
    """Return the seconds until all are ready, or None and what the first that did not start complained of."""
    begun = time.monotonic()
    for session in sessions:
        again.start(session)
    refusals = [again.refusal(session) for session in sessions]
    if refused := next(filter(None, refusals), None):
        return None, refused
    return max(again.ready_at(session) for session in sessions) - begun, None


def _without_paths(sentence: str) -> str:
    return re.sub(r"/\S+", "…", sentence)
