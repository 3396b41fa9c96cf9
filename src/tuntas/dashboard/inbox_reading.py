"""Reading an inbox from a session's page, and only when something may have changed.

Pages are told of every event of every session; WhatsApp's page is asked again when this session has a new one, when its
state has changed, and at times for what no event tells: that a chat was read on the phone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from tuntas.dashboard import words
from tuntas.dashboard.inbox_view import NO_CHATS_OF_PEOPLE, Chat, ChatLine, chat_of, line_of
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.words import N_
from tuntas.events import message_of
from tuntas.sessions.errors import NotYours, SessionError, UnknownSession, WrongStatus
from tuntas.sessions.machine import State
from tuntas.sessions.page_calls import PageCall

CHATS_SHOWN = 60
CHATS_SEARCHED = 1000
ASKED_AGAIN_SECONDS = 14.0
_NOT_WORKING = N_("Chats can be read as soon as the session works.")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class InboxSelection:
    """What of an inbox is looked at: ``chat`` None for the list alone; ``count`` of its newest messages."""

    session: str
    chat: str | None = None
    search: str = ""
    count: int = 50


@dataclass(frozen=True, slots=True)
class InboxView:
    """What was found. ``chat``: the one that is wanted, if it is known. ``trouble``: why this is not what is now."""

    state: State
    chats: tuple[Chat, ...] = ()
    chat: Chat | None = None
    messages: tuple[ChatLine, ...] = field(default=(), repr=False)
    trouble: str | None = None


class InboxReading:
    """One reader's look at an inbox, again and again."""

    def __init__(self, request: PageRequest, wanted: InboxSelection) -> None:
        """Nothing is read yet."""
        self._request = request
        self._wanted = wanted
        self._mark: tuple[object, ...] | None = None
        self._asked_at = float("-inf")
        self._view: InboxView | None = None

    async def now(self) -> InboxView:
        """Return the inbox as it is. Raises UnknownSession, NotYours."""
        context = self._request.context
        record = context.sessions.get(self._wanted.session)
        newest = await context.event_log.recent(record.name, None, limit=1)
        mark = (record.id, record.state, newest[0].place if newest else 0)
        clock = asyncio.get_running_loop().time()
        if self._view is None or mark != self._mark or clock - self._asked_at > ASKED_AGAIN_SECONDS:
            self._mark, self._asked_at = mark, clock
            self._view = await self._read(record.state)
        return self._view

    async def _read(self, state: State) -> InboxView:
        try:
            chats = await self._chats(limit=CHATS_SEARCHED if self._wanted.search else CHATS_SHOWN)
            if self._wanted.chat is None:
                return InboxView(state, tuple(self._shown(chats)))
            chat = next((one for one in chats if one.id == self._wanted.chat), None)
            if chat is None:
                found = await self._chats(ids=[self._wanted.chat])
                chat = found[0] if found else None
            return InboxView(state, tuple(self._shown(chats)), chat, tuple(await self._messages(self._wanted.chat)))
        except (UnknownSession, NotYours):
            raise
        except WrongStatus:
            return self._with_trouble(state, _NOT_WORKING)
        except SessionError as error:
            return self._with_trouble(state, words.ERRORS[type(error)][1])

    async def _chats(self, **which: Any) -> list[Chat]:
        asked = {"limit": 1, "offset": 0, "sortBy": "conversationTimestamp", "descending": True} | which
        found = await self._request.context.sessions.ask_page(self._wanted.session, PageCall.CHATS, asked)
        return [chat for plain in found if (chat := _known(plain)) is not None]

    async def _messages(self, chat: str) -> list[ChatLine]:
        asked = {"chatId": chat, "limit": self._wanted.count}
        found = await self._request.context.sessions.ask_page(self._wanted.session, PageCall.MESSAGES, asked)
        return sorted((line_of(message_of(plain)) for plain in found), key=lambda line: line.at)

    def _shown(self, chats: Sequence[Chat]) -> list[Chat]:
        search = self._wanted.search
        people = (chat for chat in chats if not chat.id.endswith(NO_CHATS_OF_PEOPLE))
        fitting = [chat for chat in people if (chat.fits(search) if search else not chat.is_archived)]
        return fitting[:CHATS_SHOWN]

    def _with_trouble(self, state: State, trouble: str) -> InboxView:
        return replace(self._view or InboxView(state), state=state, trouble=trouble)


def _known(plain: Any) -> Chat | None:
    """Return a chat of the page's answer, None for one that is spoiled: it does not hide the others."""
    try:
        return chat_of(plain)
    except (KeyError, TypeError, ValueError):
        log.warning("chat_left_out")
        return None
