"""The actor and its folder, when the folder is not what it should be; and waits that end by a wish."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from component.test_storage import a_session
from support.actor_world import LIMITS, World
from support.actor_world import play_on_disk as play
from tuntas.foundation.backoff import Backoff
from tuntas.foundation.clock import SystemClock
from tuntas.foundation.tasks import spawn
from tuntas.profiles import ProfileStore, Reason, RemovalState
from tuntas.profiles.marker import NAME as MARKER_NAME
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.errors import TryLater
from tuntas.sessions.machine import State
from tuntas.sessions.model import PageLost
from tuntas.sessions.service import SessionService

SLOW = replace(LIMITS, restart_backoff=Backoff(600.0, 600.0))


async def reasons(here: World, name: str = "s") -> list[str]:
    return [change.reason for change in await here.store.history(here.supervisor.find(name).record, limit=20)]


def test_a_file_at_the_profile_s_place_is_a_fault_with_a_reason_and_stays(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        intruder = here.profiles / "s"
        intruder.write_text("not a folder")
        actor = await here.supervisor.add(a_session("s"))
        spawn(actor.ask(CommandKind.START, asked_by="test"), name="start")
        await here.reach("s", State.FAILED)
        assert "profile_unusable" in await reasons(here)
        assert not here.engine.pages
        assert intruder.read_text() == "not a folder"

    play(tmp_path, scene)


@pytest.mark.parametrize("change", ["its marker is gone", "it became a link"])
def test_a_folder_that_is_no_longer_ours_is_told_and_left_alone_when_its_session_is_deleted(
    tmp_path: Path, change: str
) -> None:
    async def scene(here: World) -> None:
        await here.working()
        actor = here.supervisor.find("s")
        await actor.ask(CommandKind.STOP, asked_by="test")
        profile = here.profiles / "s"
        elsewhere = tmp_path / "elsewhere"
        if change == "it became a link":
            profile.rename(elsewhere)
            profile.symlink_to(elsewhere)
        else:
            (profile / MARKER_NAME).unlink()
            (profile / "precious").touch()
        outcome = await actor.ask(CommandKind.REMOVE, asked_by="test")
        assert outcome.record.state is State.REMOVED
        assert outcome.removal is not None
        assert (outcome.removal.state, outcome.removal.reason) == (RemovalState.STUCK, Reason.REFUSED)
        assert (elsewhere / MARKER_NAME).exists() if change == "it became a link" else (profile / "precious").exists()
        # As the real ones would: what the test has made goes with it.
        profile.unlink() if profile.is_symlink() else shutil.rmtree(profile)

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("kind", "state"),
    [(CommandKind.STOP, State.STOPPED), (CommandKind.REMOVE, State.REMOVED), (CommandKind.START, State.STARTING)],
)
def test_nobody_has_to_wait_for_a_backoff(tmp_path: Path, kind: CommandKind, state: State) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        page.sink(PageLost("page_crashed", "told so"))
        await here.reach("s", State.WAITING)
        outcome = await here.supervisor.find("s").ask(kind, asked_by="test")
        assert outcome.record.state is state

    play(tmp_path, scene, SLOW)


def test_a_page_that_says_it_is_not_connected_is_reconnecting(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()

        async def not_connected() -> bool:
            return False

        page.probe = not_connected  # type: ignore[method-assign]
        await here.reach("s", State.RECONNECTING)
        assert "disconnected" in await reasons(here)

    play(tmp_path, scene, replace(LIMITS, liveness_interval_seconds=0.05))


def test_an_answer_that_takes_too_long_is_try_later_and_the_wish_goes_on(tmp_path: Path) -> None:
    async def scene(here: World) -> None:
        page = await here.working()
        service = SessionService(here.supervisor, here.store, ProfileStore(here.profiles), SystemClock(), 0.05)
        page_is_held = asyncio.Event()
        whole = page.end

        async def slowly(*, gracefully: bool = True) -> str:
            await page_is_held.wait()
            return await whole(gracefully=gracefully)

        page.end = slowly  # type: ignore[method-assign]
        with pytest.raises(TryLater, match="goes on"):
            await service.stop("s", asked_by="test")
        page_is_held.set()
        await here.reach("s", State.STOPPED)

    play(tmp_path, scene)
