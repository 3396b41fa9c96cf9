"""Messages are what people wrote: told once, with their text, and nothing else is told as one."""

from __future__ import annotations

import signal
from typing import Any

from conftest import StartServer
from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for

KINDS = ["message", "message.any", "message.waiting"]
NOTICES = [
    ("e2e_notification", "encrypt"),
    ("gp2", "none_of_ours"),
    ("notification_template", None),
    ("protocol", "ephemeral_setting"),
    ("call_log", None),
    ("pinned_message", None),
    ("keep_in_chat", None),
    ("notification", None),
    ("broadcast_notification", None),
    ("debug", None),
    ("oversized", None),
    ("request_phone_number", None),
    ("unknown", None),
]


def bodies(receiver: Receiver, name: str) -> list[str]:
    """Return the texts of what was told under this name, each event once."""
    events = {one["id"]: one for one in receiver.seen if one["event"] == name}
    return [one["payload"]["body"] for one in events.values()]


def write(sandbox: Sandbox, number: str, to: str, text: str) -> None:
    sandbox.call("POST", f"/phones/{number}/send", {"to": to, "text": text})


def linked(server: Server, sandbox: Sandbox, receiver: Receiver, number: str) -> None:
    """Link the session ``true`` to a phone."""
    server.pair(sandbox, "true", number, config={"webhooks": [{"url": receiver.url, "events": KINDS}]})


def test_a_message_that_comes_encrypted_first_is_told_once_with_its_text(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    shop, budi = sandbox.phone("628194000001"), sandbox.phone("628194000002")
    with Receiver() as receiver:
        server = start_server(TUNTAS_LIVENESS_INTERVAL_SECONDS="1")
        linked(server, sandbox, receiver, shop)
        sandbox.fault("ciphertext_first", number=shop, seconds=0.5)
        write(sandbox, budi, shop, "soon")
        receiver.wait_for("message.waiting")
        assert receiver.wait_for("message", body="soon")["payload"]["from"] == f"{budi}@c.us"

        # One that never becomes readable stays where it is.
        sandbox.fault("ciphertext_first", number=shop)
        write(sandbox, budi, shop, "never")
        never = receiver.wait_for("message.waiting")
        assert (never["payload"]["body"], never["payload"]["_data"]["type"]) == ("", "ciphertext")
        sandbox.fault("clear", fault="ciphertext_first")
        write(sandbox, budi, shop, "plain")
        receiver.wait_for("message.any", body="plain")
        assert bodies(receiver, "message") == bodies(receiver, "message.any") == ["soon", "plain"]
        assert len(bodies(receiver, "message.waiting")) == 2
        read = server.http.get(f"/api/true/chats/{budi}/messages").json()
        assert [(one["body"], one["_data"]["type"]) for one in read] == [
            ("plain", "chat"),
            ("", "ciphertext"),
            ("soon", "chat"),
        ]


def test_a_text_that_can_be_read_while_no_server_runs_or_later_is_told_once(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    shop, budi = sandbox.phone("628194000011"), sandbox.phone("628194000012")
    with Receiver() as receiver:
        server = start_server()
        linked(server, sandbox, receiver, shop)
        told: list[str] = []
        # Killed at once, it is read by the next one's page: from the beginning, or when that is there already.
        for number, seconds in enumerate((2.5, 8.0)):
            sandbox.fault("ciphertext_first", number=shop, seconds=seconds)
            write(sandbox, budi, shop, f"secret {number}")
            receiver.wait_for("message.waiting")
            sandbox.fault("clear", fault="ciphertext_first")
            # A newer one: what is asked for since the newest has no place for the older one.
            write(sandbox, budi, shop, f"plain {number}")
            receiver.wait_for("message", body=f"plain {number}")
            server.stop(signal.SIGKILL)
            server = start_server(TUNTAS_LIVENESS_INTERVAL_SECONDS="1")
            server.wait_status("true", "WORKING")
            receiver.wait_for("message", body=f"secret {number}")
            told += [f"plain {number}", f"secret {number}"]
        write(sandbox, budi, shop, "last")
        receiver.wait_for("message", body="last")
        assert bodies(receiver, "message") == [*told, "last"]
        assert bodies(receiver, "message.waiting") == ["", ""]


def test_what_whatsapp_writes_into_a_chat_is_no_message(start_server: StartServer, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628194000021"), sandbox.phone("628194000022")

    def notices() -> None:
        for kind, subtype in NOTICES:
            sandbox.call("POST", f"/phones/{shop}/notice", {"chat": budi, "type": kind, "subtype": subtype})

    def read(**parameters: Any) -> list[str]:
        found = server.http.get(f"/api/true/chats/{budi}/messages", params=parameters).json()
        return [one["body"] for one in found]

    with Receiver() as receiver:
        server = start_server()
        linked(server, sandbox, receiver, shop)
        write(sandbox, budi, shop, "before")
        notices()
        write(sandbox, budi, shop, "between")
        receiver.wait_for("message", body="between")
        assert read(limit=2) == ["between", "before"]
        notices()
        wait_for(lambda: sandbox.call("GET", "/state")["devices"][0]["waiting_events"] == 0, what="the notices came")
        (chat,) = server.http.get("/api/true/chats").json()
        assert chat["lastMessage"]["body"] == "between"
        # And nothing that came while no server listened.
        server.stop(signal.SIGKILL)
        notices()
        write(sandbox, budi, shop, "after")
        server = start_server()
        server.wait_status("true", "WORKING")
        receiver.wait_for("message.any", body="after")
        assert bodies(receiver, "message") == ["before", "between", "after"]
        assert bodies(receiver, "message.any") == ["before", "between", "after"]
        assert read(limit=10) == ["after", "between", "before"]
