"""The one table from errors to HTTP. Every error is ``application/problem+json`` (RFC 9457) with a stable ``code``."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from tuntas.api.fetching import FileRefused, FileTooLarge, FileUnreachable
from tuntas.sessions.errors import (
    BeingRemoved,
    KeyReused,
    NameTaken,
    NotAllowed,
    NotThere,
    NotYours,
    Overloaded,
    PageRefused,
    PageUnavailable,
    ServerStopping,
    SessionError,
    Superseded,
    TryLater,
    UnknownSession,
    WrongStatus,
)

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

TABLE: dict[type[SessionError], tuple[int, str, str]] = {
    UnknownSession: (404, "session_not_found", "Session not found"),
    NotYours: (403, "not_your_session", "Not your session"),
    NameTaken: (422, "session_exists", "Session already exists"),
    WrongStatus: (422, "wrong_session_status", "Session is not in the right status"),
    BeingRemoved: (409, "session_being_deleted", "Session is being deleted"),
    Superseded: (409, "superseded", "Another request came in between"),
    NotThere: (404, "not_found_in_whatsapp", "Not found in WhatsApp"),
    NotAllowed: (403, "not_allowed_in_whatsapp", "WhatsApp does not allow this"),
    PageRefused: (422, "whatsapp_refused", "WhatsApp refused the request"),
    PageUnavailable: (503, "page_unavailable", "The session's page does not answer"),
    FileRefused: (422, "file_refused", "The file cannot be sent"),
    FileTooLarge: (413, "file_too_large", "The file is too large"),
    FileUnreachable: (502, "file_unreachable", "The file's address did not give it"),
    Overloaded: (429, "too_many_sends", "Too many messages wait to be sent"),
    KeyReused: (422, "idempotency_key_reused", "Another request had this key"),
    TryLater: (503, "try_later", "Not done yet"),
    ServerStopping: (503, "server_stopping", "The server is stopping"),
}

_HTTP_CODES = {401: "key_missing_or_wrong", 403: "key_not_sufficient", 404: "not_found", 405: "method_not_allowed"}


class FieldError(BaseModel):
    """What is wrong with one field of the request."""

    field: str = Field(examples=["body.name"])
    message: str = Field(examples=["String should match pattern '^[A-Za-z0-9_-]{1,64}$'"])


class Problem(BaseModel):
    """An error, as RFC 9457 writes it; ``code`` never changes."""

    type: str = Field("about:blank", examples=["about:blank"])
    title: str = Field(examples=["Session not found"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["session_not_found"])
    detail: str = Field(examples=["Session 'shop' does not exist."])
    errors: list[FieldError] | None = None
    session_status: str | None = Field(None, examples=["STOPPED"])


Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: int) -> Responses:
    """Return the OpenAPI entries for the errors that a route may answer; 401 and 403 are always among them."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in (401, 403, *statuses)
    }


def shown(example: Any, media_type: str = "application/json") -> Responses:
    """Return the OpenAPI entry for a good answer that looks like ``example``."""
    return {200: {"content": {media_type: {"example": example}}}}


def answer(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """Return a problem as a response."""
    document = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail} | more
    return JSONResponse(document, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Make ``app`` answer errors from the table."""
    app.add_exception_handler(SessionError, _session_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


async def _session_error(_request: Request, error: Exception) -> JSONResponse:
    status, code, title = TABLE[type(error)]  # type: ignore[index]
    more = {"session_status": error.status} if isinstance(error, WrongStatus) else {}
    headers = {"Retry-After": "2"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    if isinstance(error, Overloaded):
        headers = {"Retry-After": str(math.ceil(error.retry_after_seconds))}
    return answer(status, code, title, str(error), headers=headers, **more)


async def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fields = [
        {"field": ".".join(str(part) for part in one["loc"]), "message": str(one["msg"])} for one in error.errors()
    ]
    names = ", ".join(one["field"] for one in fields)
    return answer(422, "invalid_input", "Invalid input", f"Wrong or missing: {names}.", errors=fields)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        # FastAPI's answer to bytes that are no text; a text that is no JSON is invalid input too.
        return answer(422, "invalid_input", "Invalid input", "The body cannot be read.")
    phrase = HTTPStatus(error.status_code).phrase
    code = _HTTP_CODES.get(error.status_code, phrase.lower().replace(" ", "_"))
    headers = dict(error.headers) if error.headers else None
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"Allow": ", ".join(_methods_here(request))}
    return answer(error.status_code, code, phrase, str(error.detail), headers=headers)


def _methods_here(request: Request) -> list[str]:
    """Return the methods of the request's address: each has a route of its own, and the first one knows only itself."""
    return [
        method
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("request_failed", method=request.method, path=request.url.path, error=repr(error))
    return answer(500, "internal_error", "Internal error", "This is a defect of Tuntas; the log has the details.")
