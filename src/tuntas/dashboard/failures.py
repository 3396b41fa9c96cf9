"""Errors as pages, or as a line above the page where htmx asked. One table says what each means: ``words.ERRORS``."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tuntas.dashboard import words
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.words import N_
from tuntas.sessions.access import Scope
from tuntas.sessions.errors import PageRefused, SessionError

log = structlog.get_logger(__name__)

_FORM = N_("This form is too old or was not sent from here. Load the page again and repeat it.")
_BY_STATUS = {
    404: N_("There is nothing at this address."),
    405: N_("There is nothing at this address."),
    408: N_("What you sent did not arrive in time."),
    413: N_("What you sent is too long."),
    422: N_("What you sent cannot be read."),
}
_DEFECT = N_("This is a defect of Tuntas. The server's log has the details.")


async def session_error(request: Request, error: Exception) -> Response:
    """Answer what a session says instead of a result."""
    assert isinstance(error, SessionError)
    status, sentence = words.ERRORS[type(error)]
    # WhatsApp's own reason is the only one that a table cannot have.
    detail = str(error) if isinstance(error, PageRefused) else ""
    return _answer(request, status, sentence, detail)


async def http_error(request: Request, error: Exception) -> Response:
    """Answer what is wrong with the request itself."""
    assert isinstance(error, HTTPException)
    page_request = _page_request(request)
    if error.status_code == HTTPStatus.FORBIDDEN and error.detail.startswith("scope:"):
        title, _ = words.SCOPES[Scope(error.detail.removeprefix("scope:"))]
        sentence = N_("Your key may not do this: it is not good for “%(scope)s”.")
        return _answer(request, 403, page_request.say(sentence, scope=page_request.say(title)))
    sentence = _FORM if error.status_code == HTTPStatus.FORBIDDEN else _BY_STATUS.get(error.status_code, _DEFECT)
    return _answer(request, error.status_code, sentence)


async def unexpected(request: Request, error: Exception) -> Response:
    """Answer that we made a mistake, and log it."""
    log.error("request_failed", method=request.method, path=request.url.path, error=repr(error))
    return _answer(request, 500, _DEFECT)


def _answer(request: Request, status: int, sentence: str, detail: str = "") -> Response:
    page_request = _page_request(request)
    said = page_request.say(sentence)
    if page_request.is_part:
        return page_request.notice(said, status=status, tone="bad", detail=detail)
    return page_request.page("error.html", status=status, code=status, message=said, detail=detail)


def _page_request(request: Request) -> PageRequest:
    known = getattr(request.state, "page_request", None)
    return known if isinstance(known, PageRequest) else PageRequest(request)
