"""Keys: who may come in. A key's secret is on the page that answers its making, and never again."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.responses import Response

from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.words import N_
from tuntas.sessions.access import Caller, Scope
from tuntas.sessions.model import SESSION_NAME_PATTERN

LONGEST_NAME = 64
_NO_NAME = N_("Give it a name of at most 64 letters, so that you know later whose it is.")
_NO_SCOPE = N_("Choose at least one thing that it may do.")
_WRONG_SESSIONS = N_("Write names of sessions with commas between them, or leave the field empty for all.")
_ADMIN_SEES_ALL = N_("A key that administers sees all sessions: leave the field of sessions empty.")


async def show(request: PageRequest) -> Response:
    """List the keys."""
    return _page(request)


async def create(request: PageRequest) -> Response:
    """Make a key and show its secret, once."""
    name = request.form["name"].strip()
    scopes = frozenset(scope for scope in Scope if scope.value in request.form.all("scope"))
    typed = request.form["sessions"]
    sessions = frozenset(filter(None, (one.strip() for one in typed.split(",")))) or None
    error = _error(name, scopes, sessions)
    if error is not None:
        return _page(request, status=422, error=error, name=name, scopes=scopes, sessions=typed)
    key, secret = await request.context.keys.create(Caller(name, scopes, sessions))
    return _page(request, made=key.caller.name, secret=secret)


async def revoke(request: PageRequest) -> Response:
    """Make a key worthless at once."""
    if not await request.context.keys.revoke(str(request.http.path_params["id"])):
        raise HTTPException(404)
    return request.leave_for("/dashboard/keys")


def _error(name: str, scopes: frozenset[Scope], sessions: frozenset[str] | None) -> str | None:
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        return _NO_NAME
    if not scopes:
        return _NO_SCOPE
    if sessions is not None and not all(re.fullmatch(SESSION_NAME_PATTERN, one) for one in sessions):
        return _WRONG_SESSIONS
    if sessions is not None and Scope.ADMIN in scopes:
        return _ADMIN_SEES_ALL
    return None


def _page(request: PageRequest, *, status: int = 200, **shown: object) -> Response:
    values: dict[str, object] = {
        "keys": list(reversed(request.context.keys.all())),
        "error": None,
        "made": None,
        "secret": None,
        "name": "",
        "scopes": frozenset({Scope.READ}),
        "sessions": "",
    }
    return request.page("keys.html", status=status, **(values | shown))
