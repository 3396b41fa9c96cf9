"""Keeps one actor a session alive, and knows nothing of what an actor does.

The one broad ``except`` of this room is here: an actor that crashes is replaced by a fresh one that starts from the
store, after a pause that grows. Its neighbours never notice.
"""

from __future__ import annotations

import asyncio
import random

import structlog

from tuntas.foundation.backoff import Backoff
from tuntas.foundation.tasks import end, spawn
from tuntas.sessions.actor import SessionActor
from tuntas.sessions.dependencies import Dependencies
from tuntas.sessions.errors import ServerStopping, UnknownSession
from tuntas.sessions.machine import State
from tuntas.sessions.model import SessionRecord

log = structlog.get_logger(__name__)

CRASH_BACKOFF = Backoff(first_seconds=1.0, ceiling_seconds=60.0)


class Supervisor:
    """All actors, by session name."""

    def __init__(self, dependencies: Dependencies) -> None:
        """Start empty; ``load`` brings the stored sessions."""
        self._dependencies = dependencies
        self._actors: dict[str, SessionActor] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def load(self) -> None:
        """Give every stored session its actor; those that are wanted start by themselves, a few at a time."""
        for record in await self._dependencies.store.load():
            self._adopt(record)

    async def add(self, record: SessionRecord) -> SessionActor:
        """Store a new session and give it an actor.

        Raises:
            NameTaken: a session of this name exists.
            ServerStopping: it takes no more requests.
        """
        self._refuse_when_closing()
        await self._dependencies.store.insert(record)
        return self._adopt(record)

    def find(self, name: str) -> SessionActor:
        """Return the actor of the session ``name``.

        Raises:
            UnknownSession: there is none.
            ServerStopping: it takes no more requests.
        """
        self._refuse_when_closing()
        actor = self._actors.get(name)
        if actor is None or actor.record.state is State.REMOVED:
            raise UnknownSession(name)
        return actor

    def all(self) -> list[SessionActor]:
        """Return the actors of all sessions, by name."""
        return [actor for _, actor in sorted(self._actors.items()) if actor.record.state is not State.REMOVED]

    async def close(self, limit_seconds: float, hurry: asyncio.Event) -> None:
        """End all sessions in parallel: gracefully within the limit or until ``hurry``, then by force."""
        self._closing = True
        for actor in self._actors.values():
            actor.shut_down()
        if not self._tasks:
            return
        hurried = spawn(hurry.wait(), name="hurry")
        everyone = spawn(_all_done(self._tasks.copy()), name="all sessions ended")
        await asyncio.wait({hurried, everyone}, timeout=limit_seconds, return_when=asyncio.FIRST_COMPLETED)
        await end(hurried)
        await end(everyone)
        for task in self._tasks.copy():
            log.warning("session_ended_by_force", task=task.get_name())
            task.cancel()
        await _all_done(self._tasks.copy())

    def _refuse_when_closing(self) -> None:
        if self._closing:
            raise ServerStopping

    def _adopt(self, record: SessionRecord) -> SessionActor:
        actor = SessionActor(record, self._dependencies)
        self._actors[record.name] = actor
        self._dependencies.news.ring()
        task = spawn(self._supervise(actor), name=f"session {record.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return actor

    async def _supervise(self, actor: SessionActor) -> None:
        name, crashes, begun_by = actor.record.name, 0, "server_started"
        try:
            while True:
                try:
                    await actor.run(begun_by=begun_by)
                except Exception:
                    log.exception("session_crashed", session=name)
                else:
                    return
                if self._closing:
                    return
                crashes, begun_by = crashes + 1, "internal_error"
                # The new actor is at the door before the pause, so that wishes wait for it instead of being lost.
                actor = self._actors[name] = SessionActor(actor.record, self._dependencies)
                pause = CRASH_BACKOFF.delay_seconds(crashes, random.random())  # noqa: S311 - spread, not secrecy
                await asyncio.sleep(pause)
        finally:
            if self._actors.get(name) is actor:
                del self._actors[name]
                self._dependencies.news.ring()


async def _all_done(tasks: set[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks)
