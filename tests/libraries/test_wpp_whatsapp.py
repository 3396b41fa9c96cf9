"""The real WPP_Whatsapp, as PyPI delivers it, on the sandbox: with its own Playwright, its QR read from the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.python_packages import python_with
from support.running import Sandbox, running, wait_for
from support.web_js_bots import Bots, run_bots
from support.whatsapp_web_js import ROOT, launch_options
from tuntas.browser import BrowserKind

ANI, BUDI = "628111000111", "628222000222"
CREATE_SECONDS = 60.0
SOURCE = ROOT / "tests" / "wpp_whatsapp"

# The first test that runs installs it.
pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """One with an https side, and two phones."""
    child = Sandbox(tmp_path, "--https-port", "0")
    with running(child):
        child.phone(ANI, "Ani")
        child.phone(BUDI, "Budi")
        yield child


def linked(sandbox: Sandbox) -> list[bool]:
    return [one["linked"] for one in sandbox.call("GET", "/state")["devices"]]


def test_the_whole_life_of_a_session(tmp_path: Path, sandbox: Sandbox) -> None:
    python = python_with(SOURCE)
    launch = launch_options(BrowserKind.HEADLESS_SHELL, *sandbox.call("GET", "/state")["browser_flags"])
    tokens = tmp_path / "bot" / "tokens"
    order: dict[str, Any] = {
        "dataPath": str(tokens),
        "executablePath": launch["executablePath"],
        "args": launch["args"],
    }
    with run_bots(Bots(tmp_path / "bot", ["one"], order, [python, SOURCE / "bots.py"]), [tokens]) as bot:
        created = bot.ask("create()")
        code, image = bot.hear("qr", limit_seconds=CREATE_SECONDS).values
        assert image == "data:image/png;base64,"
        sandbox.scan(ANI, code)
        bot.answer(created, CREATE_SECONDS)

        sent = bot.run(f"return client.sendText('{BUDI}@c.us', 'apa kabar?')")
        assert sent["sendMsgResult"]["messageSendResult"] == "OK"
        bot.hear("ack", lambda told: (told["ids"][0]["_serialized"], told["ack"]) == (sent["id"], 2))
        sandbox.call("POST", f"/phones/{BUDI}/send", {"to": ANI, "text": "halo"})
        (came,) = bot.hear("message", lambda message: message["body"] == "halo").values
        assert came["from"] == f"{BUDI}@c.us"
        assert sandbox.texts(BUDI) == ["apa kabar?", "halo"]

        # The page goes away under wa-js, which waits for an event that no page fires.
        before = len(bot.told)
        bot.ask("client.logout()")
        bot.hear("qr", after=before, limit_seconds=CREATE_SECONDS)
        wait_for(lambda: not any(linked(sandbox)), what="the phone lists no device any more")
    assert sandbox.call("GET", "/state")["not_imitated"] == []
