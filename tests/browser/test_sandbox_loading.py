"""Modules that come late, go on coming, or never come, as libraries see them on the sandbox's page."""

from __future__ import annotations

from collections.abc import Callable

from support.sandbox_pages import ANI, World

FOUND_AFTER = """
new Promise((resolve) => {
  const look = () => {
    try { require("WAWebSendMsgChatAction"); resolve(performance.now()); } catch { setTimeout(look, 20); }
  };
  look();
})
"""


def test_a_late_module_is_found_by_libraries_when_its_time_has_come(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("faults", kind="late_module", module="WAWebSendMsgChatAction", seconds=3)
        async with world.page(ready=False) as page:
            assert await page.evaluate(FOUND_AFTER) >= 3000
            assert await page.evaluate("'WAWebSendMsgChatAction' in require('__debug').modulesMap")
            await world.pair(page)
            assert (await page.send("with the late module"))["ack"] >= 1
        assert (await world.state())["not_imitated"] == []

    play(story)


def test_a_module_may_be_missing_for_the_profiles_of_one_phone_only(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("faults", kind="missing_module", module="WAWebPollsSendVoteMsgAction", number=ANI)
        is_there = "'WAWebPollsSendVoteMsgAction' in require('__debug').modulesMap"
        async with world.page() as page:
            assert await page.evaluate(is_there)
            await world.pair(page)
            before = len(page.events)
            await page.reload()
            await page.told("loader.full_ready", after=before)
            assert not await page.evaluate(is_there)
            await world.ask("faults", kind="clear", fault="missing_module")
            before = len(page.events)
            await page.reload()
            await page.told("loader.full_ready", after=before)
            assert await page.evaluate(is_there)

    play(story)


def test_modules_that_go_on_coming_keep_a_library_waiting(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("faults", kind="trickle", seconds=3, every_seconds=0.3)
        async with world.page(ready=False) as page:
            await page.told("loader.injected")
            # wa-js waits until there was no new module for 750 ms.
            assert await page.evaluate("performance.now()") >= 3000
            late = "Object.keys(require('__debug').modulesMap).filter((id) => id.includes('Trickle'))"
            assert len(await page.evaluate(late)) == 10
            await page.told("loader.full_ready")

    play(story)


def test_a_page_can_be_of_another_version(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("faults", kind="page_version", version="2.3000.1042000001")
        async with world.page() as page:
            assert await page.evaluate("Debug.VERSION") == "2.3000.1042000001"
            key = "Object.keys(new (require('WAWebMsgKey'))({fromMe: true, remote: '1234567@c.us', id: 'A'}))"
            assert "_serialized" in await page.evaluate(key)

    play(story)
