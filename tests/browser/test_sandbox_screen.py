"""What the sandbox's page shows, and how its models are made: what libraries read that look at the page itself."""

from __future__ import annotations

from collections.abc import Callable

from support.sandbox_pages import ANI, BUDI, World

SHOWN = "document.querySelector('canvas[aria-label]').closest('[data-ref]').getAttribute('data-ref')"
DARK = """
(() => {
  const canvas = document.querySelector("canvas");
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let dark = 0;
  for (let at = 0; at < data.length; at += 4) dark += data[at] < 128;
  return dark / (data.length / 4);
})()
"""
AGAIN = "WPP.whatsapp.MsgStore.getModelsArray()[0]"


def test_the_qr_is_in_the_page_and_can_be_scanned_from_there(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            code = await page.told("conn.auth_code_change", bool)
            wait = f"const look = () => {SHOWN} ? resolve() : setTimeout(look, 20)"
            await page.evaluate(f"new Promise((resolve) => {{ {wait}; look(); }})")
            shown = await page.evaluate(SHOWN)
            assert shown.split(",")[:4] == code.split(",")
            assert 0.2 < await page.evaluate(DARK) < 0.6
            assert await page.evaluate("document.querySelector('body > div > div > .landing-wrapper') !== null")
            await world.ask(f"phones/{ANI}/scan", qr=shown)
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")
            assert await page.evaluate("document.querySelector('#app .two').tabIndex") == -1
            assert await page.evaluate("document.querySelector('[data-ref]')") is None
            assert page.errors == []

    play(story)


def test_a_page_that_went_idle_has_a_button_that_asks_for_another_qr(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await page.told("conn.qrcode_idle")
            before = len(page.events)
            await world.ask("times", first_ref_seconds=30.0)
            await page.evaluate("document.querySelector('[data-ref] button').click()")
            await page.told("conn.auth_code_change", bool, after=before)
            await page.becomes("Socket", "state", "UNPAIRED")
            assert await page.evaluate("document.querySelector('[data-ref] button')") is None

    play(story, first_ref_seconds=2.0, next_ref_seconds=0.2)


def test_a_model_that_is_made_of_a_model_leaves_the_others_as_they_are(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="one")
            await page.told("chat.new_message")
            copied = f"(() => {{ const copy = new WPP.whatsapp.MsgModel({AGAIN}); return [copy.body, copy.type]; }})()"
            assert await page.evaluate(copied) == ["one", "chat"]
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="two")
            assert (await page.told("chat.new_message", lambda said: said["body"] == "two"))["from"] == f"{BUDI}@c.us"
            assert page.errors == []

    play(story)


def test_what_keeps_a_page_from_working_is_written_on_it(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await world.ask("faults", kind="terms", number=ANI)
            await page.becomes("Socket", "state", "TOS_BLOCK")
            assert "accept the new terms" in await page.evaluate("document.querySelector('#app').innerText")

    play(story)
