"""One request of somebody: who they are, what they may, which language they read; and the guard in front of pages.

Every page but the sign-in is behind ``open_to``. It reads the cookie anew for each request, so that a key that was
revoked a moment ago opens nothing; and it takes no form that does not carry the token of that very cookie.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tuntas.dashboard.context import DashboardContext
from tuntas.dashboard.forms import Form, read_form
from tuntas.dashboard.languages import Language, choose
from tuntas.dashboard.rendering import Rendering
from tuntas.dashboard.signed_cookie import SignedCookie
from tuntas.dashboard.trouble_words import ShownTrouble, shown_trouble
from tuntas.foundation.host_names import is_own_origin
from tuntas.sessions.access import Caller, Scope
from tuntas.sessions.approvals import ApprovalStatus

BY = "dashboard"
SIGN_IN = "/dashboard/sign-in"
LANGUAGE_COOKIE = "tuntas_language"
THEME_COOKIE = "tuntas_theme"
THEMES = ("auto", "light", "dark")
NOTICES = "#notices"
STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What all requests share."""

    context: DashboardContext
    cookie: SignedCookie
    rendering: Rendering


class PageRequest:
    """One request, and the answers that it can be given."""

    def __init__(self, request: Request) -> None:
        """Read the reader's language and theme; nobody is signed in yet."""
        dashboard: Dashboard = request.app.state.dashboard
        self.http = request
        self.dashboard = dashboard
        self.context = dashboard.context
        self.caller: Caller | None = None
        self.form = Form([])
        cookies = request.cookies
        accepted = request.headers.get("accept-language", "")
        self.language: Language = choose(cookies.get(LANGUAGE_COOKIE), accepted, dashboard.rendering.languages)
        theme = cookies.get(THEME_COOKIE, "auto")
        self.theme = theme if theme in THEMES else "auto"
        self._cookie = cookies.get(dashboard.cookie.name, "")

    async def sign_in_by_cookie(self) -> bool:
        """Find out who this is; False if nobody whose key is good now."""
        context = self.dashboard.context
        mark = self.dashboard.cookie.mark_of(self._cookie, context.keys.marks(), context.now())
        caller = None if mark is None else await context.keys.recognise(mark)
        if caller is None:
            return False
        self.caller = caller
        self.context = context.as_seen_by(caller)
        return True

    @property
    def phone(self) -> str:
        """What kind of phone the reader looks with: android, iphone, or empty for anything else."""
        agent = self.http.headers.get("user-agent", "")
        return "iphone" if "iPhone" in agent else "android" if "Android" in agent and "Mobile" in agent else ""

    def may(self, scope: str) -> bool:
        """Say whether the reader's key is good for ``scope``."""
        return self.caller is not None and self.caller.may(Scope(scope))

    @property
    def waiting_count(self) -> int:
        """How many messages wait for the reader's decision."""
        return sum(one.status is ApprovalStatus.WAITING for one in self.context.approvals.open())

    @property
    def troubles(self) -> list[ShownTrouble]:
        """What is wrong now, as far as the reader may know."""
        return [shown_trouble(self.language, one) for one in self.context.troubles.of(self.context)]

    @property
    def form_token(self) -> str:
        """What every form of this reader carries."""
        return self.dashboard.cookie.form_token(self._cookie)

    @property
    def is_part(self) -> bool:
        """Whether htmx asks, and wants a part of a page."""
        return "hx-request" in self.http.headers

    def say(self, message: str, **values: object) -> str:
        """Return a message in the reader's language."""
        return self.language.say(message, **values)

    def html(self, template: str, **values: Any) -> str:
        """Return a template's HTML for this reader."""
        return self.dashboard.rendering.render(
            self.language, template, {"request": self, "now": self.context.now()} | values
        )

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Answer with a page, or a part of one."""
        return HTMLResponse(self.html(template, **values), status)

    def notice(
        self, message: str, *, status: int = 200, tone: str = "good", detail: str = "", renewed: str = ""
    ) -> HTMLResponse:
        """Answer an action with a line above the page; ``message`` is already in the reader's language.

        ``renewed``: HTML of elements elsewhere on the page that are replaced with it.
        """
        # Where a request did not aim there already. (One that did may come from a form that is replaced by now.)
        is_aimed = self.http.headers.get("hx-target") == NOTICES.removeprefix("#")
        headers = {} if is_aimed else {"HX-Retarget": NOTICES, "HX-Reswap": "innerHTML"}
        html = self.html("notice.html", message=message, tone=tone, detail=detail)
        return HTMLResponse(html + renewed, status, headers)

    def done(self, message: str, back: str) -> Response:
        """Answer an action that went well: with a line, or (without script) by leading back to the page."""
        return self.notice(message) if self.is_part else self.leave_for(back)

    def leave_for(self, path: str) -> Response:
        """Lead to another page."""
        if STREAM in self.http.headers.get("accept", ""):
            return Response(stream_event("leave", self.dashboard.rendering.sub_path.path + path), media_type=STREAM)
        if self.is_part:
            return Response(status_code=204, headers={"HX-Redirect": path})
        return RedirectResponse(path, 303)


Page = Callable[[PageRequest], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def open_to(scope: Scope, page: Page, *, takes_file: bool = False) -> Endpoint:
    """Return an endpoint for those whose key is good for ``scope``; others are sent to sign in, or refused."""

    async def endpoint(request: Request) -> Response:
        page_request = request.state.page_request = PageRequest(request)
        if not await page_request.sign_in_by_cookie():
            return page_request.leave_for(_sign_in_and_back(request))
        if request.method not in {"GET", "HEAD"}:
            refuse_foreign(request)
            if takes_file and not page_request.may(scope):
                raise HTTPException(403, f"scope:{scope}")  # before a large body is taken in
            file_bytes = page_request.context.most_file_bytes if takes_file else 0
            page_request.form = await read_form(request, file_bytes)
            if not hmac.compare_digest(page_request.form["token"].encode(), page_request.form_token.encode()):
                raise HTTPException(403, "form_token")
        if not page_request.may(scope):
            raise HTTPException(403, f"scope:{scope}")
        return await page(page_request)

    return endpoint


def open_to_all(page: Page) -> Endpoint:
    """Return an endpoint for those who are not signed in, too. Forms are taken from our own pages only."""

    async def endpoint(request: Request) -> Response:
        page_request = request.state.page_request = PageRequest(request)
        if request.method not in {"GET", "HEAD"}:
            refuse_foreign(request)
            page_request.form = await read_form(request)
        return await page(page_request)

    return endpoint


def refuse_foreign(request: Request) -> None:
    """Raise HTTPException (403) for a form that another site's page has sent, as browsers tell it."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        is_ours = site in {"same-origin", "none"}  # it is right behind every proxy, too, which Host may not be
    else:
        is_ours = origin is None or is_own_origin(origin, request.headers.get("host"))
    if not is_ours:
        raise HTTPException(403, "form_token")


def own_path(text: str) -> str:
    """Return ``text`` if it is a path on this server, else the overview: an address in a form may be anybody's."""
    # A browser takes a backslash for a slash, and two slashes for another host.
    is_path = text.startswith("/") and not text.startswith(("//", "/\\")) and "\\" not in text and text.isprintable()
    return text if is_path else "/"


def _sign_in_and_back(request: Request) -> str:
    wanted: URL = request.url
    is_page = request.method == "GET" and "hx-request" not in request.headers and wanted.path != "/"
    asked = f"{wanted.path}?{wanted.query}" if wanted.query else wanted.path
    return f"{SIGN_IN}?next={quote(asked)}" if is_page else SIGN_IN


def stream_event(name: str, data: str) -> str:
    """Return a server-sent event."""
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {name}\n{lines}\n"
