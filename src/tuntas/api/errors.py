"""The one table from errors to HTTP. Every error is ``application/problem+json`` (RFC 9457) with a stable ``code``."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from tuntas.api.json_requests import BodyNotPlain
from tuntas.foundation.problem import MEDIA_TYPE, problem
from tuntas.sessions.errors import (
    AccountRestricted,
    AnswerRefused,
    AnswerTooLarge,
    ApprovalEnded,
    BeingRemoved,
    ConverterMissing,
    DiskFull,
    FileRefused,
    FileTooLarge,
    FileUnreachable,
    KeyReused,
    MovedAway,
    NameRefused,
    NameTaken,
    NotAllowed,
    NotCapable,
    NotConvertible,
    NothingKnown,
    NotTaken,
    NotThere,
    NotYours,
    OutcomeUnknown,
    Overloaded,
    PageRefused,
    PageUnavailable,
    QuotaReached,
    ServerStopping,
    SessionError,
    Superseded,
    TryLater,
    UnknownApproval,
    UnknownSession,
    WrongStatus,
)

log = structlog.get_logger(__name__)

TABLE: dict[type[SessionError], tuple[int, str, str]] = {
    UnknownSession: (404, "session_not_found", "Session not found"),
    NotYours: (403, "not_your_session", "Not your session"),
    NameRefused: (422, "session_name_refused", "No session may have this name"),
    NameTaken: (422, "session_exists", "Session already exists"),
    WrongStatus: (422, "wrong_session_status", "Session is not in the right status"),
    BeingRemoved: (409, "session_being_deleted", "Session is being deleted"),
    MovedAway: (409, "session_moved", "Session was exported"),
    Superseded: (409, "superseded", "Another request came in between"),
    AnswerRefused: (422, "passkey_answer_refused", "Not the passkey's answer"),
    NotThere: (404, "not_found_in_whatsapp", "Not found in WhatsApp"),
    NothingKnown: (404, "nothing_known", "Nothing is known of this message"),
    NotAllowed: (403, "not_allowed_in_whatsapp", "WhatsApp does not allow this"),
    AnswerTooLarge: (422, "answer_too_large", "Ask for less at once"),
    AccountRestricted: (429, "account_restricted", "WhatsApp restricts this account"),
    NotTaken: (422, "whatsapp_refused", "WhatsApp refused the request"),
    PageRefused: (422, "whatsapp_refused", "WhatsApp refused the request"),
    NotCapable: (501, "not_capable", "WhatsApp Web cannot do this now"),
    OutcomeUnknown: (503, "unknown", "Whether it was sent is not known"),
    DiskFull: (507, "disk_full", "The disk is full"),
    PageUnavailable: (503, "page_unavailable", "The session's page does not answer"),
    FileRefused: (422, "file_refused", "The file cannot be sent"),
    NotConvertible: (422, "not_convertible", "The file cannot be converted"),
    ConverterMissing: (501, "not_installed", "Not installed on this server"),
    FileTooLarge: (413, "file_too_large", "The file is too large"),
    FileUnreachable: (502, "file_unreachable", "The file's address did not give it"),
    Overloaded: (429, "too_many_sends", "Too many messages wait to be sent"),
    QuotaReached: (422, "quota_reached", "There are as many as there may be"),
    KeyReused: (422, "idempotency_key_reused", "Another request had this key"),
    UnknownApproval: (404, "approval_not_found", "Approval not found"),
    ApprovalEnded: (409, "approval_ended", "The approval does not wait any more"),
    TryLater: (503, "try_later", "Not done yet"),
    ServerStopping: (503, "server_stopping", "The server is stopping"),
}

_HTTP_CODES = {
    401: "key_missing_or_wrong",
    403: "key_not_sufficient",
    404: "not_found",
    405: "method_not_allowed",
    408: "body_too_slow",
    413: "body_too_large",
    421: "host_not_allowed",
    429: "too_many_wrong_keys",
}

# What is wrong with a request is told back to it: not more than somebody reads, however much it sent.
_MOST_ERRORS = 20
_MOST_LETTERS = 200


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
    statusCode: int = Field(description="The status, where WAHA's clients look.", examples=[404])  # noqa: N815 - WAHA's name
    message: str = Field(description="The detail, likewise.", examples=["Session 'shop' does not exist."])
    error: str = Field(description="The status in words, likewise.", examples=["Not Found"])
    errors: list[FieldError] | None = None
    session_status: str | None = Field(None, examples=["STOPPED"])
    capability: str | None = Field(None, description="What the page cannot do.", examples=["polls"])
    restriction: str | None = Field(
        None, description="What restricts the account.", examples=["reachout_timelock", "message_capping"]
    )


class FieldNotSupported(HTTPException):
    """A field that WAHA knows and that cannot be done here; ``field`` names it, as ``body.contacts``."""

    def __init__(self, field: str, why: str) -> None:
        """Answer 501."""
        super().__init__(HTTPStatus.NOT_IMPLEMENTED, why)
        self.field = field


Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: int) -> Responses:
    """Return the OpenAPI entries for the errors that a route may answer; 401 and 403 are always among them.

    Where a page is asked (503), its disk may be full (507).
    """
    page = (507,) if HTTPStatus.SERVICE_UNAVAILABLE in statuses else ()
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in (401, 403, *statuses, *page)
    }


def shown(example: Any, media_type: str = "application/json") -> Responses:
    """Return the OpenAPI entry for a good answer that looks like ``example``."""
    kind = "string" if isinstance(example, str) else "object"
    return {200: {"content": {media_type: {"schema": {"type": kind}, "example": example}}}}


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
    said = problem(status, code, title, detail) | more
    return JSONResponse(said, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Make ``app`` answer errors from the table."""
    app.add_exception_handler(SessionError, _session_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


async def _session_error(_request: Request, error: Exception) -> JSONResponse:
    status, code, title = TABLE[type(error)]  # type: ignore[index]
    more: dict[str, Any] = {"session_status": error.status} if isinstance(error, WrongStatus) else {}
    if isinstance(error, NotCapable):
        more = {"capability": error.capability}
    if isinstance(error, NameRefused):
        more = {"errors": [{"field": "body.name", "message": str(error)}]}
    is_safe_to_repeat = status == HTTPStatus.SERVICE_UNAVAILABLE and not isinstance(error, OutcomeUnknown)
    headers = {"Retry-After": "2"} if is_safe_to_repeat else None
    if isinstance(error, AccountRestricted):
        more = {"restriction": error.restriction.value}
    if isinstance(error, Overloaded | AccountRestricted):
        headers = {"Retry-After": str(math.ceil(error.retry_after_seconds))}
    return answer(status, code, title, str(error), headers=headers, **more)


async def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    fields = [
        FieldError(
            field=_short(".".join(_short(str(part)) for part in one["loc"][:_MOST_ERRORS])),
            message=_short(str(one["msg"])),
        )
        for one in found[:_MOST_ERRORS]
    ]
    names = ", ".join(one.field for one in fields)
    more = f" and {len(found) - len(fields)} more" if len(found) > len(fields) else ""
    return _invalid(f"Wrong or missing: {names}{more}.", fields)


def _invalid(detail: str, fields: Sequence[FieldError]) -> JSONResponse:
    return answer(422, "invalid_input", "Invalid input", detail, errors=[one.model_dump() for one in fields])


def _short(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        # FastAPI's answer to bytes that are no text; a text that is no JSON is invalid input too.
        return answer(422, "invalid_input", "Invalid input", "The body cannot be read.")
    if isinstance(error, BodyNotPlain):
        return _invalid(str(error.detail), [FieldError(field=error.where, message=error.problem)])
    if isinstance(error, FieldNotSupported):
        field = FieldError(field=error.field, message=str(error.detail)).model_dump()
        return answer(501, "not_supported", "Not supported", f"{error.field}: {error.detail}", errors=[field])
    response = http_problem(error)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(_methods_here(request))
    return response


def http_problem(error: HTTPException) -> JSONResponse:
    """Return what is wrong with the request itself as a response."""
    phrase = HTTPStatus(error.status_code).phrase
    code = _HTTP_CODES.get(error.status_code, phrase.lower().replace(" ", "_"))
    headers = dict(error.headers) if error.headers else None
    return answer(error.status_code, code, phrase, str(error.detail), headers=headers)


def _methods_here(request: Request) -> list[str]:
    """Return the methods of the request's address: each has a route of its own, and the first one knows only itself.

    Without those that are refused by name: they are routes, and not in the document.
    """
    found = [
        method
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]
    documented = {
        method.upper()
        for path, operations in request.app.openapi()["paths"].items()
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)), request.url.path)
        for method in operations
    }
    return [method for method in found if method in documented or not documented]


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ValidationError):  # whose own words have the values in them
        places = [".".join(map(str, one["loc"])) for one in error.errors(include_input=False, include_url=False)]
        said = f"{error.title} does not fit: {', '.join(places[:_MOST_ERRORS])}"
    else:
        said = repr(error)
    log.error("request_failed", method=request.method, path=request.url.path, error=said)
    return answer(500, "internal_error", "Internal error", "This is a defect of Tuntas; the log has the details.")
