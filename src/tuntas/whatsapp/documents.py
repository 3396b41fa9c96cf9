"""WhatsApp's document, the one HTML page from which all else is loaded: kept in a file, and served from it.

Which build of WhatsApp Web a browser runs is decided by that document alone. A file holds it as ``curl -i`` writes it:
status line, headers, an empty line, the body. Nothing else of the page is touched.
"""

from __future__ import annotations

import base64
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog

from tuntas.browser import CallFailed, CallTimedOut, CdpSession, ConnectionClosed
from tuntas.foundation.tasks import spawn
from tuntas.foundation.user_error import UserError
from tuntas.whatsapp.contexts import origin_of

# They belong to the transfer that is over, or to somebody else's visit.
_NOT_KEPT = frozenset(
    {"content-encoding", "content-length", "transfer-encoding", "set-cookie", "connection", "alt-svc"}
)

_LOCAL_NETWORK = ("loopback-network", "local-network", "local-network-access")

log = structlog.get_logger(__name__)


class PinnedPageUnusable(UserError):
    """The file of a pinned page cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was answered."""

    headers: tuple[tuple[str, str], ...]
    body: bytes

    def write(self, path: Path) -> None:
        """Write it into a file. Raises OSError."""
        lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in self.headers), "", ""]
        path.write_bytes("\r\n".join(lines).encode() + self.body)


def read_document(path: Path) -> Document:
    """Return the document in a file.

    Raises:
        PinnedPageUnusable: it holds none.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"The pinned page {path} cannot be read: {error.strerror or error}."
        raise PinnedPageUnusable(message) from error
    head, separator, body = content.partition(b"\r\n\r\n")
    if not separator:
        head, separator, body = content.partition(b"\n\n")
    lines = head.decode("latin-1").splitlines()
    if not separator or not lines or not lines[0].startswith("HTTP/") or " 200" not in lines[0] or not body.strip():
        message = f"The pinned page {path} is no answer with headers, as `curl -i` or `tuntas canary --save` writes it."
        raise PinnedPageUnusable(message)
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            message = f"The pinned page {path} has a header without a name: {line[:60]!r}."
            raise PinnedPageUnusable(message)
        headers.append((name.strip(), value.strip()))
    return Document(_kept(headers), body)


def _kept(headers: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers if name.lower() not in _NOT_KEPT)


class DocumentHook(Protocol):
    """Has to do with the document of each page that is opened."""

    async def attach(self, target: CdpSession, url: str) -> None:
        """Begin with a page that will go to ``url``."""
        ...


class Pin:
    """Answers for WhatsApp's document with a kept one, until that was refused."""

    def __init__(self, document: Document) -> None:
        """Answer with ``document``."""
        self._document: Document | None = document

    @property
    def is_on(self) -> bool:
        """Whether pages that are opened now get the kept document."""
        return self._document is not None

    def drop(self, reason: str) -> None:
        """Let pages be opened as WhatsApp gives them out, from now on: the kept one was refused."""
        if self._document is not None:
            log.error(
                "pinned_page_dropped", reason=reason, advice="take TUNTAS_WHATSAPP_PAGE away, or save a newer page"
            )
        self._document = None

    async def attach(self, target: CdpSession, url: str) -> None:
        """Answer for the document at ``url``, and at its address with another query."""
        document = self._document
        if document is None:
            return

        def paused(event: dict[str, Any]) -> None:
            call, parameters = "Fetch.continueRequest", {"requestId": event["requestId"]}
            if _is_document(event, url) and event.get("responseStatusCode", 599) < 500:
                call = "Fetch.fulfillRequest"
                parameters |= {
                    "responseCode": 200,
                    "responseHeaders": [{"name": name, "value": value} for name, value in document.headers],
                    "body": base64.b64encode(document.body).decode(),
                }
            spawn(_answer(target, call, parameters), name="pinned page")

        target.on("Fetch.requestPaused", paused)
        await _allow_own_host(target, url)
        # Only once WhatsApp has answered: so a network that is away is seen all the same.
        await target.call("Fetch.enable", {"patterns": [{"resourceType": "Document", "requestStage": "Response"}]})


class DocumentRecorder:
    """Keeps WhatsApp's document as it comes."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.document: Document | None = None

    async def attach(self, target: CdpSession, url: str) -> None:
        """Keep what is answered for the document at ``url``."""

        def paused(event: dict[str, Any]) -> None:
            spawn(self._take(target, event, is_wanted=_is_document(event, url)), name="document")

        target.on("Fetch.requestPaused", paused)
        await target.call("Fetch.enable", {"patterns": [{"resourceType": "Document", "requestStage": "Response"}]})

    async def _take(self, target: CdpSession, event: dict[str, Any], *, is_wanted: bool) -> None:
        asked = {"requestId": event["requestId"]}
        try:
            if is_wanted and event.get("responseStatusCode") == 200:
                answer = await target.call("Fetch.getResponseBody", asked)
                body = answer["body"].encode()
                if answer["base64Encoded"]:
                    body = base64.b64decode(answer["body"])
                headers = [(one["name"], one["value"]) for one in event.get("responseHeaders", [])]
                self.document = Document(_kept(headers), body)
        except (CallFailed, CallTimedOut, ConnectionClosed) as error:
            log.warning("document_not_kept", error=str(error))
        await _answer(target, "Fetch.continueRequest", asked)


async def _allow_own_host(target: CdpSession, url: str) -> None:
    """Let a kept document speak to the host that it stands for.

    Chromium takes a document that did not come over the network for one of the public internet, which may not open
    sockets to this machine or its own network (ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS, measured with 156).
    """
    for name in _LOCAL_NETWORK:
        asked = {"permission": {"name": name}, "setting": "granted", "origin": origin_of(url)}
        with contextlib.suppress(CallFailed):  # a browser that does not know it does not ask for it either
            await target.connection.call("Browser.setPermission", asked)


def _is_document(event: dict[str, Any], url: str) -> bool:
    asked, wanted = urlsplit(event["request"]["url"]), urlsplit(url)
    return (asked.scheme, asked.netloc, asked.path or "/") == (wanted.scheme, wanted.netloc, wanted.path or "/")


async def _answer(target: CdpSession, call: str, parameters: dict[str, Any]) -> None:
    try:
        await target.call(call, parameters)
    except (CallFailed, CallTimedOut, ConnectionClosed) as error:
        log.info("document_not_answered", error=str(error))
