"""Sending a test message. One, by hand, to one number: there is nothing here to send to many."""

from __future__ import annotations

import hashlib

from starlette.responses import Response

from tuntas.dashboard.linking import WRONG_NUMBER
from tuntas.dashboard.phone_numbers import digits_of
from tuntas.dashboard.visit import Visit
from tuntas.dashboard.words import N_
from tuntas.foundation.identifiers import ulid
from tuntas.sessions.sending import SendRequest

LONGEST_TEXT = 4096
_NO_TEXT = N_("Write a text of at most 4096 letters.")


def new_send_key() -> str:
    """Return what makes a form's message go out once, however often its button is pressed."""
    return f"dashboard-{ulid()}"


async def send(visit: Visit) -> Response:
    """Send a text and say how it went."""
    name = str(visit.request.path_params["name"])
    number, text = digits_of(visit.form["number"]), visit.form["text"].strip()
    if number is None or not 0 < len(text) <= LONGEST_TEXT:
        words = WRONG_NUMBER if number is None else _NO_TEXT
        return visit.notice(visit.say(words), status=422, tone="bad")
    content = {"chatId": f"{number}@c.us", "body": text, "replyTo": None, "mentions": None, "linkPreview": False}
    fingerprint = hashlib.sha256(f"{number}\n{text}".encode()).hexdigest()
    # A form that was sent before with other words is another message: its key is of the form and the words.
    key = f"{visit.form['send_key'][:64] or new_send_key()}-{fingerprint[:16]}"
    request = SendRequest(fingerprint, key)
    await visit.desk.sessions.send(name, request, lambda page, token: page.send("text", content, token=token))
    said = visit.say(N_("Sent to %(number)s. It appears among the events."), number=f"+{number}")
    if not visit.is_part:
        return visit.leave_for(f"/dashboard/sessions/{name}")
    # The next message of this form is another one, also with the same words.
    return visit.notice(said, renewed=visit.html("send_key.html", send_key=new_send_key()))
