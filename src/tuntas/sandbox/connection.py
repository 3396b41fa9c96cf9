"""One page's connection: its frames in order, its QR while it is unpaired, its inbox once it is linked.

Everything a page is told goes through one queue and one writer, so that a reply always comes before the receipt that
follows from it, and a slowed page is slowed as a whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from tuntas.sandbox.frames import Missing, RefreshRef, Request, Stored, Typing, page_frame
from tuntas.sandbox.model import DeviceKeys

if TYPE_CHECKING:
    from tuntas.sandbox.exchange import Exchange

log = structlog.get_logger(__name__)

Frame = dict[str, Any]
SERVICE_RESTART = 1012
POLICY_VIOLATION = 1008
"""WebSocket close codes: come back later, and this was not our language."""


class _ClosedError(Exception):
    """Ends the connection's tasks together."""


class Connection:
    """The server's side of one open page. ``number`` is the phone it is linked to, ``None`` while it is unpaired."""

    def __init__(self, websocket: WebSocket, keys: DeviceKeys, number: str | None, exchange: Exchange) -> None:
        self.keys = keys
        self.number = number
        self._websocket = websocket
        self._exchange = exchange
        self._outgoing: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._last_sequence = 0
        self._welcomed = False
        self._ref_is_over = asyncio.Event()  # scanned, or the page wants another

    @property
    def state(self) -> str:
        """``unpaired``, ``pairing`` or ``connected``."""
        if self._welcomed:
            return "connected"
        return "unpaired" if self.number is None else "pairing"

    async def run(self) -> None:
        """Serve the page until either side closes."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(), name="sandbox-writer")
                group.create_task(self._greet(), name="sandbox-greeting")
                group.create_task(self._read(), name="sandbox-reader")
        except* (_ClosedError, WebSocketDisconnect):
            pass
        except* ValidationError as errors:
            log.warning("sandbox_unknown_frame", device=self.keys.device, problems=_problems(errors))
            await self._websocket.close(POLICY_VIOLATION)
        finally:
            self._exchange.refs.withdraw(self.keys.device)

    def tell(self, frame: Frame) -> None:
        """Queue a frame for the page."""
        self._outgoing.put_nowait(frame)

    def close(self) -> None:
        """Close the connection after what is queued; the page may come back."""
        self._outgoing.put_nowait(None)

    def scanned_by(self, number: str) -> None:
        """The page's QR was scanned by this phone: pair."""
        self.number = number
        self._ref_is_over.set()

    def flush(self) -> None:
        """Send what is new in the device's inbox."""
        device = self._exchange.phones.device(self.keys.device)
        if device is None or not self._welcomed:
            return
        for sequence, event in device.inbox.items():
            if sequence > self._last_sequence:
                self._last_sequence = sequence
                self.tell({"kind": "event", "sequence": sequence, "event": event})

    async def _write(self) -> None:
        while (frame := await self._outgoing.get()) is not None:
            delay_seconds = self._exchange.faults.delay_seconds(self.keys.device, self.number)
            if delay_seconds > 0:
                await asyncio.sleep(delay_seconds)
            await self._websocket.send_text(json.dumps(frame, ensure_ascii=False))
        if self._websocket.application_state is WebSocketState.CONNECTED:
            await self._websocket.close(SERVICE_RESTART)
        raise _ClosedError

    async def _greet(self) -> None:
        if self.number is None:
            await self._show_refs()
            self.tell({"kind": "pairing"})
            await asyncio.sleep(self._exchange.settings.pairing_seconds)
        if self._exchange.phones.linked(self.keys) is None:
            return  # unlinked in the meantime; the page has been told
        assert self.number is not None
        phone = self._exchange.phones.phone(self.number)
        blocked = self._exchange.phones.people.blocked_by(self.number)
        self.tell({"kind": "welcome", "platform": "android", "blocked": blocked} | phone.describe())
        self._welcomed = True
        self.flush()

    async def _show_refs(self) -> None:
        settings = self._exchange.settings
        lifetime_seconds = settings.first_ref_seconds
        while self.number is None:
            self._ref_is_over.clear()
            ref = self._exchange.refs.issue(self.keys, self._exchange.clock.monotonic(), lifetime_seconds)
            self.tell({"kind": "ref", "ref": ref.text, "seconds": lifetime_seconds})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(lifetime_seconds):
                    await self._ref_is_over.wait()
            lifetime_seconds = settings.next_ref_seconds

    async def _read(self) -> None:
        while True:
            frame = page_frame.validate_json(await self._websocket.receive_text())
            match frame:
                case RefreshRef():
                    self._ref_is_over.set()
                case Stored():
                    self._exchange.stored(self, frame.sequence)
                case Missing():
                    self._exchange.traffic.missing(frame.what)
                case Typing():
                    self._exchange.typing(self, frame)
                case _:
                    self._answer(frame)

    def _answer(self, frame: Request) -> None:
        answer, after = self._exchange.answer(self, frame)
        self.tell({"kind": "reply", "request": frame.request} | answer)
        after()


def _problems(errors: ExceptionGroup[ValidationError]) -> list[str]:
    """Say what was wrong and where, without what the frame said: that may be a message's text."""
    found = [each for error in errors.exceptions if isinstance(error, ValidationError) for each in error.errors()]
    return [f"{'.'.join(str(part) for part in each['loc'])}: {each['type']}" for each in found]
