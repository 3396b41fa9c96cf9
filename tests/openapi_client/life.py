"""Runs in the environment of PyPI's ``openapi-python-client``: makes a client of a server's document, and uses it.

Called twice: ``make URL FOLDER`` writes the client, ``ask URL KEY FOLDER SESSION CUSTOMER`` sends with it, and reads.
"""

from __future__ import annotations

import sys
import urllib.request
from importlib import import_module
from pathlib import Path
from subprocess import run
from typing import Any

NAME = "made_of_the_document"


def make(url: str, folder: Path) -> None:
    """Write the client; whatever the generator cannot make of the document it warns of."""
    document = folder / "openapi.json"
    document.write_bytes(urllib.request.urlopen(f"{url}/openapi.json").read())
    no_hooks = folder / "config.yml"
    no_hooks.write_text("post_hooks: []\n")
    command = [Path(sys.executable).parent / "openapi-python-client", "generate", "--path", document, "--meta", "none"]
    options = ["--output-path", folder / NAME, "--config", no_hooks, "--fail-on-warning"]
    done = run([*map(str, command), *map(str, options)], capture_output=True, text=True, check=False)
    sys.stdout.write(done.stdout + done.stderr)
    sys.exit(done.returncode)


def ask(url: str, key: str, folder: Path, session: str, customer: str) -> None:
    """Send a text and read it, by functions and models of the client only."""
    sys.path.insert(0, str(folder))

    def part(name: str) -> Any:
        return import_module(f"{NAME}.{name}")

    client = part("client").AuthenticatedClient(
        base_url=url, token=key, prefix="", auth_header_name="X-Api-Key", headers={"Accept": "application/json"}
    )
    api, models = "api.{}.{}".format, part("models")

    def call(tag: str, operation: str, *path: str, **more: Any) -> Any:
        return part(api(tag, operation)).sync(*path, client=client, **more)

    made = call("sessions", "sessions_create", body=models.CreateSession(name="generated", start=True))
    assert (made.name, made.engine.engine) == ("generated", "WPP"), made
    assert [one.name for one in call("sessions", "sessions_listing", all_=True)] == ["generated", session]
    while not isinstance(qr := call("pairing", "pairing_qr", "generated"), models.QrImage):
        assert qr.code == "wrong_session_status", qr
    assert qr.mimetype == "image/png"
    assert call("sessions", "sessions_delete", "generated").name == "generated"
    sent = call("messages", "messages_send_text", body=models.SendText(session=session, chat_id=customer, text="halo"))
    assert (sent.body, sent.from_me, sent.source) == ("halo", True, "api"), sent
    read = call("messages", "messages_chat_messages", session, f"{customer}@c.us", filter_from_me=True)
    assert [one.body for one in read] == ["halo"], read
    refused = call("messages", "messages_send_text", body=models.SendText(session="none", chat_id=customer, text="x"))
    assert (refused.status, refused.code) == (404, "session_not_found"), refused


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], Path(sys.argv[3]))
    else:
        ask(sys.argv[2], sys.argv[3], Path(sys.argv[4]), *sys.argv[5:])
