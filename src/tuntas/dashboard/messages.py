"""Sending a test message. One, by hand, to one number: there is nothing here to send to many."""

from __future__ import annotations

import hashlib

from starlette.responses import Response

from tuntas.dashboard.linking import WRONG_NUMBER
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.phone_numbers import digits_of, spaced
from tuntas.dashboard.words import N_
from tuntas.foundation.identifiers import ulid
from tuntas.sessions.outgoing import MessageKind, OutgoingMessage
from tuntas.sessions.sending import SendRequest

LONGEST_TEXT = 4096
LONGEST_NUMBER = 64
_NO_TEXT = N_("Write a text of at most 4096 letters.")


def new_send_key() -> str:
    """Return what makes a form's message go out once, however often its button is pressed."""
    return f"dashboard-{ulid()}"


async def understood(request: PageRequest) -> Response:
    """Show to which number a message would go, while it is typed."""
    name, typed = str(request.http.path_params["name"]), request.http.query_params.get("number", "")
    number = _number_in(request, name, typed[:LONGEST_NUMBER])
    return request.page("understood.html", number=None if number is None else spaced(number))


async def send(request: PageRequest) -> Response:
    """Send a text and say how it went."""
    name = str(request.http.path_params["name"])
    number, text = _number_in(request, name, request.form["number"]), request.form["text"].strip()
    if number is None or not 0 < len(text) <= LONGEST_TEXT:
        words = WRONG_NUMBER if number is None else _NO_TEXT
        return request.notice(request.say(words), status=422, tone="bad")
    content = {"chatId": f"{number}@c.us", "body": text, "replyTo": None, "mentions": None, "linkPreview": False}
    fingerprint = hashlib.sha256(f"{number}\n{text}".encode()).hexdigest()
    # A form that was sent before with other words is another message: its key is of the form and the words.
    key = f"{request.form['send_key'][:64] or new_send_key()}-{fingerprint[:16]}"
    asked = SendRequest(OutgoingMessage(MessageKind.TEXT, content), fingerprint, key)
    await request.context.sessions.send(name, asked)
    said = request.say(N_("Sent to %(number)s. It appears among the events."), number=f"+{number}")
    if not request.is_part:
        return request.leave_for(f"/dashboard/sessions/{name}")
    # The next message of this form is another one, also with the same words.
    return request.notice(said, renewed=request.html("send_key.html", send_key=new_send_key()))


def _number_in(request: PageRequest, name: str, typed: str) -> str | None:
    me = request.context.sessions.get(name).me
    return digits_of(typed, None if me is None else me.id)
