"""The steps of the demo and how they are told."""

from __future__ import annotations

import io
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import segno

from tuntas.cli.demo_parts import LOOK_EVERY_SECONDS, DemoFailed, DemoReceiver, Part, left_folders

SHOP, CUSTOMER = "628111000111", "628111000222"
CHAT = f"{CUSTOMER}@c.us"
SESSION = "demo"
STEP_SECONDS = 60.0


class Story:
    """Tells the demo, a line a step with the seconds since its beginning, and measures it."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """Begin; ``tell`` is given each line."""
        self._begin = time.monotonic()
        self._tell = tell
        self._seconds: dict[str, float] = {}

    def say(self, what: str, text: str) -> None:
        """Print one line."""
        self._tell(f"{time.monotonic() - self._begin:6.2f} s  {what:<9} {text}")

    def seconds(self) -> dict[str, float]:
        """Return what was measured, and the total."""
        return self._seconds | {"total": round(time.monotonic() - self._begin, 3)}

    def live(self, server: Part, sandbox: Part, receiver: DemoReceiver) -> dict[str, int]:
        """Create, scan, work: everything up to the deletion. Returns what was counted."""
        for number, name in ((SHOP, "Toko Sinar"), (CUSTOMER, "Budi")):
            sandbox.call("POST", "/_sandbox/phones", json={"number": number, "name": name})
        self.say("phones", f"{SHOP} (the shop) and {CUSTOMER} (a customer) exist in the sandbox")

        started = time.monotonic()
        hook = {"url": receiver.url, "events": ["*"], "hmac": {"key": "demo"}}
        server.call("POST", "/api/sessions", json={"name": SESSION, "config": {"webhooks": [hook]}})
        self.say("created", f"session {SESSION!r}: a Chromium with a profile of its own is starting")
        receiver.wait_for("session.status", STEP_SECONDS, status="SCAN_QR_CODE")
        qr = server.call("GET", f"/api/{SESSION}/auth/qr", params={"format": "raw"}).json()["value"]
        self._measure("start_to_qr", started)
        self.say("qr", f"shown after {self._seconds['start_to_qr']:.2f} s; a phone would scan this:")
        self._draw(qr)

        scanned = time.monotonic()
        sandbox.call("POST", f"/_sandbox/phones/{SHOP}/scan", json={"qr": qr})
        receiver.wait_for("session.status", STEP_SECONDS, status="WORKING")
        self._measure("scan_to_working", scanned)
        me = server.call("GET", f"/api/sessions/{SESSION}/me").json()
        self.say("working", f"{self._seconds['scan_to_working']:.2f} s after the scan, as {me['pushName']} {me['id']}")

        sandbox.call("POST", f"/_sandbox/phones/{CUSTOMER}/send", json={"to": SHOP, "text": "Is the shop open?"})
        event = receiver.wait_for("message", STEP_SECONDS)
        self.say("received", f"by webhook, from {event['payload']['from']}: {event['payload']['body']}")

        text = "Yes, until nine."
        sent = server.call(
            "POST", "/api/sendText", json={"session": SESSION, "chatId": CHAT, "text": text, "linkPreview": False}
        ).json()
        receiver.wait_for("message.ack", STEP_SECONDS, id=sent["id"], ackName="DEVICE")
        phone = sandbox.call("GET", f"/_sandbox/phones/{CUSTOMER}/messages").json()
        if phone[-1]["text"] != text:
            message = "the customer's phone did not get the answer"
            raise DemoFailed(message)
        self.say("sent", f"over HTTP, on the customer's phone with ack DEVICE: {text}")
        chat = server.call("GET", f"/api/{SESSION}/chats/{CHAT}/messages", params={"limit": 10}).json()
        self.say("chat", f"{len(chat)} messages read back over HTTP; {receiver.count} webhooks delivered so far")
        return {"messages_sent": 1, "messages_received": 1, "webhooks_delivered": receiver.count}

    def stay(self, server: Part, sandbox: Part) -> None:
        """Keep everything running until Ctrl-C."""
        stopped = threading.Event()
        before = {number: signal.signal(number, lambda *_: stopped.set()) for number in (signal.SIGINT, signal.SIGTERM)}
        self._tell(
            f"\nRunning until Ctrl-C; then the session is deleted.\n"
            f"  API        {server.url}/docs, X-Api-Key: {server.key}\n"
            f"  sandbox    {sandbox.url}/_sandbox/state\n"
            f'  a message  curl -d \'{{"to":"{SHOP}","text":"hi"}}\' -H \'Content-Type: application/json\' '
            f"{sandbox.url}/_sandbox/phones/{CUSTOMER}/send\n"
        )
        stopped.wait()
        for number, handler in before.items():
            signal.signal(number, handler)

    def delete(self, server: Part, profiles: Path) -> None:
        """Delete the session and wait until its last byte is gone."""
        asked = time.monotonic()
        answer = server.call("DELETE", f"/api/sessions/{SESSION}")
        self._measure("delete", asked)
        self.say("deleted", f"{answer.status_code} after {self._seconds['delete']:.2f} s: {answer.json()['message']}")
        deadline = time.monotonic() + STEP_SECONDS
        while left_folders(profiles) and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_SECONDS)

    def _measure(self, name: str, since: float) -> None:
        self._seconds[name] = round(time.monotonic() - since, 3)

    def _draw(self, qr: str) -> None:
        picture = io.StringIO()
        segno.make(qr, error="l", micro=False).terminal(picture, compact=True, border=1)
        self._tell(picture.getvalue())
