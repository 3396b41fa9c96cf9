"""A working browser that grew too large: a fresh one takes its place, once, announced, and nothing is lost."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from component.test_invariants import story
from component.test_sending import send, settled
from support.actor_world import LIMITS, World, play
from support.told_page import ME, ToldPage
from support.until import until
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.machine import State, Status
from tuntas.sessions.model import Connected

LIMIT_BYTES = 500_000_000
GROWING = dataclasses.replace(
    LIMITS, liveness_interval_seconds=0.02, tend_seconds=0.0, recycle_bytes=LIMIT_BYTES, recycle_wait_seconds=20
)


async def recycled(here: World, page: ToldPage) -> ToldPage:
    """Let a page grow, and return the fresh one as soon as it works."""
    page.weighs_bytes = LIMIT_BYTES + 1
    await until(lambda: here.engine.page is not page)
    assert not page.is_open
    here.engine.page.sink(Connected(ME))
    await here.reach("s", State.WORKING)
    return here.engine.page


def test_a_browser_that_grew_is_replaced_at_once_and_the_story_says_why(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        fresh = await recycled(here, page)
        assert not page.logged_out
        await until(lambda: fresh.asked_since)
        lines = [(one.after, one.status, one.reason) for one in await story(here)][-4:]
        assert lines == [
            (State.RECOVERING, Status.STARTING, "recycled"),
            (State.WAITING, Status.STARTING, "recycled"),
            (State.STARTING, Status.STARTING, "recycled"),
            (State.WORKING, Status.WORKING, "connected"),
        ]
        detail = (await story(here))[-4].detail
        assert detail == "the browser takes 500 MB, more than 500 MB"

    play(tmp_path, scene, GROWING)


def test_a_send_under_way_is_waited_for_and_the_next_one_goes_out_on_the_fresh_page(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.may_send.clear()
        first = send(here, "first")
        await until(lambda: page.sending)
        page.weighs_bytes = LIMIT_BYTES + 1
        await until(lambda: here.supervisor.find("s").memory.growth.is_overgrown)
        second = send(here, "second")
        page.may_send.set()
        await settled(first)
        fresh = await recycled(here, page)
        assert (await first).message.body == "first"
        assert (await second).message.body == "second"
        assert (page.sending, fresh.sending) == (["first"], ["second"])

    play(tmp_path, scene, GROWING)


def test_a_call_that_hangs_delays_the_change_for_its_limit_only(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.may_send.clear()
        hanging = send(here, "hangs")
        await until(lambda: page.sending)
        await recycled(here, page)
        page.may_send.set()
        await settled(hanging)

    play(tmp_path, scene, dataclasses.replace(GROWING, recycle_wait_seconds=0.05))


def test_a_browser_that_is_large_again_is_left_alone_until_the_pause_is_over(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        fresh = await recycled(here, await here.working())
        fresh.weighs_bytes = 2 * LIMIT_BYTES
        probes = 0

        async def probe() -> bool:
            nonlocal probes
            probes += 1
            return True

        fresh.probe = probe  # type: ignore[method-assign]
        await until(lambda: probes > 3)
        assert here.engine.page is fresh
        assert fresh.is_open

    play(tmp_path, scene, GROWING)


def test_a_stop_wins_and_the_next_start_has_its_own_reason(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.may_send.clear()
        waiting = send(here, "under way")
        await until(lambda: page.sending)
        page.weighs_bytes = LIMIT_BYTES + 1
        actor = here.supervisor.find("s")
        await until(lambda: actor.memory.growth.is_overgrown)
        assert (await actor.ask(CommandKind.STOP, asked_by="test")).record.state is State.STOPPED
        page.may_send.set()
        await settled(waiting)
        await actor.ask(CommandKind.START, asked_by="test")
        assert (await story(here))[-1].reason == "start_requested"

    play(tmp_path, scene, GROWING)
