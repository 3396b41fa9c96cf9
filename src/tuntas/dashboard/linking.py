"""Linking a session with a phone: the QR that renews itself, or a code that is typed in on the phone.

A QR is a secret of a minute, for those who may control the session; it is never logged.
"""

from __future__ import annotations

import io
import re

import segno
from markupsafe import Markup
from starlette.responses import Response

from tuntas.dashboard import passkey
from tuntas.dashboard.fragments import Fragment
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.phone_numbers import digits_of
from tuntas.dashboard.words import N_
from tuntas.sessions.access import Scope
from tuntas.sessions.errors import WrongStatus
from tuntas.sessions.machine import PASSKEY, State
from tuntas.sessions.model import SessionRecord

WRONG_NUMBER = N_("Write the number with its country code, for example +62 812 3456 7890.")


def fragment(request: PageRequest, record: SessionRecord) -> Fragment:
    """Return both ways of linking while the session waits for a phone, else an empty place for them.

    The QR is a fragment of its own: it renews itself under the hands of somebody who types a number beside it.
    """
    if record.state in PASSKEY and request.may(Scope.CONTROL):
        return passkey.fragment(request, record)
    if record.state is not State.SCAN_QR_CODE or not request.may(Scope.CONTROL):
        waits = record.state in {State.SCAN_QR_CODE} | PASSKEY
        return Fragment("linking", ("closed", waits), lambda: request.html("linking_closed.html", waits=waits))
    value = _qr(request, record)
    qr = Fragment("qr", value, lambda: request.html("qr.html", picture=None if value is None else drawn(value)))
    return Fragment("linking", "open", lambda: request.html("linking.html", session=record, qr=qr), (qr,))


def _qr(request: PageRequest, record: SessionRecord) -> str | None:
    try:
        return request.context.sessions.qr(record.name)
    except WrongStatus:
        return None  # it went on in this very moment; the next look shows where to


def drawn(value: str) -> Markup:
    """Return a QR as an SVG element, which scales and needs no second request."""
    picture = io.BytesIO()
    code = segno.make(value, error="l", micro=False)
    code.save(picture, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2, nl=False)
    return Markup(re.sub(r"^<svg ", '<svg aria-hidden="true" ', picture.getvalue().decode()))  # noqa: S704 - segno's


async def pairing_code(request: PageRequest) -> Response:
    """Show a code for the phone with this number."""
    name, typed = str(request.http.path_params["name"]), request.form["number"]
    before = request.context.sessions.get(name).unlinked_me  # the same phone is linked again, mostly
    number = digits_of(typed, None if before is None else before.id)
    if number is None:
        return request.page("pairing_code.html", status=422, code=None, number=typed, error=WRONG_NUMBER)
    code = await request.context.sessions.pairing_code(name, number)
    return request.page("pairing_code.html", code=f"{code[:4]}-{code[4:]}", number=f"+{number}", error=None)
