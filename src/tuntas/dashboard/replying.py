"""Answering in a chat: words, a file, or both. One message to one chat; sent once, however often it is pressed.

What is wrong is said beside the form, which keeps what was typed.
"""

from __future__ import annotations

import hashlib
from typing import Any

import structlog
from starlette.responses import HTMLResponse, Response

from tuntas.dashboard import inbox, words
from tuntas.dashboard.attachments import Attachment, Unsendable
from tuntas.dashboard.messages import LONGEST_TEXT, new_send_key
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.session import name_in
from tuntas.dashboard.words import N_
from tuntas.foundation.tasks import blocking
from tuntas.sessions.errors import PageRefused, SessionError
from tuntas.sessions.outgoing import MessageKind, OutgoingMessage
from tuntas.sessions.page_calls import PageCall
from tuntas.sessions.sending import SendRequest

_MEGABYTE = 1_000_000
_NOTHING = N_("Write something, or choose a file.")
_TOO_LONG = N_("Write at most 4096 letters.")
_TOO_LARGE = N_("The file is larger than %(size)s MB, the most that this server sends.")

log = structlog.get_logger(__name__)


async def reply(request: PageRequest) -> Response:
    """Send what the form has."""
    name, chat = name_in(request), inbox.chat_in(request)
    text, attachment = request.form["text"].strip(), request.form.attachment
    if (fault := _fault(request, text, attachment)) is not None:
        return await _refused(request, 422, fault)
    try:
        message = await blocking(_message, chat, text, attachment)
    except Unsendable as error:
        return await _refused(request, 422, request.say(str(error)))
    data = attachment.data if attachment else b""
    fingerprint = hashlib.sha256(b"\n".join((chat.encode(), text.encode(), data))).hexdigest()
    # A form that was sent before with other words is another message: its key is of the form and the words.
    key = f"{request.form['send_key'][:64] or new_send_key()}-{fingerprint[:16]}"
    try:
        await request.context.sessions.send(name, SendRequest(message, fingerprint, key))
    except SessionError as error:
        status, sentence = words.ERRORS[type(error)]
        detail = f" {error}" if isinstance(error, PageRefused) else ""
        return await _refused(request, status, request.say(sentence) + detail)
    await _seen(request, name, chat)
    if not request.is_part:
        return request.leave_for(inbox.path_of(name, chat))
    # The next message of this form is another one, also with the same words.
    key_renewed = request.html("send_key.html", send_key=new_send_key())
    return HTMLResponse(request.html("reply_result.html", error="") + key_renewed)


async def mark_read(request: PageRequest) -> Response:
    """Tell whoever wrote that it was read, as WhatsApp does when a chat is opened on the phone."""
    name, chat = name_in(request), inbox.chat_in(request)
    await request.context.sessions.ask_page(name, PageCall.SEEN, {"chatId": chat})
    return request.done(request.say(N_("The chat is marked as read.")), inbox.path_of(name, chat))


async def _seen(request: PageRequest, name: str, chat: str) -> None:
    """Mark as read what was answered."""
    try:
        await request.context.sessions.ask_page(name, PageCall.SEEN, {"chatId": chat})
    except SessionError as error:
        # The answer is sent, and that is what was asked; the chat stays unread, which the page shows.
        log.warning("chat_not_marked_as_read", session=name, error=type(error).__name__)


def _fault(request: PageRequest, text: str, attachment: Attachment | None) -> str | None:
    most_bytes = request.context.most_file_bytes
    if not text and attachment is None:
        return request.say(_NOTHING)
    if len(text) > LONGEST_TEXT:
        return request.say(_TOO_LONG)
    if attachment is not None and len(attachment.data) > most_bytes:
        return request.say(_TOO_LARGE, size=most_bytes // _MEGABYTE)
    return None


def _message(chat: str, text: str, attachment: Attachment | None) -> OutgoingMessage:
    content: dict[str, Any] = {"chatId": chat, "replyTo": None, "mentions": None}
    if attachment is None:
        return OutgoingMessage(MessageKind.TEXT, content | {"body": text, "linkPreview": False})
    kind, file = attachment.as_message()
    return OutgoingMessage(kind, content | {"caption": text or None}, file)


async def _refused(request: PageRequest, status: int, sentence: str) -> Response:
    if request.is_part:
        return HTMLResponse(request.html("reply_result.html", error=sentence), status)
    return await inbox.page(request, status=status, text=request.form["text"], error=sentence)
