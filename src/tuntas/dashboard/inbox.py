"""A session's inbox: its chats, one of them beside them, and what somebody answers. It follows what comes in live."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from tuntas.dashboard.fragments import Fragment, follow
from tuntas.dashboard.inbox_reading import InboxReading, InboxSelection, InboxView
from tuntas.dashboard.inbox_view import Chat, ChatLine
from tuntas.dashboard.messages import LONGEST_TEXT, new_send_key
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.phone_numbers import digits_of, shown
from tuntas.dashboard.session import gone, name_in
from tuntas.sessions.errors import UnknownSession

MESSAGES_SHOWN, MOST_MESSAGES = 50, 800
LONGEST_SEARCH = 100
_CHAT_ID = re.compile(r"[0-9]{4,40}(-[0-9]{4,20})?@(c\.us|g\.us|lid|newsletter)")


def path_of(session: str, chat: str | None = None) -> str:
    """Return the address of an inbox, or of a chat in it."""
    inbox = f"/dashboard/sessions/{session}/inbox"
    return inbox if chat is None else f"{inbox}/{chat}"


async def show(request: PageRequest) -> Response:
    """Show the chats, and the chat that the address names."""
    return await page(request)


async def page(request: PageRequest, *, status: int = 200, text: str = "", error: str = "") -> Response:
    """Show the inbox; ``text`` is in the place for an answer, ``error`` (in the reader's language) beside it."""
    wanted = _wanted(request)
    session = request.context.sessions.get(wanted.session)
    view = await InboxReading(request, wanted).now()
    fragments = {one.id: one for one in _fragments(request, wanted, view)}
    values = {"chat": wanted.chat, "search": wanted.search, "count": wanted.count}
    return request.page(
        "inbox.html",
        status=status,
        session=session,
        wanted=wanted,
        more=min(wanted.count * 2, MOST_MESSAGES) if len(view.messages) >= wanted.count < MOST_MESSAGES else 0,
        stream=urlencode({name: value for name, value in values.items() if value}),
        fragments=fragments,
        title=_title(wanted, view),
        view=view,
        send_key=new_send_key(),
        text=text,
        error=error,
        longest_text=LONGEST_TEXT,
        most_file_bytes=request.context.most_file_bytes,
        path=path_of(wanted.session),
    )


async def live(request: PageRequest) -> Response:
    """Stream what changes."""
    wanted = _wanted(request)
    request.context.sessions.get(wanted.session)
    reading = InboxReading(request, wanted)

    async def look() -> Sequence[Fragment]:
        try:
            return _fragments(request, wanted, await reading.now())
        except UnknownSession:
            return [gone(request, "session", wanted.session)]

    return follow(request, look)


def chat_in(request: PageRequest) -> str:
    """Return the chat's id in the request's path. Raises HTTPException (404) for what is none."""
    return _chat_id(str(request.http.path_params["chat"]))


def _chat_id(text: str) -> str:
    if not _CHAT_ID.fullmatch(text):
        raise HTTPException(404)
    return text


def _wanted(request: PageRequest) -> InboxSelection:
    query, path = request.http.query_params, request.http.path_params
    asked = str(path.get("chat") or query.get("chat") or "")
    count = query.get("count", "")
    return InboxSelection(
        session=name_in(request),
        chat=_chat_id(asked) if asked else None,
        search=query.get("search", "").strip()[:LONGEST_SEARCH],
        count=min(int(count), MOST_MESSAGES) if re.fullmatch(r"[1-9][0-9]{0,3}", count) else MESSAGES_SHOWN,
    )


def _title(wanted: InboxSelection, view: InboxView) -> str:
    return view.chat.name if view.chat else shown(wanted.chat or "")


def _fragments(request: PageRequest, wanted: InboxSelection, view: InboxView) -> list[Fragment]:
    fragments = [_trouble(request, view), _chats(request, wanted, view)]
    if wanted.chat is not None:
        fragments += [_head(request, wanted, view), _messages(request, wanted, view), _newest(request, view)]
    return fragments


def _trouble(request: PageRequest, view: InboxView) -> Fragment:
    value = (view.state, view.trouble)
    return Fragment("inbox-trouble", value, lambda: request.html("inbox_trouble.html", view=view))


def _chats(request: PageRequest, wanted: InboxSelection, view: InboxView) -> Fragment:
    rows = tuple(_row(request, wanted, chat) for chat in view.chats)
    me = request.context.sessions.get(wanted.session).me
    number = digits_of(wanted.search, None if me is None else me.id) if wanted.search and not rows else None
    value = (tuple(row.id for row in rows), view.trouble is None)
    return Fragment(
        "chats",
        value,
        lambda: request.html("chats.html", rows=rows, wanted=wanted, view=view, number=number),
        rows,
    )


def _row(request: PageRequest, wanted: InboxSelection, chat: Chat) -> Fragment:
    is_open = chat.id == wanted.chat
    return Fragment(
        chat.place,
        (chat, is_open),
        lambda: request.html("chat_row.html", chat=chat, is_open=is_open, wanted=wanted, path=path_of(wanted.session)),
    )


def _head(request: PageRequest, wanted: InboxSelection, view: InboxView) -> Fragment:
    unread = view.chat.unread if view.chat else 0
    title = _title(wanted, view)
    number = view.chat.number if view.chat else title
    value = (title, number, unread, view.chat is not None and view.chat.is_read_only)
    return Fragment(
        "chat-head",
        value,
        lambda: request.html(
            "chat_head.html",
            title=title,
            number=number,
            unread=unread,
            path=path_of(wanted.session, wanted.chat),
            back=path_of(wanted.session),
        ),
    )


def _messages(request: PageRequest, wanted: InboxSelection, view: InboxView) -> Fragment:
    is_group = view.chat is not None and view.chat.is_group
    lines = tuple(_line(request, wanted, line, is_group=is_group) for line in view.messages)
    value = (tuple(line.id for line in lines), view.trouble is None)
    return Fragment("messages", value, lambda: request.html("chat_messages.html", lines=lines, view=view), lines)


def _line(request: PageRequest, wanted: InboxSelection, line: ChatLine, *, is_group: bool) -> Fragment:
    return Fragment(
        line.place,
        (line, is_group),
        lambda: request.html(
            "chat_message.html", line=line, is_group=is_group, path=path_of(wanted.session, wanted.chat)
        ),
    )


def _newest(request: PageRequest, view: InboxView) -> Fragment:
    """Return what a screen reader says when a message has come: that one, and not the whole chat again."""
    newest = next((line for line in reversed(view.messages) if not line.from_me), None)
    return Fragment("newest", newest.id if newest else None, lambda: request.html("chat_newest.html", line=newest))
