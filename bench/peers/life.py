"""One session's life, step by step: how long each takes, against whatsapp-web.js and against the seed's recipe.

All servers run for the whole time and are idle but for the one session whose turn it is.
"""

from __future__ import annotations

import time
from contextlib import ExitStack

from bench.peers.contestant import Contestant, end, pair
from bench.peers.figures import SEED, WEB_JS_SHELL
from bench.peers.trees import Below
from bench.peers.web_js import WebJs
from bench.peers.world import World

SECONDS_EACH = 12.0


def measure(world: World, rounds: int) -> None:
    """Take each contestant through a life in each round."""
    sessions = [f"{what}{number}" for number in range(rounds) for what in ("life", "leave")]
    with ExitStack() as stack:
        three = [stack.enter_context(one) for one in world.all_three(sessions, 0)]
        below = Below()
        for number in world.rounds("one session's life", rounds, SECONDS_EACH):
            for one in three[number % 3 :] + three[: number % 3]:
                _live(world, one, below, f"life{number}")
                _leave(world, one, below, f"leave{number}")


def _live(world: World, one: Contestant, below: Below, session: str) -> None:
    add = world.figures.add
    qr_seconds, ready_seconds = pair(one, world.sandbox, session, world.number())
    add("start_to_qr_seconds", one.name, qr_seconds)
    add("scan_to_ready_seconds", one.name, ready_seconds)
    add("stop_seconds", one.name, end(lambda: one.stop(session), below.now(), None).done_seconds)
    begun = time.monotonic()
    one.start(session)
    add("restart_to_ready_seconds", one.name, one.ready_at(session) - begun)
    deleted = end(lambda: one.delete(session), below.now(), one.profile(session))
    add("delete_seconds", one.name, deleted.done_seconds)
    add("delete_gone_seconds", one.name, deleted.gone_seconds)
    if isinstance(one, WebJs):
        add("log_out_seconds", one.name, deleted.told_seconds)  # the same call


def _leave(world: World, one: Contestant, below: Below, session: str) -> None:
    """Log a session of Tuntas out; delete one of whatsapp-web.js's default as the seed says."""
    if one.name == WEB_JS_SHELL:
        return
    pair(one, world.sandbox, session, world.number())
    if isinstance(one, WebJs):
        deleted = end(lambda: one.delete_by_recipe(session), below.now(), one.profile(session))
        world.figures.add("delete_seconds", SEED, deleted.done_seconds)
        return
    world.figures.add("log_out_seconds", one.name, end(lambda: one.log_out(session), (), None).told_seconds)
    one.delete(session)  # it shows a new QR by now
