"""What the real page is like by default, as public dumps of it show, on the sandbox's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.sandbox_pages import ANI, BUDI, BUDI_CHAT, World

INLINE = """
(() => { const script = document.createElement("script"); window.ranInline = false;
  try {
    script.textContent = "window.ranInline = true";
    document.head.append(script);
  } catch (error) {
    return error.name;
  }
  return window.ranInline; })()
"""


def test_no_inline_script_and_no_text_as_html(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        policy = (await world.client.get("/")).headers["content-security-policy"]
        assert "require-trusted-types-for 'script'" in policy
        async with world.page() as page:
            assert await page.evaluate(INLINE) == "TypeError"
            html = "(() => { try { document.body.innerHTML = '<p>x</p>'; } catch (error) { return error.name; } })()"
            assert await page.evaluate(html) == "TypeError"

    play(story)


def test_modules_are_seen_by_id_with_what_they_export_by_default(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            map_ = "require('__debug').modulesMap"
            assert await page.evaluate(f"{map_}.WAWebMsgKey.defaultExport === require('WAWebMsgKey')")
            assert await page.evaluate(f"{map_}.WAWebStreamModel.defaultExport === require('WAWebStreamModel')")

    play(story)


def test_what_is_asked_for_before_it_is_there_is_no_miss(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        # At document start there is no loader yet; the first script makes one, and no module is registered then.
        early = """
        let given;
        window.early = [];
        Object.defineProperty(window, "__d", { configurable: true, get: () => given, set(value) {
          given = value;
          for (const id of ["WAWebStreamModel", "WAWebNeverSeen"]) {
            try { require(id); } catch (error) { early.push(error.message); }
          }
        }});
        """
        async with world.page(before=early, bundle=False) as page:
            await page.becomes("Socket", "state", "UNPAIRED")
            assert await page.evaluate("early") == [
                'Requiring unknown module "WAWebStreamModel"',
                'Requiring unknown module "WAWebNeverSeen"',
            ]
        assert (await world.state())["not_imitated"] == ["module WAWebNeverSeen"]

    play(story)


KEY = "new (require('WAWebMsgKey'))({fromMe: true, remote: '628222000222@c.us', id: 'A1'})"


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("2.3000.1099999999", ["fromMe", "remote", "id", "participant", "$1"]),
        ("2.3000.1042000001", ["fromMe", "remote", "id", "participant", "_serialized"]),
    ],
)
def test_the_text_of_a_message_key_stands_where_pages_of_the_version_have_it(
    play: Callable[..., None], version: str, names: list[str]
) -> None:
    async def story(world: World) -> None:
        async with world.page(bundle=False) as page:
            await page.becomes("Socket", "state", "UNPAIRED")
            assert await page.evaluate(f"Object.keys({KEY})") == names
            assert await page.evaluate(f"String({KEY})") == "true_628222000222@c.us_A1"

    play(story, version=version)


def test_an_account_that_was_migrated_knows_everybody_by_the_hidden_id(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        lids = {each["number"]: f"{each['lid']}@lid" for each in (await world.state())["phones"]}
        await world.ask("phones", number=ANI, name="Ani", lid_migrated=True)
        async with world.page() as page:
            await world.pair(page)
            assert await page.evaluate("WPP.whatsapp.functions.isLidMigrated()")
            incoming = await world.ask(f"phones/{BUDI}/send", to=ANI, text="halo")
            heard: dict[str, Any] = await page.told("chat.new_message")
            assert heard["id"] == f"false_{lids[BUDI]}_{incoming['id']}"
            assert (heard["from"], heard["to"]) == (lids[BUDI], lids[ANI])
            sent = await page.send("by number", to=BUDI_CHAT)
            assert sent["to"] == lids[BUDI]
            await page.told("chat.msg_ack_change", lambda said: (said["ack"], said["ids"]) == (2, [sent["id"]]))
            again = await page.send("by hidden id", to=lids[BUDI])
            assert again["to"] == lids[BUDI]
            chats = "WPP.chat.list().then((all) => all.map((chat) => [String(chat.id), chat.formattedTitle]))"
            assert await page.evaluate(chats) == [[lids[BUDI], "Budi Santoso"]]
        assert [each["text"] for each in await world.messages(BUDI)] == ["halo", "by number", "by hidden id"]
        async with world.page() as page:
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")
            assert [body for body, _ in await page.texts(lids[BUDI])] == ["halo", "by number", "by hidden id"]
            assert page.errors == []

    play(story)
