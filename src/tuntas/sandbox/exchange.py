"""Where pages and phones meet: the open connections, the pure state behind them, and who is woken by what.

One exchange per sandbox, used from one event loop only. It never awaits between reading and changing the state, so
each act below is done as a whole.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from typing import assert_never

from starlette.websockets import WebSocket

from tuntas.foundation.clock import Clock, SystemClock
from tuntas.sandbox.connection import SERVICE_RESTART, Connection, Frame
from tuntas.sandbox.errors import ExpiredRefError, SandboxError
from tuntas.sandbox.faults import Faults, Scope
from tuntas.sandbox.frames import Exists, Hello, Logout, Read, Request, Send
from tuntas.sandbox.model import SENT, DeviceKeys, Message, Quote
from tuntas.sandbox.phones import Phones
from tuntas.sandbox.refs import Refs
from tuntas.sandbox.settings import SandboxSettings


def _nothing() -> None:
    pass


class Exchange:
    """All that one sandbox knows while it runs."""

    def __init__(self, settings: SandboxSettings, phones: Phones, clock: Clock | None = None) -> None:
        self.settings = settings
        self.phones = phones
        self.refs = Refs()
        self.faults = Faults()
        self.clock = clock or SystemClock()
        self.on_change: Callable[[], None] = lambda: None
        self._connections: dict[str, Connection] = {}
        self._loads_may_go_on = asyncio.Event()

    # pages

    async def connect(self, websocket: WebSocket, hello: Hello) -> None:
        """Serve a page that has said hello, until it goes."""
        keys = DeviceKeys(hello.device, hello.noise_key, hello.identity_key)
        linked = self.phones.linked(keys)
        number = None if linked is None else linked.number
        if self.faults.refuses(keys.device, number, self.clock.monotonic()):
            await websocket.close(SERVICE_RESTART)
            return
        connection = Connection(websocket, keys, number, self)
        if linked is None and hello.paired:
            connection.tell({"kind": "unlinked"})
            connection.close()
            await connection.run()
            return
        self._replace(keys.device, connection)
        try:
            await connection.run()
        finally:
            if self._connections.get(keys.device) is connection:
                del self._connections[keys.device]

    def _replace(self, device: str, connection: Connection) -> None:
        if (older := self._connections.get(device)) is not None:
            older.tell({"kind": "conflict"})
            older.close()
        self._connections[device] = connection

    def connections(self) -> dict[str, Connection]:
        """Return the open connections by device id."""
        return dict(self._connections)

    def close(self) -> None:
        """Close all connections, and let loads that are stalled go on."""
        for connection in self._connections.values():
            connection.close()
        self.loads_go_on()

    # what pages ask

    def answer(self, page: Connection, frame: Request) -> tuple[Frame, Callable[[], None]]:
        """Do what a page asks; return the answer, and what is to happen once the answer is on its way."""
        if self.phones.linked(page.keys) is None or page.number is None:
            return {"ok": False, "error": "not_paired"}, _nothing
        try:
            return self._answer(page, page.number, frame)
        except SandboxError as error:
            return {"ok": False, "error": error.code}, _nothing

    def _answer(self, page: Connection, number: str, frame: Request) -> tuple[Frame, Callable[[], None]]:
        match frame:
            case Exists():
                return {"ok": True, "phone": self.phones.phone(frame.number).describe()}, _nothing
            case Send():
                quote = frame.quoted
                quoted = None if quote is None else Quote(quote.id, quote.sender, quote.text)
                message = Message(frame.id, number, frame.to, frame.text, frame.timestamp, SENT, quoted)
                woken = self.phones.send(message, origin=page.keys.device)
                return {"ok": True}, lambda: self._wake(woken)
            case Read():
                _, woken = self.phones.read(number, frame.chat, origin=page.keys.device)
                return {"ok": True}, lambda: self._wake(woken)
            case Logout():
                self.phones.unlink(number, page.keys.device)
                self.on_change()
                return {"ok": True}, page.close
            case _:
                assert_never(frame)

    def stored(self, page: Connection, sequence: int) -> None:
        """A page has an event on its disk."""
        self.phones.stored(page.keys.device, sequence)
        self.on_change()

    def _wake(self, devices: Iterable[str]) -> None:
        for device in devices:
            if (connection := self._connections.get(device)) is not None:
                connection.flush()
        self.on_change()

    # what phones do

    def scan(self, number: str, qr: str) -> DeviceKeys:
        """Link the page that shows this QR to the phone; see ``Refs.redeem`` for what is refused."""
        self.phones.phone(number)
        keys = self.refs.redeem(qr, self.clock.monotonic())
        connection = self._connections.get(keys.device)
        if connection is None:
            message = "the page that showed this QR is gone"
            raise ExpiredRefError(message)
        self.phones.link(keys, number)
        connection.scanned_by(number)
        self.on_change()
        return keys

    def unlink(self, number: str, device: str | None) -> set[str]:
        """Log one device of the phone out, or all of them; return their ids."""
        gone = self.phones.unlink(number, device)
        for each in gone:
            if (connection := self._connections.get(each)) is not None:
                connection.tell({"kind": "unlinked"})
                connection.close()
        self.on_change()
        return gone

    def send(self, number: str, recipient: str, text: str, quoted_id: str | None = None) -> Message:
        """Send a text from the phone itself, perhaps in answer to a message between the two."""
        quoted = None if quoted_id is None else self.phones.quote(number, recipient, quoted_id)
        timestamp = int(self.clock.now().timestamp())
        message = Message(secrets.token_hex(16).upper(), number, recipient, text, timestamp, SENT, quoted)
        self._wake(self.phones.send(message))
        return message

    def read(self, number: str, chat: str) -> int:
        """Let the owner of the phone read a chat; return how many messages were unread."""
        count, woken = self.phones.read(number, chat)
        self._wake(woken)
        return count

    # faults

    def matching(self, scope: Scope) -> list[Connection]:
        """Return the connected pages that a fault meets."""
        return [each for each in self._connections.values() if scope.meets(each.keys.device, each.number)]

    def strike(self, fault: str, scope: Scope) -> list[str]:
        """Send a fault into the matching pages; return their device ids."""
        pages = self.matching(scope)
        for page in pages:
            page.tell({"kind": "fault", "fault": fault})
        return [page.keys.device for page in pages]

    def drop(self, scope: Scope, seconds: float) -> list[str]:
        """Close the matching connections, and refuse them for so long."""
        self.faults.refused_until[scope] = self.clock.monotonic() + seconds
        pages = self.matching(scope)
        for page in pages:
            page.close()
        return [page.keys.device for page in pages]

    async def load_delay(self) -> None:
        """Wait as long as a page load is stalled."""
        seconds = self.faults.load_delay_seconds()
        if seconds <= 0:
            return
        self._loads_may_go_on.clear()
        try:
            async with asyncio.timeout(None if seconds == float("inf") else seconds):
                await self._loads_may_go_on.wait()
        except TimeoutError:
            return

    def loads_go_on(self) -> None:
        """Let the loads that wait go on at once."""
        self._loads_may_go_on.set()
