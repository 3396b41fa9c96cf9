"""Making a session: a name, and at once its page with the code to scan."""

from __future__ import annotations

import re

from starlette.responses import Response

from tuntas.dashboard.page_request import BY, PageRequest
from tuntas.dashboard.session import path_of
from tuntas.dashboard.words import N_
from tuntas.sessions.errors import NameRefused, NameTaken, NotYours
from tuntas.sessions.model import SESSION_NAME_PATTERN, SessionConfig

_WRONG_NAME = N_("Use 1 to 64 letters without accents, digits, - and _, without spaces.")
_TAKEN = N_("A session of this name exists already.")
_REFUSED = N_("No session may have this name. Choose another.")
_NOT_YOURS = N_("Your key is limited to some sessions, and this name is not among them.")
_WHY: dict[type[Exception], str] = {NameRefused: _REFUSED, NameTaken: _TAKEN, NotYours: _NOT_YOURS}


async def show(request: PageRequest) -> Response:
    """Ask for a name."""
    return request.page("new_session.html", name="", error=None)


async def create(request: PageRequest) -> Response:
    """Make the session, start it and lead to its page."""
    name = request.form["name"].strip()
    if not re.fullmatch(SESSION_NAME_PATTERN, name):
        return request.page("new_session.html", status=422, name=name, error=_WRONG_NAME)
    try:
        await request.context.sessions.create(name, SessionConfig(), start=True, asked_by=BY)
    except (NameRefused, NameTaken, NotYours) as error:
        return request.page("new_session.html", status=422, name=name, error=_WHY[type(error)])
    return request.leave_for(path_of(name))
