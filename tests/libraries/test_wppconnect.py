"""The real wppconnect, as npm delivers it, on the sandbox: with its own puppeteer, its QR read from the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from support.npm_packages import installed
from support.running import Sandbox, running, wait_for
from support.web_js_bots import Bots, node_bots, run_bots
from support.whatsapp_web_js import ROOT, launch_options
from tuntas.browser import BrowserKind

ANI, BUDI = "628111000111", "628222000222"
CREATE_SECONDS = 60.0
SOURCE = ROOT / "tests" / "wppconnect"

# The first test that runs installs wppconnect.
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(autouse=True, scope="module")
def modules() -> Path:
    return installed(SOURCE)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """One with an https side, and two phones."""
    child = Sandbox(tmp_path, "--https-port", "0")
    with running(child):
        child.phone(ANI, "Ani")
        child.phone(BUDI, "Budi")
        yield child


def one_bot(folder: Path, sandbox: Sandbox, modules: Path) -> AbstractContextManager[Bots]:
    flags = sandbox.call("GET", "/state")["browser_flags"]
    launch = launch_options(BrowserKind.HEADLESS_SHELL, *flags)
    order: dict[str, Any] = {
        "dataPath": str(folder / "tokens"),
        "puppeteer": {"executablePath": launch["executablePath"]},
        "headless": launch["headless"],
        "args": launch["args"],
    }
    return run_bots(node_bots(folder, ["one"], order, SOURCE, modules), [folder / "tokens" / "one"])


def is_written(folder: Path) -> bool:
    return any(b"last-wid-md" in log.read_bytes() for log in folder.rglob("Local Storage/leveldb/*.log"))


def linked(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [one for one in sandbox.call("GET", "/state")["devices"] if one["linked"]]


def test_the_whole_life_of_a_session(tmp_path: Path, sandbox: Sandbox, modules: Path) -> None:
    with one_bot(tmp_path / "bot", sandbox, modules) as bot:
        created = bot.ask("await create()")
        code, image = bot.hear("qr").values
        assert image == "data:image/png;base64,"
        sandbox.scan(ANI, code)
        bot.answer(created, CREATE_SECONDS)
        assert bot.run("return client.isAuthenticated()") is True

        # wa-js gives message ids their text from the first time on that it makes one itself.
        sent = bot.run(f"return (await client.sendText('{BUDI}@c.us', 'apa kabar?')).id")
        bot.hear("ack", lambda message, ack, _index: (message["id"]["_serialized"], ack) == (sent, 2))
        sandbox.call("POST", f"/phones/{BUDI}/send", {"to": ANI, "text": "halo"})
        (came,) = bot.hear("message", lambda message: message["body"] == "halo").values
        assert came["from"] == f"{BUDI}@c.us"
        bot.run(f"await client.reply('{BUDI}@c.us', 'to you', '{came['id']}')")
        wait_for(lambda: sandbox.texts(BUDI) == ["apa kabar?", "halo", "to you"], what="the reply")
        chats = bot.run("return (await client.listChats()).map((chat) => chat.id._serialized)")
        assert chats == [f"{BUDI}@c.us"]
        # Chromium writes a login some seconds late, and wppconnect may kill it on its way out.
        wait_for(lambda: is_written(tmp_path / "bot"), what="the login is on disk")
        bot.run("await client.close()")

    sandbox.call("POST", f"/phones/{BUDI}/send", {"to": ANI, "text": "while you were away"})
    with one_bot(tmp_path / "bot", sandbox, modules) as again:
        again.answer(again.ask("await create()"), CREATE_SECONDS)
        assert "qr" not in [one.event for one in again.told], "restored without a scan"
        unread = "return (await client.listChats({onlyWithUnreadMessage: true})).map((chat) => chat.unreadCount)"
        wait_for(lambda: again.run(unread) == [1], what="what came meanwhile")
        # The page goes away under wa-js, which waits for an event that no page fires.
        again.run("await client.logout().catch((error) => error)")
        wait_for(lambda: not linked(sandbox), what="the phone lists no device any more")
    assert sandbox.call("GET", "/state")["not_imitated"] == []
