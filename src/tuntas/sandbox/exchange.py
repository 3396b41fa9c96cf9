"""Where pages and phones meet: the open connections, the pure state behind them, and who is woken by what.

One exchange per sandbox, used from one event loop only. It never awaits between reading and changing the state, so
each act below is done as a whole.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any, assert_never

from starlette.websockets import WebSocket

from tuntas.foundation.clock import Clock, SystemClock
from tuntas.sandbox import social
from tuntas.sandbox.acts import Act
from tuntas.sandbox.calls import Calls
from tuntas.sandbox.connection import SERVICE_RESTART, Frame, PageConnection
from tuntas.sandbox.content import NOTHING, Content
from tuntas.sandbox.errors import ExpiredRefError, SandboxError
from tuntas.sandbox.fault_effects import FaultEffects
from tuntas.sandbox.frames import (
    ActOn,
    AskCapping,
    AskTimelock,
    DeclineCall,
    Exists,
    Hello,
    Logout,
    PasskeyAssertion,
    PasskeyConfirmed,
    Read,
    Request,
    Send,
    TypingFrame,
)
from tuntas.sandbox.groups import is_group
from tuntas.sandbox.link_codes import LinkCodes
from tuntas.sandbox.media import MediaFiles
from tuntas.sandbox.model import SENT, DeviceKeys, PhoneMessage, Quote
from tuntas.sandbox.passkeys import Ceremony, Passkeys
from tuntas.sandbox.phones import Phones
from tuntas.sandbox.presence import Presences, frame_of
from tuntas.sandbox.refs import Refs
from tuntas.sandbox.refusals import TIMELOCKED
from tuntas.sandbox.settings import SandboxSettings
from tuntas.sandbox.social_frames import AskLinkCode, ShowPresenceFrame, SocialFrame, Subscribe
from tuntas.sandbox.traffic import Traffic


def _nothing() -> None:
    pass


class Exchange:
    """All that one sandbox knows while it runs: the one switchboard, so it has a method for each kind of call."""

    def __init__(self, settings: SandboxSettings, phones: Phones, traffic: Traffic, clock: Clock | None = None) -> None:
        self.settings = settings
        self.traffic = traffic
        self.browser_flags: list[str] = []
        self.phones = phones
        self.refs = Refs()
        self.link_codes = LinkCodes()
        self.presences = Presences()
        self.passkeys = Passkeys()
        self.media = MediaFiles(settings.data_dir)
        self.clock = clock or SystemClock()
        self.on_change: Callable[[], None] = lambda: None
        self._connections: dict[str, PageConnection] = {}
        self.effects = FaultEffects(phones, self.clock, self._connections.values, self._wake)
        self.faults = self.effects.faults
        self.calls = Calls(phones, self._connections.values)

    # pages

    async def connect(self, websocket: WebSocket, hello: Hello) -> None:
        """Serve a page that has said hello, until it goes."""
        keys = DeviceKeys(hello.device, hello.noise_key, hello.identity_key)
        linked = self.phones.linked(keys)
        number = None if linked is None else linked.number
        if self.effects.is_refused(keys.device, number):
            await websocket.close(SERVICE_RESTART)
            return
        connection = PageConnection(websocket, keys, number, self)
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

    def _replace(self, device: str, connection: PageConnection) -> None:
        if (older := self._connections.get(device)) is not None:
            older.tell({"kind": "replaced"})
            older.close()
        self._connections[device] = connection

    def connections(self) -> dict[str, PageConnection]:
        """Return the open connections by device id."""
        return dict(self._connections)

    def close(self) -> None:
        """Close all connections, and let loads that are stalled go on."""
        for connection in self._connections.values():
            connection.close()
        self.effects.close()

    # what pages ask

    def answer(self, page: PageConnection, frame: Request) -> tuple[Frame, Callable[[], None]]:
        """Do what a page asks; return the answer, and what is to happen once the answer is on its way."""
        if isinstance(frame, AskLinkCode):
            return self._link_code(page, frame.number), _nothing
        if isinstance(frame, (PasskeyAssertion, PasskeyConfirmed)):
            return page.answer_passkey(frame)
        if self.phones.linked(page.keys) is None or page.number is None:
            return {"ok": False, "error": "not_paired"}, _nothing
        try:
            return self._answer(page, page.number, frame)
        except SandboxError as error:
            return {"ok": False, "error": error.code}, _nothing

    def _answer(self, page: PageConnection, number: str, frame: Request) -> tuple[Frame, Callable[[], None]]:
        match frame:
            case Exists():
                return {"ok": True, "phone": self.phones.resolve(frame.number).describe()}, _nothing
            case Send():
                code = self.effects.not_taken(number, frame.to)
                if code is not None and not self.phones.has_sent(number, frame.id):
                    return {"ok": False, "error": code}, _nothing
                quote = frame.quoted
                quoted = None if quote is None else Quote(quote.id, quote.sender, quote.text, quote.type)
                message = PhoneMessage(
                    frame.id, number, frame.to, frame.text, frame.timestamp, SENT, quoted, frame.content
                )
                woken = self.phones.send(message, origin=page.keys.device)
                return {"ok": True}, lambda: self._wake(woken)
            case ActOn():
                at = int(self.clock.now().timestamp() * 1000)
                _, woken = self.phones.act(number, frame.id, frame.act, at, origin=page.keys.device)
                return {"ok": True}, lambda: self._wake(woken)
            case Read():
                _, woken = self.phones.read(number, frame.chat, origin=page.keys.device)
                return {"ok": True}, lambda: self._wake(woken)
            case ShowPresenceFrame():
                self.show_presence(number, "available" if frame.available else "unavailable")
                return {"ok": True}, _nothing
            case Subscribe():
                return {"ok": True}, lambda: self._subscribe(page, number, frame.address)
            case SocialFrame() if self.effects.reaches_out_in_vain(number, frame):
                return {"ok": False, "error": TIMELOCKED}, _nothing
            case SocialFrame():
                fields, woken = social.answer(self.phones, number, page.keys.device, frame, self._seconds())
                return {"ok": True} | fields, lambda: self._wake(woken)
            case DeclineCall():
                self.calls.decide(number, frame.id, "reject")
                return {"ok": True}, _nothing
            case AskTimelock():
                return {"ok": True, "timelock": self.effects.timelock(number)}, _nothing
            case AskCapping():
                return {"ok": True, "capping": self.effects.capping(number)}, _nothing
            case PasskeyAssertion() | PasskeyConfirmed():
                return page.answer_passkey(frame)
            case Logout():
                self.phones.unlink(number, page.keys.device)
                self.on_change()
                return {"ok": True}, page.close
            case _:
                assert_never(frame)

    def _link_code(self, page: PageConnection, number: str) -> Frame:
        if self.phones.find(number) is None or page.number is not None:
            return {"ok": False, "error": "unknown_phone" if page.number is None else "paired"}
        return {"ok": True, "code": self.link_codes.issue(page.keys, number, self.clock.monotonic())}

    def _subscribe(self, page: PageConnection, number: str, address: str) -> None:
        if is_group(address):
            self.phones.groups.joined(number, address)
            self.presences.subscribe(page.keys.device, address)
        elif self.phones.find(address) is not None:
            self.presences.subscribe(page.keys.device, address)
            page.tell(frame_of(address, self.presences.of(address)))

    def show_presence(self, number: str, state: str, chat: str | None = None) -> None:
        """Somebody comes or goes, or does something in a chat (a number, or a group): who subscribed is told."""
        self.phones.phone(number)
        if chat is not None and is_group(chat):
            self.phones.groups.joined(number, chat)
        elif chat is not None:
            self.phones.phone(chat)
        self.presences.show(number, state, self._seconds())
        frame = frame_of(number, self.presences.of(number), state=state, chat=chat)
        address = number if chat is None or not is_group(chat) else chat
        for device in self.presences.subscribers(address):
            connection = self._connections.get(device)
            # What is done in a chat of two is told to the other one only.
            if connection is not None and (chat is None or is_group(chat) or connection.number == chat):
                connection.tell(frame)

    def _seconds(self) -> int:
        return int(self.clock.now().timestamp())

    def social(self, number: str, frame: SocialFrame) -> dict[str, Any]:
        """Do as the owner of a phone what a page of it could ask."""
        self.phones.phone(number)
        fields, woken = social.answer(self.phones, number, "", frame, self._seconds())
        self._wake(woken)
        return fields

    def stored(self, page: PageConnection, sequence: int) -> None:
        """A page has an event on its disk."""
        self.phones.stored(page.keys.device, sequence)
        self.on_change()

    def typing(self, page: PageConnection, frame: TypingFrame) -> None:
        """A page's user writes, or has stopped; to a number that is no phone it is told to nobody."""
        if page.number is not None and self.phones.find(frame.chat) is not None:
            self.phones.types(page.number, frame.chat, frame.state)

    def _wake(self, devices: Iterable[str]) -> None:
        for device in devices:
            if (connection := self._connections.get(device)) is not None:
                connection.flush()
        self.on_change()

    # what phones do

    def scan(self, number: str, qr: str) -> DeviceKeys:
        """Link the page that shows this QR to the phone; see ``Refs.redeem`` for what is refused."""
        self.phones.phone(number)
        return self._link(self.refs.redeem(qr, self.clock.monotonic()), number)

    def link_with_code(self, number: str, code: str) -> DeviceKeys:
        """Link the page that shows this code to the phone; see ``LinkCodes.redeem`` for what is refused."""
        self.phones.phone(number)
        return self._link(self.link_codes.redeem(number, code, self.clock.monotonic()), number)

    def _link(self, keys: DeviceKeys, number: str) -> DeviceKeys:
        connection = self._connections.get(keys.device)
        if connection is None:
            message = "the page that showed this is gone"
            raise ExpiredRefError(message)
        passkey = self.faults.meeting("passkey", keys.device, number, self.clock.monotonic())
        if passkey is None:
            self.pair(keys, number)
            connection.scanned_by(number)
        else:
            values = passkey.values
            ceremony = Ceremony(self.passkeys.of(number), values.get("error"), values["skip_code"])
            connection.scanned_by(number, ceremony)
        return keys

    def pair(self, keys: DeviceKeys, number: str) -> None:
        """Link a page to a phone: nothing stands between the two any more."""
        self.phones.link(keys, number)
        self.on_change()

    def unlink(self, number: str, device: str | None) -> set[str]:
        """Log one device of the phone out, or all of them; return their ids."""
        gone = self.phones.unlink(number, device)
        for each in gone:
            if (connection := self._connections.get(each)) is not None:
                connection.tell({"kind": "unlinked"})
                connection.close()
        self.on_change()
        return gone

    def send(
        self, number: str, recipient: str, text: str, quoted_id: str | None = None, content: Content = NOTHING
    ) -> PhoneMessage:
        """Send a message from the phone itself, perhaps in answer to a message between the two."""
        quoted = None if quoted_id is None else self.phones.quote(number, recipient, quoted_id)
        timestamp = int(self.clock.now().timestamp())
        message = PhoneMessage(secrets.token_hex(16).upper(), number, recipient, text, timestamp, SENT, quoted, content)
        self._wake(self.phones.send(message))
        return message

    def notice(self, number: str, chat: str, text: str, notice: dict[str, str | None]) -> str:
        """Write a notice of WhatsApp's into a chat, on all devices of the phone; return its id."""
        name = secrets.token_hex(16).upper()
        self._wake(self.phones.notice(number, chat, name, text, notice, self._seconds()))
        return name

    def act(self, number: str, message_id: str, act: Act) -> PhoneMessage:
        """Do something to a message from the phone itself."""
        at = int(self.clock.now().timestamp() * 1000)
        message, woken = self.phones.act(number, message_id, act, at)
        self._wake(woken)
        return message

    def read(self, number: str, chat: str) -> int:
        """Let the owner of the phone read a chat; return how many messages were unread."""
        count, woken = self.phones.read(number, chat)
        self._wake(woken)
        return count
