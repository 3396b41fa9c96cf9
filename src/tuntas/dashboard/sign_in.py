"""Signing in with an API key, and out again. The key is looked at once; what stays in the browser is a pass."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from tuntas.dashboard.visit import SIGN_IN, Visit, own_path
from tuntas.dashboard.words import N_
from tuntas.foundation.identifiers import fingerprint
from tuntas.sessions.access import Scope

_UNKNOWN = N_("This key is not known here. Copy it whole, without spaces.")
_CANNOT_LOOK = N_("This key is good for sending or control only. The dashboard needs one that may look (read).")


async def show(visit: Visit) -> Response:
    """Ask for a key; who is signed in already goes on."""
    if await visit.sign_in_by_cookie():
        return visit.leave_for("/")
    return visit.page("sign_in.html", next=own_path(visit.request.query_params.get("next", "/")), error=None)


async def sign_in(visit: Visit) -> Response:
    """Take a key and give a pass."""
    secret, wanted = visit.form["key"].strip(), own_path(visit.form["next"])
    caller = await visit.desk.keys.identify(secret) if secret else None
    if caller is None or not caller.may(Scope.READ):
        error = _UNKNOWN if caller is None else _CANNOT_LOOK
        return visit.page("sign_in.html", status=422, next=wanted, error=error)
    passes = visit.house.passes
    answer = RedirectResponse(wanted, 303)
    answer.set_cookie(
        passes.cookie,
        passes.issue(fingerprint(secret), visit.desk.now()),
        max_age=passes.lifetime_seconds,
        httponly=True,
        samesite="strict",
        secure=visit.request.url.scheme == "https",
    )
    return answer


async def sign_out(visit: Visit) -> Response:
    """Forget the pass in this browser."""
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(visit.house.passes.cookie, httponly=True, samesite="strict")
    return answer
