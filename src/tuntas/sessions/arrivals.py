"""What a page observes, on its way to the session's mailbox: what is to be ignored goes no further, and a message whose
file is to be there when it is told waits for it, with the messages behind it.

Who is told of a message can fetch its file at once. A message that waits is not seen yet: if the page goes meanwhile,
the next one is asked for it. Nothing here is stored.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

import structlog

from tuntas.events import Message
from tuntas.foundation.tasks import end, spawn
from tuntas.sessions.errors import SessionError
from tuntas.sessions.ignoring import is_ignored
from tuntas.sessions.model import MessageSeen, Observation, SessionRecord
from tuntas.sessions.ports import ArrivedFiles, Sink, WhatsAppPage

FILE_SECONDS = 60.0

log = structlog.get_logger(__name__)


class Arrivals:
    """One page's observations. ``files`` is None where files are fetched only when somebody asks."""

    def __init__(
        self,
        record: SessionRecord,
        sink: Sink,
        page: Callable[[], WhatsAppPage | None],
        files: ArrivedFiles | None,
        ignored: frozenset[str],
    ) -> None:
        """Pass on to ``sink`` what the session ``record`` wants to know: nothing of ``ignored`` kinds of chats."""
        self._record = record
        self._ignored = ignored
        self._is_debug = record.config.is_debug
        self._sink = sink
        self._page = page
        self._files = files
        self._waiting: deque[Message] = deque()
        self._fetching: asyncio.Task[None] | None = None

    def take(self, seen: Observation) -> None:
        """Take what the page observes, in its order."""
        if is_ignored(seen, self._ignored):
            return
        if self._is_debug:
            log.info("page_told", session=self._record.name, what=type(seen).__name__)
        if isinstance(seen, MessageSeen) and (self._waiting or self._wants_file(seen.message)):
            self._waiting.append(seen.message)
            if self._fetching is None or self._fetching.done():
                self._fetching = spawn(self._pass_on(), name=f"files of session {self._record.name}")
            return
        self._sink(seen)

    async def complete(self, found: Iterable[Message]) -> list[Message]:
        """Return those of the messages that are wanted, with their files."""
        wanted = [one for one in found if not is_ignored(MessageSeen(one), self._ignored)]
        return [await self._with_file(one) if self._wants_file(one) else one for one in wanted]

    async def close(self) -> None:
        """Wait for nothing any more."""
        self._waiting.clear()
        await end(self._fetching)

    def _wants_file(self, message: Message) -> bool:
        # What was sent from here has its file already, wherever it came from.
        return self._files is not None and message.has_media and message.source != "api"

    async def _pass_on(self) -> None:
        while self._waiting:
            message = self._waiting[0]
            if self._wants_file(message):
                message = await self._with_file(message)
            if self._waiting:
                self._waiting.popleft()
                self._sink(MessageSeen(message))

    async def _with_file(self, message: Message) -> Message:
        assert self._files is not None
        media = dict(message.details.get("media") or {})
        try:
            async with asyncio.timeout(FILE_SECONDS):
                media |= await self._files.fetch(self._record, message.id, self._page)
        except (SessionError, OSError) as error:
            # The message is told all the same, with what went wrong; its file can be asked for later.
            media["error"] = str(error) or f"The file did not come within {FILE_SECONDS:g} s."
        return replace(message, details={**message.details, "media": media})
