"""The network goes away and comes back: no browser is restarted for it, all come back, and one look serves all."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from component.test_storage import a_session
from support.actor_world import LIMITS, World, play
from support.played_session import ME
from support.told_page import ToldPage
from support.until import until
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.machine import State
from tuntas.sessions.model import Connected, Disconnected, PageLost

IMPATIENT = dataclasses.replace(LIMITS, reconnect_seconds=0.05, back_seconds=0.05)


async def working(here: World, name: str) -> ToldPage:
    actor = await here.supervisor.add(a_session(name))
    await actor.ask(CommandKind.START, asked_by="test")
    await until(lambda: [one for one in here.engine.pages if one.profile.name == name])
    page = here.engine.page
    page.sink(Connected(ME))
    await here.reach(name, State.WORKING)
    return page


def test_an_outage_longer_than_any_deadline_ends_no_browser_and_needs_nobody(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        pages = [await working(here, name) for name in ("a", "b", "c")]
        here.sky.is_clear = False
        for page in pages:
            page.sink(Disconnected("told so"))
        looks = here.sky.looks
        await until(lambda: here.sky.looks > looks + 30)
        assert {here.supervisor.find(name).record.state for name in ("a", "b", "c")} == {State.RECONNECTING}
        assert all(page.is_open for page in pages)
        here.sky.is_clear = True
        for page in pages:
            page.sink(Connected(ME))
        for name in ("a", "b", "c"):
            await here.reach(name, State.WORKING)
        assert len(here.engine.pages) == 3

    play(tmp_path, scene, IMPATIENT)


def test_nobody_looks_at_the_network_while_all_is_well(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        assert here.sky.looks == 0
        page.sink(Disconnected("told so"))
        await until(lambda: here.sky.looks > 0)
        page.sink(Connected(ME))
        await here.reach("s", State.WORKING)
        looks = here.sky.looks
        for _ in range(5):
            await here.observe(Connected(ME))
        assert here.sky.looks <= looks + 1, "one may have been under way"

    play(tmp_path, scene)


def test_a_session_that_could_not_reach_the_page_starts_as_soon_as_the_network_is_back(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        here.sky.is_clear = False
        page.sink(PageLost("page_unreachable", "told so"))
        await here.reach("s", State.WAITING)
        looks = here.sky.looks
        await until(lambda: here.sky.looks > looks + 2)
        actor = here.supervisor.find("s")
        assert actor.next_try_at is not None
        here.sky.is_clear = True
        await here.reach("s", State.STARTING)
        assert actor.next_try_at is None

    play(
        tmp_path,
        scene,
        dataclasses.replace(
            LIMITS,
            restart_backoff=dataclasses.replace(LIMITS.restart_backoff, first_seconds=600.0, ceiling_seconds=600.0),
        ),
    )
