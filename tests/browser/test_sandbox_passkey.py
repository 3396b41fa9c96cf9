"""An account that asks for its passkey between the scan and the pairing, as the page's own modules go through it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from support.sandbox_pages import ANI, Page, World

LISTEN = """
for (const name of [
  "passkey_prologue_request",
  "shortcake_prologue_sent",
  "shortcake_verification_code_ready",
  "shortcake_error",
]) {
  const say = (...values) => tell(JSON.stringify([name, values]));
  WPP.whatsapp.LinkDeviceEvents.on("link_device_events:" + name, say);
}
0
"""
# As a person's own browser would answer, elsewhere: what was asked goes out, what is signed comes back.
CREDENTIAL = """
navigator.credentials.get = async ({publicKey}) => {
  const {encodeB64UrlSafe, decodeB64UrlSafe} = require("WABase64");
  const {challenge, rpId, userVerification} = publicKey;
  tell(JSON.stringify(["challenge", [encodeB64UrlSafe(challenge), rpId, userVerification]]));
  const credential = await new Promise((resolve) => { window.answer = resolve; });
  const response = Object.fromEntries(Object.entries(credential.response).map(([k, v]) => [k, decodeB64UrlSafe(v)]));
  return {...credential, rawId: decodeB64UrlSafe(credential.rawId), response};
};
0
"""
START = """
require("WAWebShortcakeLinkingAction").startShortcakePasskeyPairing()
  .catch((error) => tell(JSON.stringify(["refused", String(error)])));
0
"""
CONFIRM = "require('WAWebShortcakeLinkingAction').confirmShortcakeVerificationCode().then(() => true)"


async def scan(world: World, page: Page) -> None:
    await page.evaluate(LISTEN)
    await page.evaluate(CREDENTIAL)
    code = await page.told("conn.auth_code_change", bool)
    await world.ask(f"phones/{ANI}/scan", qr=code)
    await page.told("passkey_prologue_request")


async def sign(world: World, page: Page) -> None:
    await page.evaluate(START)
    challenge, relying_party, verification = await page.told("challenge")
    assert (relying_party, verification) == ("whatsapp.com", "required")
    credential = await world.ask(f"phones/{ANI}/passkey", challenge=challenge)
    await page.evaluate(f"answer({json.dumps(credential)})")


def test_a_passkey_is_asked_for_after_the_scan_and_a_code_is_compared(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("faults", kind="passkey", number=ANI)
        async with world.page() as page:
            await scan(world, page)
            assert (await world.state())["devices"][0]["linked"] is False
            await sign(world, page)
            await page.told("shortcake_prologue_sent")
            code, skips = await page.told("shortcake_verification_code_ready")
            assert (len(code), skips) == (8, False)
            assert (await world.state())["devices"][0]["linked"] is False
            assert await page.evaluate(CONFIRM)
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")
            assert page.errors == []

    play(story)


def test_another_passkey_is_refused_and_the_page_may_try_again(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("faults", kind="passkey", number=ANI, skip_code=True)
        async with world.page() as page:
            await scan(world, page)
            await page.evaluate(START)
            (challenge, *_) = await page.told("challenge")
            wrong = await world.ask("phones/628222000222/passkey", challenge=challenge)
            await page.evaluate(f"answer({json.dumps(wrong)})")
            assert await page.told("shortcake_error") == ["server_error"]
            await sign(world, page)
            await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")

    play(story)


@pytest.mark.parametrize("error", ["timeout", "server_error"])
def test_a_passkey_may_fail_on_the_servers_side(play: Callable[..., None], error: str) -> None:
    async def story(world: World) -> None:
        await world.ask("faults", kind="passkey", number=ANI, error=error)
        async with world.page() as page:
            await scan(world, page)
            await sign(world, page)
            assert await page.told("shortcake_error") == [error]
            before = len(page.events)
            await page.evaluate("require('WAWebShortcakeLinkingAction').cancelShortcakePasskeyPairing()")
            await page.told("conn.auth_code_change", bool, after=before)

    play(story)


def test_without_an_authenticator_the_browser_refuses(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("faults", kind="passkey", number=ANI)
        async with world.page() as page:
            await page.evaluate(LISTEN)
            code = await page.told("conn.auth_code_change", bool)
            await world.ask(f"phones/{ANI}/scan", qr=code)
            await page.told("passkey_prologue_request")
            await page.evaluate(START)
            # This page is not of whatsapp.com; on the https side an authenticator of the browser's own may answer.
            assert "SecurityError" in await page.told("refused")

    play(story)
