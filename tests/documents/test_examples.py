"""The examples do what they say, with a key that is good for that and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.running import Sandbox, Server, environment, wait_for

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_echo_bot_shows_a_qr_and_answers_each_message_once(server: Server, sandbox: Sandbox) -> None:
    bot, customer = sandbox.phone("628193000001"), sandbox.phone("628193000002")
    key = {"name": "echo", "scopes": ["control", "read", "send"], "sessions": ["echo"]}
    secret = server.http.post("/api/keys", json=key).json()["key"]
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "echo_bot.py")],
        env=environment(TUNTAS=server.url, KEY=secret, NO_PROXY="127.0.0.1"),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Scan this"), line
        sandbox.scan(bot, line.rsplit(" ", 1)[-1].strip())
        server.wait_status("echo", "WORKING")
        for text in ("halo", "apa kabar"):
            sandbox.call("POST", f"/phones/{customer}/send", {"to": bot, "text": text})
            assert process.stdout.readline() == "Answered: 201\n"
        answers = ["You said: halo", "You said: apa kabar"]
        wait_for(lambda: len(sandbox.texts(customer)) >= 4, what="two questions and two answers")
        assert [one for one in sandbox.texts(customer) if one.startswith("You said")] == answers
    finally:
        process.kill()
        process.communicate()
