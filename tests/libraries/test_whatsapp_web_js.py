"""The real whatsapp-web.js, as npm delivers it, on the sandbox: with its own puppeteer, at https://web.whatsapp.com/.

It shows that the sandbox is one for any library, and that what it imitates holds for more than one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.running import Sandbox, running, wait_for
from support.web_js_bots import Bots, bots
from support.whatsapp_web_js import PAGE_VERSION, SOURCE, launch_options, node_modules
from tuntas.browser import BrowserKind

ANI, BUDI = "628111000111", "628222000222"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

# The first test that runs installs whatsapp-web.js.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True, scope="module")
def installed() -> None:
    node_modules()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """One with an https side, and two phones."""
    child = Sandbox(tmp_path, "--https-port", "0")
    with running(child):
        child.phone(ANI, "Ani")
        child.phone(BUDI, "Budi")
        child.fault("page_version", version=PAGE_VERSION)
        yield child


def state(sandbox: Sandbox) -> dict[str, Any]:
    return dict(sandbox.call("GET", "/state"))


def one_bot(
    folder: Path, sandbox: Sandbox, kind: BrowserKind = BrowserKind.HEADLESS_SHELL, **options: Any
) -> AbstractContextManager[Bots]:
    """Run one client, with the flags that the sandbox tells."""
    return bots(folder, "one", puppeteer=launch_options(kind, *state(sandbox)["browser_flags"]), **options)


def pair(bot: Bots, sandbox: Sandbox) -> None:
    initialized = bot.ask("await client.initialize()")
    sandbox.scan(ANI, bot.hear("qr").values[0])
    bot.hear("ready")
    bot.answer(initialized)


def message_of(sandbox: Sandbox, number: str, text: str) -> dict[str, Any]:
    """Return the message with this text, once it has come: whatsapp-web.js does not wait until it has sent one."""

    def look() -> list[dict[str, Any]]:
        return [one for one in sandbox.call("GET", f"/phones/{number}/messages") if one["text"] == text]

    return wait_for(look, what=f"the message {text!r}")[-1]


def acknowledged(bot: Bots, message_id: str, level: int) -> None:
    bot.hear("message_ack", lambda message, ack: (message["id"]["_serialized"], ack) == (message_id, level))


def test_the_package_is_what_the_lock_file_says_byte_for_byte() -> None:
    lock = json.loads((SOURCE / "package-lock.json").read_text())["packages"]
    delivered = [one for name, one in lock.items() if name]
    # npm refuses to install what does not have the hash.
    assert all(one["integrity"].startswith("sha512-") for one in delivered)
    package = json.loads((node_modules() / "whatsapp-web.js" / "package.json").read_text())
    assert package["version"] == lock["node_modules/whatsapp-web.js"]["version"]


def test_the_command_prints_the_flags_that_another_tool_needs(sandbox: Sandbox) -> None:
    assert sandbox.process.stdout is not None
    lines = [sandbox.process.stdout.readline().strip() for _ in range(4)]
    assert lines[2:] == state(sandbox)["browser_flags"]


@pytest.mark.parametrize("kind", [BrowserKind.HEADLESS_SHELL, BrowserKind.CHROMIUM])
def test_the_whole_life_of_a_session(tmp_path: Path, sandbox: Sandbox, kind: BrowserKind) -> None:
    with one_bot(tmp_path / "bot", sandbox, kind) as bot:
        initialized = bot.ask("await client.initialize()")
        sandbox.scan(ANI, bot.hear("qr").values[0])
        bot.hear("authenticated")
        bot.hear("ready")
        bot.answer(initialized)
        assert bot.run("return client.info.wid._serialized") == f"{ANI}@c.us"

        sandbox.call("POST", f"/phones/{BUDI}/send", {"to": ANI, "text": "halo"})
        (came,) = bot.hear("message").values
        assert (came["body"], came["from"], came["fromMe"]) == ("halo", f"{BUDI}@c.us", False)

        sent = bot.run(f"return (await client.sendMessage('{BUDI}@c.us', 'apa kabar?')).id._serialized")
        acknowledged(bot, sent, 1)
        acknowledged(bot, sent, 2)
        sandbox.call("POST", f"/phones/{BUDI}/read", {"chat": ANI})
        acknowledged(bot, sent, 3)
        assert sandbox.texts(BUDI) == ["halo", "apa kabar?"]
        bot.run("await client.destroy()")
    assert [path.name for path in bot.sessions.iterdir()] == ["session-one"]

    sandbox.call("POST", f"/phones/{BUDI}/send", {"to": ANI, "text": "while you were away"})
    with one_bot(tmp_path / "bot", sandbox, kind) as again:
        initialized = again.ask("await client.initialize()")
        again.hear("authenticated")
        again.hear("ready")
        again.hear("message", lambda message: message["body"] == "while you were away")
        assert "qr" not in [one.event for one in again.told], "restored without a scan"
        again.answer(initialized)
        again.run("await client.logout()")
        assert list(again.sessions.iterdir()) == []
    wait_for(lambda: state(sandbox)["devices"] == [], what="the phone lists no device any more")
    assert state(sandbox)["not_imitated"] == []


def test_what_a_bot_does_all_day(tmp_path: Path, sandbox: Sandbox) -> None:
    with one_bot(tmp_path / "bot", sandbox) as bot:
        pair(bot, sandbox)
        chat = f"(await client.getChatById('{BUDI}@c.us'))"
        image = f"new library.MessageMedia('image/png', '{PIXEL}', 'pixel.png')"

        sandbox.call("POST", f"/phones/{BUDI}/send", {"to": ANI, "text": "look", "media": picture()})
        came = bot.hear("message").values[0]["id"]["_serialized"]
        fetched = bot.run(f"return (await (await client.getMessageById('{came}')).downloadMedia()).data")
        assert fetched == PIXEL
        bot.run(f"const m = await client.getMessageById('{came}'); await m.react('❤'); await m.reply('beautiful')")
        wait_for(lambda: message_of(sandbox, BUDI, "look").get("reactions") == {ANI: "❤"}, what="the reaction")
        assert message_of(sandbox, BUDI, "beautiful")["quoted"]["text"] == "look"

        bot.run(f"await client.sendMessage('{BUDI}@c.us', {image}, {{caption: 'mine'}})")
        assert message_of(sandbox, BUDI, "mine")["media"]["kind"] == "image"
        at_once = "{waitUntilMsgSent: true}"
        bot.run(f"const m = await client.sendMessage('{BUDI}@c.us', 'worng', {at_once}); await m.edit('right')")
        edited = message_of(sandbox, BUDI, "right")
        assert edited["edited"]
        regretted = bot.run(f"return (await client.sendMessage('{BUDI}@c.us', 'oh', {at_once})).id")
        bot.run(f"await (await client.getMessageById('{regretted['_serialized']}')).delete(true)")
        assert message_of(sandbox, BUDI, "")["id"] == regretted["id"]
        assert message_of(sandbox, BUDI, "")["revoked"]

        poll = bot.run(
            f"const poll = new library.Poll('Eat?', ['yes', 'no']);"
            f"return (await client.sendMessage('{BUDI}@c.us', poll, {at_once})).id.id"
        )
        sandbox.call("POST", f"/phones/{BUDI}/messages/{poll}", {"do": "vote", "options": ["yes"]})
        assert bot.hear("vote_update").values[0]["selectedOptions"] == [{"name": "yes", "localId": 0}]
        sandbox.call("POST", f"/phones/{BUDI}/messages/{edited['id']}", {"do": "react", "text": "👍"})
        assert bot.hear("message_reaction").values[0]["reaction"] == "👍"

        group = bot.run(f"return (await client.createGroup('Friends', ['{BUDI}@c.us'])).gid._serialized")
        said = bot.run(f"return (await client.sendMessage('{group}', 'welcome')).id._serialized")
        acknowledged(bot, said, 2)

        bot.run(f"await {chat}.sendStateTyping()")
        wait_for(lambda: sandbox.call("GET", f"/phones/{BUDI}/typing") == {ANI: "composing"}, what="it types")
        assert bot.run("return (await client.getChats()).map((chat) => chat.name)") == ["Budi", "Friends"]
        assert bot.run("return client.isRegisteredUser('628999000999')") is False
        assert bot.run(f"return (await client.getContactById('{BUDI}@c.us')).pushname") == "Budi"
    assert state(sandbox)["not_imitated"] == []


def picture() -> dict[str, str]:
    return {"kind": "image", "mimetype": "image/png", "filename": "pixel.png", "data": PIXEL}


def test_unlinking_on_the_phone_is_a_logout_and_the_next_qr_pairs_again(tmp_path: Path, sandbox: Sandbox) -> None:
    with one_bot(tmp_path / "bot", sandbox) as bot:
        pair(bot, sandbox)
        before = len(bot.told)
        sandbox.call("POST", f"/phones/{ANI}/unlink", {})
        assert bot.hear("disconnected", after=before).values == ["LOGOUT"]
        sandbox.scan(ANI, bot.hear("qr", after=before).values[0])
        bot.hear("ready", after=before)


def test_a_code_pairs_in_place_of_a_qr(tmp_path: Path, sandbox: Sandbox) -> None:
    with one_bot(tmp_path / "bot", sandbox, pairWithPhoneNumber={"phoneNumber": ANI}) as bot:
        bot.ask("await client.initialize()")
        (code,) = bot.hear("code").values
        sandbox.call("POST", f"/phones/{ANI}/link", {"code": code})
        bot.hear("ready")


def test_what_is_not_imitated_fails_by_name_and_is_listed(tmp_path: Path, sandbox: Sandbox) -> None:
    with one_bot(tmp_path / "bot", sandbox) as bot:
        pair(bot, sandbox)
        with pytest.raises(AssertionError, match='unknown module "WAWebPhoneUtils"'):
            bot.run(f"return client.getFormattedNumber('{BUDI}')")
        image = f"new library.MessageMedia('image/png', '{PIXEL}')"
        with pytest.raises(AssertionError, match="does not imitate messages that are seen once"):
            bot.run(f"await client.sendMessage('{BUDI}@c.us', {image}, {{isViewOnce: true}})")
        answer = bot.run("return client.pupPage.evaluate(async () => (await fetch('/v/t61/x')).text())")
        assert answer == "this local WhatsApp Web does not imitate GET /v/t61/x\n"
    missing = ["messages that are seen once", "module WAWebPhoneUtils", "request GET /v/t61/x"]
    wait_for(lambda: state(sandbox)["not_imitated"] == missing, what="all that is missing is listed")
    log = sandbox.log.read_text()
    assert all(what in log for what in missing)
    unknown = httpx.get(f"{sandbox.url}/_sandbox/phone", trust_env=False, timeout=60)
    assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown_request")
