"""Signing in with an API key, and out again. The key is looked at once; a signed cookie stays in the browser."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from tuntas.dashboard.page_request import SIGN_IN, PageRequest, own_path
from tuntas.dashboard.words import N_
from tuntas.foundation.identifiers import fingerprint
from tuntas.sessions.access import Scope

_UNKNOWN = N_("This key is not known here. Copy it whole, without spaces.")
_CANNOT_LOOK = N_("This key is good for sending or control only. The dashboard needs one that may look (read).")


async def show(request: PageRequest) -> Response:
    """Ask for a key; who is signed in already goes on."""
    if await request.sign_in_by_cookie():
        return request.leave_for("/")
    return request.page("sign_in.html", next=own_path(request.http.query_params.get("next", "/")), error=None)


async def sign_in(request: PageRequest) -> Response:
    """Take a key and give a signed cookie."""
    secret, wanted = request.form["key"].strip(), own_path(request.form["next"])
    caller = await request.context.keys.identify(secret) if secret else None
    if caller is None:
        peer = getattr(request.http.state, "peer", "")
        is_patient = not secret or await request.context.wrong_keys.slow(peer)
        return request.page("sign_in.html", status=422 if is_patient else 429, next=wanted, error=_UNKNOWN)
    if not caller.may(Scope.READ):
        return request.page("sign_in.html", status=422, next=wanted, error=_CANNOT_LOOK)
    cookie = request.dashboard.cookie
    answer = RedirectResponse(wanted, 303)
    answer.set_cookie(
        cookie.name,
        cookie.issue(fingerprint(secret), request.context.now()),
        max_age=cookie.lifetime_seconds,
        httponly=True,
        samesite="strict",
        secure=_came_encrypted(request),
    )
    return answer


def _came_encrypted(request: PageRequest) -> bool:
    """Whether the browser came by https, to us or to a proxy in front of us: it says so of its own form."""
    return request.http.url.scheme == "https" or request.http.headers.get("origin", "").startswith("https://")


async def sign_out(request: PageRequest) -> Response:
    """Forget the cookie in this browser."""
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(request.dashboard.cookie.name, httponly=True, samesite="strict")
    return answer
