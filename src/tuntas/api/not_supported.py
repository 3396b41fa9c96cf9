"""Operations of WAHA that are not here: each answers 501 and says why, so that no client takes us for a wrong address.

One table. What comes to be supported leaves it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from tuntas.api.context import ContextHere
from tuntas.api.errors import answer
from tuntas.api.json_requests import json_router

of_sessions = json_router()
of_the_server = json_router()

_APPS = "There are no apps in this server: what they do is done by a program of yours on its webhooks."
_BUTTONS = "WhatsApp shows buttons and lists of business accounts' official API only."
_SEARCH = (
    "WA-JS asks WhatsApp's directory of channels for a text only, which must not be empty; it has no call for its "
    "lists by view or country. Use POST /api/{session}/channels/search/by-text, with categories."
)
_PROFILER = "This server is no Node process; its metrics are at /metrics, a session's picture at /api/screenshot."
_KEYS = "Make a key with the scopes that it shall have: POST /api/keys."

# Method, address, and why not. In WAHA's order.
OF_SESSIONS: tuple[tuple[str, str, str], ...] = (
    ("POST", "/api/sendButtons", f"{_BUTTONS} Send a text or a poll."),
    ("POST", "/api/send/buttons/reply", f"{_BUTTONS} Send a text as an answer: reply_to of POST /api/sendText."),
    ("POST", "/api/sendList", f"{_BUTTONS} Send a text or a poll."),
    ("POST", "/api/{session}/channels/search/by-view", _SEARCH),
    ("GET", "/api/{session}/channels/search/views", _SEARCH),
    ("GET", "/api/{session}/channels/search/countries", _SEARCH),
    (
        "GET",
        "/api/{session}/groups/{id}/settings/security/member-share-history-mode",
        "WA-JS knows no such setting of a group.",
    ),
    (
        "PUT",
        "/api/{session}/groups/{id}/settings/security/member-share-history-mode",
        "WA-JS knows no such setting of a group.",
    ),
)
OF_THE_SERVER: tuple[tuple[str, str, str], ...] = (
    ("POST", "/api/keys/media", _KEYS),
    ("POST", "/api/keys/control", _KEYS),
    ("POST", "/api/server/stop", "A server is stopped where it was started: by its service manager, or by Ctrl-C."),
    ("GET", "/api/server/debug/cpu", _PROFILER),
    ("GET", "/api/server/debug/heapsnapshot", _PROFILER),
    ("GET", "/api/server/debug/browser/trace/{session}", _PROFILER),
    ("GET", "/api/apps", _APPS),
    ("POST", "/api/apps", _APPS),
    ("GET", "/api/apps/{id}", _APPS),
    ("PUT", "/api/apps/{id}", _APPS),
    ("DELETE", "/api/apps/{id}", _APPS),
    ("POST", "/api/apps/{id}/purge", _APPS),
    ("POST", "/api/apps/{app}/{session}/purge", _APPS),
    *(
        (method, f"/api/apps/{app}/{{session}}/cache/{what}", _APPS)
        for app in ("argentine-phone-numbers", "brazilian-phone-numbers", "mexican-phone-numbers", "phone-numbers")
        for method, what in (("GET", "memory"), ("GET", "db"), ("GET", "stats"), ("DELETE", "purge"))
    ),
)


def _declare(router: APIRouter, rows: tuple[tuple[str, str, str], ...]) -> None:
    for method, path, reason in rows:
        # Not in the document, which says what this server does.
        router.add_api_route(path, _refusing(reason), methods=[method], include_in_schema=False)


def _refusing(reason: str) -> Callable[..., Coroutine[Any, Any, JSONResponse]]:
    async def refuse(context: ContextHere, request: Request) -> JSONResponse:
        if (session := request.path_params.get("session")) is not None:
            context.sessions.get(session)  # an unknown one is told first, as everywhere
        return answer(501, "not_supported", "Not supported", reason)

    return refuse


_declare(of_sessions, OF_SESSIONS)
_declare(of_the_server, OF_THE_SERVER)
