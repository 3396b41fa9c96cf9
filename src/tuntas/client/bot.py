"""A small bot: functions that are called for messages. What it does not do, ``AsyncClient`` does."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tuntas.client.answers import Message
from tuntas.client.asynchronous import AsyncClient
from tuntas.client.calls import File
from tuntas.client.errors import Refused, TuntasError
from tuntas.client.qr import Qr, show

log = logging.getLogger("tuntas.client")


@dataclass(slots=True)
class Incoming:
    """A message that came, and the way to answer it."""

    message: Message
    client: AsyncClient
    session: str
    event_id: str
    _answers: int = field(default=0, init=False)

    @property
    def text(self) -> str:
        """What it says."""
        return self.message.text

    async def reply(self, text: str, **more: Any) -> Message:
        """Answer in its chat, once: the key is made of the event's id, so that an event told twice is answered once."""
        return await self.client.send_text(
            self.session, self.message.chat, text, idempotency_key=self._next_key(), **more
        )

    async def reply_file(self, file: File, **more: Any) -> Message:
        """Answer with a file, likewise."""
        return await self.client.send_file(
            self.session, self.message.chat, file, idempotency_key=self._next_key(), **more
        )

    def _next_key(self) -> str:
        self._answers += 1
        return f"{self.event_id}-{self._answers}"


Answer = Callable[[Incoming], Awaitable[None]]


class Bot:
    """Answers the messages of one session: the first function whose text fits is called for each."""

    def __init__(
        self, session: str, url: str | None = None, key: str | None = None, *, show_qr: Callable[[Qr], None] = show
    ) -> None:
        """Be a bot on the server at ``url`` with ``key``: without them what TUNTAS_URL and TUNTAS_KEY say."""
        self._session = session
        self._url = url or os.environ.get("TUNTAS_URL", "http://127.0.0.1:3000")
        self._key = key or os.environ.get("TUNTAS_KEY", "")
        self._show_qr = show_qr
        self._answers: list[tuple[str | None, Answer]] = []

    def message(self, text: str | None = None) -> Callable[[Answer], Answer]:
        """Call the function for messages that say ``text``, in capitals or not; None: for every message."""

        def take(answer: Answer) -> Answer:
            self._answers.append((None if text is None else text.strip().casefold(), answer))
            return answer

        return take

    def run(self) -> None:
        """Run until Ctrl-C."""
        with suppress(KeyboardInterrupt):
            asyncio.run(self.serve())

    async def serve(self) -> None:
        """Create and start the session where there is none, show its QR, and answer for ever.

        Raises:
            TuntasError: the server refuses it.
        """
        async with AsyncClient(self._url, self._key) as client, client.events(self._session, "message") as events:
            await self._start(client)
            async for event in events:
                if event.message is not None:
                    await self._answer(Incoming(event.message, client, self._session, event.id))

    async def _start(self, client: AsyncClient) -> None:
        try:
            await client.create_session(self._session)
        except Refused as error:
            if error.code != "session_exists":
                raise
            await client.start_session(self._session)
        await client.link_session(self._session, self._show_qr)

    async def _answer(self, incoming: Incoming) -> None:
        said = incoming.text.strip().casefold()
        for text, answer in self._answers:
            if text is None or text == said:
                try:
                    await answer(incoming)
                except TuntasError as error:  # one answer that fails is no reason to leave all others without
                    log.error("No answer to %s: %s", incoming.message.id, error)
                return
