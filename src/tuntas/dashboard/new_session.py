"""Making a session: a name, and at once its page with the code to scan."""

from __future__ import annotations

import re

from starlette.responses import Response

from tuntas.dashboard.session import path_of
from tuntas.dashboard.visit import BY, Visit
from tuntas.dashboard.words import N_
from tuntas.sessions.errors import NameTaken, NotYours
from tuntas.sessions.model import SESSION_NAME_PATTERN, SessionConfig

_WRONG_NAME = N_("Use 1 to 64 letters without accents, digits, - and _, without spaces.")
_TAKEN = N_("A session of this name exists already.")
_NOT_YOURS = N_("Your key is limited to some sessions, and this name is not among them.")


async def show(visit: Visit) -> Response:
    """Ask for a name."""
    return visit.page("new_session.html", name="", error=None)


async def create(visit: Visit) -> Response:
    """Make the session, start it and lead to its page."""
    name = visit.form["name"].strip()
    if not re.fullmatch(SESSION_NAME_PATTERN, name):
        return visit.page("new_session.html", status=422, name=name, error=_WRONG_NAME)
    try:
        await visit.desk.sessions.create(name, SessionConfig(), start=True, asked_by=BY)
    except (NameTaken, NotYours) as error:
        words = _TAKEN if isinstance(error, NameTaken) else _NOT_YOURS
        return visit.page("new_session.html", status=422, name=name, error=words)
    return visit.leave_for(path_of(name))
