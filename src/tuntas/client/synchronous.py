"""The client without asyncio, made of ``asynchronous`` by the tests' support."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import httpx

from tuntas.client import calls
from tuntas.client.answers import Approval, Event, Message, Session
from tuntas.client.calls import ATTEMPTS, QUIET_SECONDS, TIMEOUT_SECONDS, Call, File, Lines
from tuntas.client.connection import check_linking, options, unreachable
from tuntas.client.errors import OutcomeUnknown, TryLater, TuntasError, Unreachable
from tuntas.client.qr import Qr, show


class Client:
    """A Tuntas server: use it as ``with Client(url, key) as tuntas``.

    Every call raises a ``TuntasError``. What has the same effect once however often it is asked (looking, and sending,
    which bears an idempotency key) is asked again by itself when no answer came, the page died in the middle, or the
    server says "try later".
    """

    def __init__(self, url: str, key: str, *, transport: httpx.BaseTransport | None = None) -> None:
        """Speak with the server at ``url``, with a key; ``transport``: over what, where that is not the network."""
        self._http = httpx.Client(**options(url, key), transport=transport)

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close its connections."""
        self._http.close()

    def create_session(self, name: str, config: Mapping[str, Any] | None = None, *, start: bool = True) -> Session:
        """Create a session, and start it. Refused with the code ``session_exists`` where there is one."""
        return Session.of(self._json(calls.create(name, config, start=start)))

    def sessions(self) -> list[Session]:
        """Return all sessions that the key may see."""
        found = self._json(Call("GET", "/api/sessions", parameters={"all": "true"}, repeats=True))
        return [Session.of(one) for one in found]

    def session(self, name: str) -> Session:
        """Return one session."""
        return Session.of(self._json(calls.of_session("GET", name)))

    def start_session(self, name: str) -> Session:
        """Start a session; one that runs goes on."""
        return Session.of(self._json(calls.of_session("POST", name, "/start")))

    def stop_session(self, name: str) -> Session:
        """Stop a session; it stays linked."""
        return Session.of(self._json(calls.of_session("POST", name, "/stop")))

    def logout_session(self, name: str) -> Session:
        """Remove a session's link with its phone."""
        return Session.of(self._json(calls.of_session("POST", name, "/logout")))

    def delete_session(self, name: str) -> None:
        """Delete a session, its link and its files; no error where there is none."""
        self.ask(calls.of_session("DELETE", name))

    def qr(self, name: str) -> Qr:
        """Return the QR to scan now; it is good for some seconds."""
        call = Call("GET", f"/api/{name}/auth/qr", parameters={"format": "raw"}, repeats=True)
        return Qr(name, str((self._json(call))["value"]))

    def link_session(self, name: str, show_qr: Callable[[Qr], None] = show) -> None:
        """Show each QR of a session that was started, until a phone has scanned one and the session works."""
        is_shown = False
        with self._stream(Call("GET", f"/api/{name}/auth/qr/live")) as lines:
            for told, data in lines:
                if told == "qr":
                    show_qr(Qr(name, str(data["value"])))
                    is_shown = True
                elif check_linking(name, str(data["status"]), is_shown=is_shown):
                    return
        message = f"The server ended the stream before session {name} was linked."
        raise Unreachable(message)

    def send_text(
        self, session: str, chat: str, text: str, *, idempotency_key: str | None = None, **more: Any
    ) -> Message:
        """Send a text. ``more`` is what else ``POST /api/sendText`` takes: ``reply_to``, ``mentions``, ``linkPreview``.

        The key is a new one unless you give one: give one that your own data has (an order's number), and the message
        goes out once even if your program is started again in the middle.

        Raises:
            WaitsForApproval: the key may only ask; see ``approval``.
        """
        return self._send(calls.send_text(session, chat, text, idempotency_key, more))

    def send_file(
        self, session: str, chat: str, file: File, *, idempotency_key: str | None = None, **more: Any
    ) -> Message:
        """Send a file; see ``send_text``. ``more``: ``caption``, ``reply_to``, ``mentions``."""
        return self._send(calls.send_file(session, chat, file, idempotency_key, more))

    def approval(self, approval_id: str) -> Approval:
        """Return what has become of a message that waits for a person."""
        return Approval.of(self._json(calls.approval(approval_id)))

    def events(self, session: str = "*", *names: str, after: str | None = None) -> Events:
        """Follow events of these names (none: all), for ever: after a break it goes on where it was.

        ``after`` is the id of the last event that you know of: what was missed since comes first.
        """
        return Events(self, session, names, after)

    def download(self, url: str) -> bytes:
        """Return a message's file, of which ``message.media.url`` is the address."""
        return (self.ask(calls.download(url))).content

    def ask(self, call: Call) -> httpx.Response:
        """Make any request of the API; for what has no method here."""
        for attempt in range(ATTEMPTS):
            error: TuntasError
            try:
                answer = self._http.request(
                    call.method, call.path, json=call.body, headers=call.headers, params=call.parameters
                )
            except httpx.TransportError as reason:
                error = unreachable(self._http.base_url, reason)
            else:
                if answer.is_success:
                    return answer
                error = calls.error_of(call, answer.status_code, answer.headers, answer.content)
            if (
                not call.repeats
                or not isinstance(error, (Unreachable, TryLater, OutcomeUnknown))
                or attempt == ATTEMPTS - 1
            ):
                raise error
            time.sleep(calls.pause_seconds(attempt, error))
        raise AssertionError("the last attempt returns or raises")

    def _send(self, call: Call) -> Message:
        answer = self.ask(call)
        return calls.message_of(call, answer.status_code, answer.content)

    def _json(self, call: Call) -> Any:
        return calls.json_of(call, (self.ask(call)).content)

    @contextmanager
    def _stream(self, call: Call) -> Iterator[Iterator[tuple[str, Any]]]:
        with self.open_stream(call) as answer:
            yield _events(answer)

    @contextmanager
    def open_stream(self, call: Call) -> Iterator[httpx.Response]:
        """Open a stream of server-sent events."""
        timeout = httpx.Timeout(TIMEOUT_SECONDS, read=QUIET_SECONDS)
        try:
            with self._http.stream(
                call.method, call.path, headers=call.headers, params=call.parameters, timeout=timeout
            ) as answer:
                if not answer.is_success:
                    raise calls.error_of(call, answer.status_code, answer.headers, answer.read())
                yield answer
        except httpx.TransportError as reason:
            raise unreachable(self._http.base_url, reason) from reason


def _events(answer: httpx.Response) -> Iterator[tuple[str, Any]]:
    lines = Lines()
    for line in answer.iter_lines():
        if (event := lines.take(line)) is not None:
            yield event


class Events:
    """Events as they come, to iterate over. ``with`` opens it at once: what happens from then on comes."""

    def __init__(self, client: Client, session: str, names: Iterable[str], after: str | None) -> None:
        """Follow nothing yet."""
        self._client = client
        self._session = session
        self._names = tuple(names)
        self._place = after
        self._failures = 0
        self._open: tuple[Any, Iterator[tuple[str, Any]]] | None = None

    def __enter__(self) -> Self:
        """Open the stream."""
        self._connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the stream."""
        self._close()

    def __iter__(self) -> Self:
        """Return the iterator."""
        return self

    def __next__(self) -> Event:
        """Return the next event; wait for it, and connect again, for as long as it takes.

        Raises:
            TuntasError: the server refuses the stream: its key was revoked, the event to go on from is forgotten.
        """
        while True:
            try:
                if self._open is None:
                    self._connect()
                assert self._open is not None
                for _, document in self._open[1]:
                    event = Event.of(document)
                    self._place, self._failures = event.id, 0
                    return event
            except (httpx.TransportError, Unreachable, TryLater) as error:
                self._close()
                self._pause(error if isinstance(error, TuntasError) else None)
            except BaseException:
                self._close()
                raise
            else:  # the server has ended it: it stops, or the session or the key is gone
                self._close()
                self._pause(None)

    def _connect(self) -> None:
        stream = self._client.open_stream(calls.follow(self._session, self._names, self._place))
        answer = stream.__enter__()
        self._place = answer.headers.get("last-event-id", self._place)
        self._open = stream, _events(answer)

    def _close(self) -> None:
        if self._open is not None:
            stream, _ = self._open
            self._open = None
            stream.__exit__(None, None, None)

    def _pause(self, error: TuntasError | None) -> None:
        time.sleep(calls.pause_seconds(self._failures, error))
        self._failures += 1
