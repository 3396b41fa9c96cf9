"""One page's connection: its frames in order, its QR while it is unpaired, its inbox once it is linked.

Everything a page is told goes through one queue and one writer, so that a reply always comes before the receipt that
follows from it, and a slowed page is slowed as a whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from tuntas.foundation.clock import Clock
from tuntas.sandbox.disguise import reword
from tuntas.sandbox.fault_effects import FaultEffects
from tuntas.sandbox.frames import Missing, PasskeyAssertion, PasskeyConfirmed, Request, Stored, TypingFrame, page_frame
from tuntas.sandbox.model import DeviceKeys, Event
from tuntas.sandbox.passkeys import Ceremony
from tuntas.sandbox.phones import Phones
from tuntas.sandbox.refs import Refs
from tuntas.sandbox.settings import SandboxSettings
from tuntas.sandbox.traffic import Traffic

log = structlog.get_logger(__name__)

Frame = dict[str, Any]
SERVICE_RESTART = 1012
POLICY_VIOLATION = 1008
"""WebSocket close codes: come back later, and this was not our language."""


class Switchboard(Protocol):
    """What a connection needs of the exchange behind it."""

    settings: SandboxSettings
    phones: Phones
    refs: Refs
    effects: FaultEffects
    traffic: Traffic
    clock: Clock

    def answer(self, page: PageConnection, frame: Request) -> tuple[Frame, Callable[[], None]]:
        """Do what a page asks; return the answer, and what is to happen once the answer is on its way."""
        ...

    def pair(self, keys: DeviceKeys, number: str) -> None:
        """Link a page to a phone."""
        ...

    def stored(self, page: PageConnection, sequence: int) -> None:
        """A page has an event on its disk."""
        ...

    def typing(self, page: PageConnection, frame: TypingFrame) -> None:
        """A page's user writes, or has stopped."""
        ...


class _ClosedError(Exception):
    """Ends the connection's tasks together."""


class PageConnection:
    """The server's side of one open page. ``number`` is the phone it is linked to, ``None`` while it is unpaired."""

    def __init__(self, websocket: WebSocket, keys: DeviceKeys, number: str | None, exchange: Switchboard) -> None:
        self.keys = keys
        self.number = number
        self._websocket = websocket
        self._exchange = exchange
        self._outgoing: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._last_sequence = 0
        self._welcomed = False
        self.is_deaf = False
        self._scanned = asyncio.Event()
        self._ceremony: Ceremony | None = None
        self._proven = asyncio.Event()

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

    def scanned_by(self, number: str, ceremony: Ceremony | None = None) -> None:
        """The page's QR was scanned by this phone: pair, after a ``ceremony`` with the account's passkey if need be."""
        self.number = number
        self._ceremony = ceremony
        self._scanned.set()

    def flush(self) -> None:
        """Send what is new in the device's inbox."""
        device = self._exchange.phones.device(self.keys.device)
        if device is None or not self._welcomed or self.is_deaf:
            return
        for sequence, event in device.inbox.items():
            if sequence > self._last_sequence:
                self._last_sequence = sequence
                self.tell({"kind": "event", "sequence": sequence, "event": self._readable(event)})

    def _readable(self, event: Event) -> Event:
        """Return an event as the device can read it now: of a message that it cannot, only that there is one."""
        assert self.number is not None
        if event["kind"] != "message" or event["message"]["from"] == self.number:
            return event
        seconds = self._exchange.effects.readable_after(self.keys.device, self.number)
        if seconds is None:
            return event
        self._exchange.effects.becomes_readable(self.keys.device, event, seconds)
        return event | {"message": event["message"] | {"text": "", "content": {}, "quoted": None, "unreadable": True}}

    def answer_passkey(self, frame: PasskeyAssertion | PasskeyConfirmed) -> tuple[Frame, Callable[[], None]]:
        """Take what the page brings of its account's passkey; see ``Switchboard.answer``."""
        ceremony = self._ceremony
        if ceremony is None or (isinstance(frame, PasskeyConfirmed) and not ceremony.has_proof):
            return {"ok": False, "error": "no_passkey_asked_for"}, lambda: None
        if isinstance(frame, PasskeyConfirmed):
            return {"ok": True}, self._proven.set
        told = ceremony.take(frame.credential)

        def tell() -> None:
            for each in told:
                self.tell(each)

        return {"ok": True}, tell

    async def _write(self) -> None:
        while (frame := await self._outgoing.get()) is not None:
            now = self._exchange.clock.monotonic()
            delay_seconds = self._exchange.effects.faults.delay_seconds(self.keys.device, self.number, now)
            if delay_seconds > 0:
                await asyncio.sleep(delay_seconds)
            await self._exchange.effects.network_back(self)
            hidden = self._exchange.phones.hidden_addresses(self.number)
            await self._websocket.send_text(json.dumps(reword(frame, hidden) if hidden else frame, ensure_ascii=False))
        if self._websocket.application_state is WebSocketState.CONNECTED:
            await self._websocket.close(SERVICE_RESTART)
        raise _ClosedError

    async def _greet(self) -> None:
        if self._is_refused():
            return
        if self.number is None:
            number = await self._show_refs()
            if self._ceremony is not None:
                self.tell({"kind": "passkey_prologue_request", "options": self._ceremony.options()})
                await self._proven.wait()
                self._exchange.pair(self.keys, number)
            self.tell({"kind": "pairing"} | self._exchange.phones.phone(number).describe())
            await asyncio.sleep(self._exchange.settings.pairing_seconds)
        if self._is_refused():
            return
        if self._exchange.phones.linked(self.keys) is None:
            return  # unlinked in the meantime; the page has been told
        assert self.number is not None
        phone = self._exchange.phones.phone(self.number)
        blocked = self._exchange.phones.people.blocked_by(self.number)
        restrictions = self._exchange.effects.restrictions(self.number)
        told = {"platform": "android", "blocked": blocked, "restrictions": restrictions}
        self.tell({"kind": "welcome"} | told | phone.describe())
        self._welcomed = True
        self.flush()

    def _is_refused(self) -> bool:
        frame = self._exchange.effects.refusal(self)
        if frame is not None:
            self.tell(frame)
            self.close()
        return frame is not None

    async def _show_refs(self) -> str:
        """Give the page its refs one after the other; return the number of the phone that scans one.

        When all are used up the page has to connect anew for more; a code still pairs it.
        """
        settings = self._exchange.settings
        for count in range(settings.refs_in_a_round):
            lifetime_seconds = settings.first_ref_seconds if count == 0 else settings.next_ref_seconds
            ref = self._exchange.refs.issue(self.keys, self._exchange.clock.monotonic(), lifetime_seconds)
            self.tell({"kind": "ref", "ref": ref.text, "seconds": lifetime_seconds})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(lifetime_seconds):
                    await self._scanned.wait()
                    break
        else:
            self._exchange.refs.withdraw(self.keys.device)
            self.tell({"kind": "idle"})
            await self._scanned.wait()
        assert self.number is not None
        return self.number

    async def _read(self) -> None:
        while True:
            text = await self._websocket.receive_text()
            hidden = self._exchange.phones.hidden_addresses(self.number)
            if hidden:
                numbers = {address: number for number, address in hidden.items()}
                text = json.dumps(reword(json.loads(text), numbers))
            frame = page_frame.validate_json(text)
            await self._exchange.effects.network_back(self)
            match frame:
                case Stored():
                    self._exchange.stored(self, frame.sequence)
                case Missing():
                    self._exchange.traffic.missing(frame.what)
                case TypingFrame():
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
