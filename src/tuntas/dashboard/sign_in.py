"""Signing in with an API key or a link, and out again. It is looked at once; a signed cookie stays in the browser."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from tuntas.dashboard.page_request import SIGN_IN, PageRequest, own_path
from tuntas.dashboard.words import N_
from tuntas.foundation.identifiers import fingerprint
from tuntas.sessions.access import Caller, Scope

_UNKNOWN = N_("This key is not known here. Copy it whole, without spaces.")
_OLD_LINK = N_("This link was used already, or is too old. Ask for another: tuntas open")
_CANNOT_LOOK = N_("This key is good for sending or control only. The dashboard needs one that may look (read).")


async def show(request: PageRequest) -> Response:
    """Ask for a key; who is signed in already goes on."""
    query = request.http.query_params
    link = query.get("link", "")
    # Not signed in by the look itself: what shows previews of links would use it up.
    if not link and await request.sign_in_by_cookie():
        return request.leave_for("/")
    return request.page("sign_in.html", next=own_path(query.get("next", "/")), link=link, error=None)


async def sign_in(request: PageRequest) -> Response:
    """Take a key, or a link that stands for one, and give a signed cookie."""
    wanted, link, secret = own_path(request.form["next"]), request.form["link"], request.form["key"].strip()
    mark = request.context.sign_in_links.redeem(link) if link else fingerprint(secret)
    caller = await _caller(request, secret, mark)
    if mark is None or caller is None:
        peer = getattr(request.http.state, "peer", "")
        is_patient = not (link or secret) or await request.context.wrong_keys.slow(peer)
        error = _OLD_LINK if link else _UNKNOWN
        return request.page("sign_in.html", status=422 if is_patient else 429, next=wanted, link="", error=error)
    if not caller.may(Scope.READ):
        return request.page("sign_in.html", status=422, next=wanted, link="", error=_CANNOT_LOOK)
    cookie = request.dashboard.cookie
    answer = RedirectResponse(wanted, 303)
    answer.set_cookie(
        cookie.name,
        cookie.issue(mark, request.context.now()),
        max_age=cookie.lifetime_seconds,
        httponly=True,
        samesite="strict",
        secure=_came_encrypted(request),
    )
    return answer


async def _caller(request: PageRequest, secret: str, mark: str | None) -> Caller | None:
    if secret:
        return await request.context.keys.identify(secret)
    return None if mark is None else await request.context.keys.recognise(mark)


def _came_encrypted(request: PageRequest) -> bool:
    """Whether the browser came by https, to us or to a proxy in front of us: it says so of its own form."""
    return request.http.url.scheme == "https" or request.http.headers.get("origin", "").startswith("https://")


async def sign_out(request: PageRequest) -> Response:
    """Forget the cookie in this browser."""
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(request.dashboard.cookie.name, httponly=True, samesite="strict")
    return answer
