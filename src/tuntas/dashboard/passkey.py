"""What WhatsApp asks of the account's passkey: what to do, where, and the code to compare.

A browser signs for WhatsApp at WhatsApp's own address only. So a line is shown that is to be run there, and what it
gives is brought back here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response

from tuntas.dashboard.fragments import Fragment
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.words import N_
from tuntas.foundation.plain_values import NotPlain, plain_from_json
from tuntas.sessions.errors import AnswerRefused, WrongStatus
from tuntas.sessions.machine import State
from tuntas.sessions.model import SessionRecord

MOST_CHARACTERS = 64 * 1024

# `copy` is a word of the browser's own console.
_LINE = (
    "navigator.credentials.get({{publicKey: PublicKeyCredential.parseRequestOptionsFromJSON({options})}})"
    ".then((made) => {{ const text = JSON.stringify(made); console.log(text); prompt('', text); }})"
)


def fragment(request: PageRequest, record: SessionRecord) -> Fragment:
    """Return what is to be done, in the place where the QR was."""
    line = code = None
    try:
        if record.state is State.PASSKEY_REQUIRED:
            options = json.dumps(dict(request.context.sessions.passkey_challenge(record.name)))
            line = _LINE.format(options=options)
        else:
            code = request.context.sessions.passkey_code(record.name)
    except WrongStatus:
        pass  # it went on in this very moment; the next look shows where to
    return Fragment(
        "linking", ("passkey", line, code), lambda: request.html("passkey.html", session=record, line=line, code=code)
    )


async def answer(request: PageRequest) -> Response:
    """Hand over what a browser at WhatsApp's address has signed."""
    name = str(request.http.path_params["name"])
    text = request.form["signed"].strip()
    try:
        signed = plain_from_json(text[:MOST_CHARACTERS].encode())
    except NotPlain as error:
        raise AnswerRefused(error.problem) from None
    if not isinstance(signed, Mapping):
        raise AnswerRefused("it is no object")
    await request.context.sessions.answer_passkey(name, signed)
    return request.done(request.say(N_("The passkey's answer has been handed over.")), _path_of(name))


async def confirm(request: PageRequest) -> Response:
    """Say that the phone shows the same code."""
    name = str(request.http.path_params["name"])
    await request.context.sessions.confirm_passkey(name)
    return request.done(request.say(N_("The code is confirmed. The account is loading.")), _path_of(name))


def _path_of(name: str) -> str:
    return f"/dashboard/sessions/{name}"
