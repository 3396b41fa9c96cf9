"""Runs clients of WPP_Whatsapp that do as they are told, until standard input ends; as ``whatsapp_web_js/bots.js``.

A line ``{client, event, values}`` for what is told; a line ``{request, client, code}`` for a request, whose code is the
body of a function of ``create``, ``client``; ``{request, value}`` or ``{request, error}`` for its answer.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
import threading
import traceback
from typing import Any

# Standard output is ours; the library writes to it too.
_out = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

from WPP_Whatsapp import Create  # type: ignore[import-not-found]  # noqa: E402

order = json.loads(sys.argv[1])
clients: dict[str, Any] = {}
_saying = threading.Lock()


def say(**line: Any) -> None:
    with _saying:
        _out.write(json.dumps(line, default=str) + "\n")


def create(session: str) -> None:
    def tell(event: str) -> Any:
        return lambda *values: say(client=session, event=event, values=list(values))

    creator = Create(
        session=session,
        folderNameToken=order["dataPath"],
        wa_js_version="bundled",  # others are downloaded
        browser="chromium",
        headless=True,
        executable_path=order["executablePath"],
        args=order["args"],
        catchQR=lambda **code: say(client=session, event="qr", values=[code["urlCode"], code["qrCode"][:22]]),
        statusFind=tell("status"),
    )
    client = creator.start()
    client.onMessage(tell("message"))
    client.onAck(tell("ack"))
    clients[session] = client


def answer(request: int, session: str, code: str) -> None:
    names: dict[str, Any] = {}
    try:
        exec(f"def run(create, client):\n{textwrap.indent(code, '    ')}", names)
        say(request=request, value=names["run"](lambda: create(session), clients.get(session)))
    except Exception:  # noqa: BLE001 - whatever it is, the test is told
        say(request=request, error=traceback.format_exc())


for each in order["clientIds"]:
    say(client=each, event="here", values=[])
for text in sys.stdin:
    asked = json.loads(text)
    threading.Thread(target=answer, args=(asked["request"], asked["client"], asked["code"]), daemon=True).start()
os._exit(0)  # its browser's thread would not let it end
