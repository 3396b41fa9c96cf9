"""What is asked of the server, as values, and what its answers mean: all that both clients share. No I/O."""

from __future__ import annotations

import base64
import json
import math
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from tuntas import __version__
from tuntas.client.answers import Approval, Message
from tuntas.client.errors import (
    NotAllowed,
    NotFound,
    NotTuntas,
    OutcomeUnknown,
    Refused,
    ServerTooOld,
    TryLater,
    TuntasError,
    WaitsForApproval,
    WrongKey,
)

TIMEOUT_SECONDS = 90.0
"""Longer than the server takes to say "try later" by itself."""
QUIET_SECONDS = 45.0
"""A stream says something every 15 seconds; one that is quiet for so long is broken."""
ATTEMPTS = 4
LONGEST_PAUSE_SECONDS = 30.0
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``repeats``: asked again it has the same effect once, so that it may be tried again."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A file to send: its bytes, or the address from which the server fetches it."""

    data: bytes | None = None
    url: str | None = None
    mimetype: str | None = None
    filename: str | None = None

    def document(self) -> dict[str, str]:
        """Write it as the server reads it. Raises ValueError unless it has either bytes or an address."""
        if (self.data is None) is (self.url is None):
            message = "A file needs either data or url."
            raise ValueError(message)
        data = None if self.data is None else base64.b64encode(self.data).decode()
        fields = {"data": data, "url": self.url, "mimetype": self.mimetype, "filename": self.filename}
        return {name: value for name, value in fields.items() if value is not None}


def send_text(session: str, chat: str, text: str, key: str | None, more: Mapping[str, Any]) -> Call:
    """Send a text."""
    return _send("/api/sendText", key, {"session": session, "chatId": chat, "text": text, **more})


def send_file(session: str, chat: str, file: File, key: str | None, more: Mapping[str, Any]) -> Call:
    """Send a file, a picture as a picture, by its type."""
    path = "/api/sendImage" if (file.mimetype or "").startswith("image/") else "/api/sendFile"
    return _send(path, key, {"session": session, "chatId": chat, "file": file.document(), **more})


def approval(approval_id: str) -> Call:
    """Look at a message that waits for a person."""
    return Call("GET", f"/api/approvals/{approval_id}", repeats=True)


def message_of(call: Call, status: int, content: bytes) -> Message:
    """Return the message that was sent. Raises WaitsForApproval where it was not, and waits for a person."""
    document = json_of(call, content)
    if status == HTTPStatus.ACCEPTED:
        raise WaitsForApproval(Approval.of(document))
    return Message.of(document)


def _send(path: str, key: str | None, body: Mapping[str, Any]) -> Call:
    given = {name: value for name, value in body.items() if value is not None}
    return Call("POST", path, given, {"Idempotency-Key": key or uuid.uuid4().hex}, repeats=True)


def create(name: str, config: Mapping[str, Any] | None, *, start: bool) -> Call:
    """Create a session."""
    return Call("POST", "/api/sessions", {"name": name, "start": start, "config": config or {}})


def of_session(method: str, name: str, act: str = "") -> Call:
    """Look at a session, or do something with it."""
    return Call(method, f"/api/sessions/{name}{act}", repeats=method == "GET")


def follow(sessions: str, names: Iterable[str], place: str | None) -> Call:
    """Follow events, from after ``place`` on."""
    headers = {} if place is None else {"Last-Event-ID": place}
    return Call("GET", "/api/events", None, headers, {"session": sessions, "events": ",".join(names) or "*"})


def download(url: str) -> Call:
    """Get a message's file: from this server, whatever host its address names; keys go nowhere else.

    Raises:
        ValueError: it is no address of a file of a message.
    """
    _, found, rest = urlsplit(url).path.rpartition("/api/files/")
    if not found or not rest:
        message = f"{url!r} is not the address of a message's file."
        raise ValueError(message)
    return Call("GET", f"/api/files/{rest}", repeats=True)


def pause_seconds(attempt: int, error: TuntasError | None = None) -> float:
    """Return how long to wait before the next attempt, the first one being 0."""
    asked = error.retry_after_seconds if isinstance(error, TryLater) else 0.0
    return min(LONGEST_PAUSE_SECONDS, max(asked, 0.25 * 2.0 ** min(attempt, 10)))


def error_of(call: Call, status: int, headers: Mapping[str, str], content: bytes) -> TuntasError:
    """Return what an answer that is no success means."""
    try:
        problem = json.loads(content)
    except ValueError:
        problem = None
    if not headers.get("content-type", "").startswith(PROBLEM) or not isinstance(problem, dict):
        return NotTuntas(f"What answers there is no Tuntas server: {call.method} {call.path} got HTTP {status}.")
    # A thing that is not there has a sentence of its own; this is what an address gets that nobody knows.
    if status == 405 or (status == 404 and problem.get("code") == "not_found"):
        return ServerTooOld(
            f"The server does not know {call.method} {call.path}: it is older than this client ({__version__})."
        )
    if status in {429, 503} and "retry-after" in headers:
        return TryLater(status, problem, _seconds(headers["retry-after"]))
    if status == 503 and problem.get("code") == "unknown":
        return OutcomeUnknown(status, problem)
    kind = {401: WrongKey, 403: NotAllowed, 404: NotFound}.get(status, Refused)
    return kind(status, problem)


def json_of(call: Call, content: bytes) -> Any:
    """Return the JSON of a good answer. Raises NotTuntas where it is none."""
    try:
        return json.loads(content)
    except ValueError:
        message = f"What answers there is no Tuntas server: {call.method} {call.path} gave no JSON."
        raise NotTuntas(message) from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return 1.0
    return seconds if math.isfinite(seconds) and seconds >= 0 else 1.0


class Lines:
    """Makes server-sent events of lines: each is its name and its data."""

    def __init__(self) -> None:
        self._name = "message"
        self._data: list[str] = []

    def take(self, line: str) -> tuple[str, Any] | None:
        """Take one more line; return the event that it ends."""
        if not line:
            name, data = self._name, self._data
            self._name, self._data = "message", []
            return (name, json.loads("\n".join(data))) if data else None
        field_name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field_name == "event":
            self._name = value
        elif field_name == "data":
            self._data.append(value)
        return None
