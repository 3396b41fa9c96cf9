"""Answers each message with its own words.

KEY is an API key with the scopes control, read and send; TUNTAS and SESSION say where and who. Needs httpx.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import httpx

SESSION = os.environ.get("SESSION", "echo")
SERVER = os.environ.get("TUNTAS", "http://127.0.0.1:3000")


def follow(http: httpx.Client) -> Iterator[dict[str, Any]]:
    """Yield the session's events as they come; after a broken connection first those that were missed."""
    wanted = {"session": SESSION, "events": "session.status,message"}
    last: dict[str, str] = {}
    while True:
        try:
            with http.stream("GET", "/api/events", params=wanted, headers=last, timeout=60) as stream:
                if not last:  # nothing that comes from here on is missed
                    http.post(f"/api/sessions/{SESSION}/start").raise_for_status()
                for line in stream.iter_lines():
                    if line.startswith("data: "):
                        event = json.loads(line.removeprefix("data: "))
                        yield event
                        last = {"Last-Event-ID": event["id"]}
        except httpx.TransportError as error:
            print(f"Connecting again: {error!r}", flush=True)
        time.sleep(1)


def main() -> None:
    """Create the session if there is none, and answer for ever."""
    with httpx.Client(base_url=SERVER, headers={"X-Api-Key": os.environ["KEY"]}, timeout=90) as http:
        http.post("/api/sessions", json={"name": SESSION, "start": False})  # 422 if there is one: fine
        for event in follow(http):
            payload = event["payload"]
            if event["event"] == "message" and payload["body"]:
                answer = {"session": SESSION, "chatId": payload["from"], "text": f"You said: {payload['body']}"}
                # The event's id as the key: an event that comes twice is answered once.
                sent = http.post("/api/sendText", json=answer, headers={"Idempotency-Key": event["id"]})
                print(f"Answered: {sent.status_code}", flush=True)
            elif payload.get("status") == "SCAN_QR_CODE":
                qr = http.get(f"/api/{SESSION}/auth/qr", params={"format": "raw"}).json()
                print(f"Scan this (`tuntas sessions qr {SESSION}` draws it): {qr.get('value')}", flush=True)


if __name__ == "__main__":
    main()
