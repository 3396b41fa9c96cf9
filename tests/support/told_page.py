"""A page that observes what a test says, and the engine that opens such pages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tuntas.events import Me, Message, Restriction
from tuntas.foundation.proxy import Proxy
from tuntas.sessions.errors import AccountRestricted, NotTaken, PageRefused, PageUnavailable
from tuntas.sessions.model import BrowserRecord
from tuntas.sessions.outgoing import FileSource, MessageKind, OutgoingMessage
from tuntas.sessions.page_calls import PageCall
from tuntas.sessions.ports import Download, LaunchRefused, Sink

ME = Me("628@c.us", "Shop")


class ToldPage:
    """A page that observes what a test says, and knows whether it lives."""

    def __init__(self, profile: Path, sink: Sink) -> None:
        self.profile = profile
        self.sink = sink
        self.is_open = True
        self.logged_out = False
        self.answers = True
        self.weighs_bytes = 0
        self.asked_since: list[int] = []
        self.asked_waiting: list[list[str]] = []
        self.stored: list[dict[str, Any]] = []
        self.may_tell = asyncio.Event()
        self.may_tell.set()
        self.sending: list[str] = []
        self.tokens: list[str] = []
        self.sent: dict[str, Message] = {}
        self.strangers: set[str] = set()
        self.not_taken: set[str] = set()
        self.may_send = asyncio.Event()
        self.may_send.set()
        self.record = BrowserRecord(1, 1.0, 1, "boot", str(profile), "told", "1", datetime.now(UTC))

    async def probe(self) -> bool:
        if not self.answers:
            message = "no answer"
            raise PageUnavailable(message)
        return True

    async def tend(self) -> int:
        return self.weighs_bytes

    async def log_out(self) -> None:
        assert self.is_open
        self.logged_out = True

    async def end(self, *, gracefully: bool = True) -> str:
        await asyncio.sleep(0)
        assert self.profile.is_dir(), "the profile went away under a live browser"
        self.is_open = False
        return "closed"

    async def send(self, message: OutgoingMessage, *, token: str) -> Message:
        assert message.kind in (MessageKind.TEXT, MessageKind.FORWARD)
        chat_id, text = message.content["chatId"], message.content["body"]
        self.tokens.append(token)
        self.sending.append(text)
        await self.may_send.wait()
        if not self.is_open or not self.answers:
            raise PageUnavailable("the page went away")
        if text == "refused":
            raise PageRefused(text)
        if chat_id in self.strangers:
            raise AccountRestricted(Restriction.TIMELOCK, 60.0)
        if token in self.not_taken:
            raise NotTaken(token)
        known = self.sent.get(token)
        if known is None:
            known = Message(f"true_{chat_id}_{token}", 1, ME.id, chat_id, True, text, "api")
            self.sent[token] = known
        return known

    async def ask(self, call: PageCall, arguments: Mapping[str, Any], *, file: FileSource | None = None) -> Any:
        assert call is PageCall.MESSAGES_SINCE
        self.asked_since.append(arguments["since"])
        self.asked_waiting.append(arguments["waiting"])
        await self.may_tell.wait()
        return {"messages": self.stored, "isAll": True}

    def download(self, message_id: str) -> AbstractAsyncContextManager[Download]:
        raise NotImplementedError

    async def screenshot(self) -> bytes:
        raise NotImplementedError


class ToldEngine:
    """Opens pages; counts those that live on one profile, which must never be two."""

    def __init__(self) -> None:
        self.pages: list[ToldPage] = []
        self.may_open = asyncio.Event()
        self.may_open.set()
        self.opening = asyncio.Event()
        self.refusals = 0

    async def open(self, profile: Path, sink: Sink, proxy: Proxy | None = None) -> ToldPage:
        self.opening.set()
        await self.may_open.wait()
        if self.refusals:
            self.refusals -= 1
            raise LaunchRefused("browser_did_not_start", "told so")
        assert not [page for page in self.pages if page.is_open and page.profile == profile], "two on one profile"
        page = ToldPage(profile, sink)
        self.pages.append(page)
        return page

    async def end_orphan(self, record: BrowserRecord) -> bool:
        return False

    @property
    def page(self) -> ToldPage:
        return self.pages[-1]
