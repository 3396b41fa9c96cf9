"""The sandbox's page in a real Chromium with the real, unmodified WA-JS, for the stories of tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tuntas.browser.browser import Browser
from tuntas.browser.cdp import CdpSession
from tuntas.browser.errors import CallFailed
from tuntas.browser.find import choose
from tuntas.browser.launch import LaunchOptions, launch
from tuntas.processes.tree import StopLimits
from tuntas.sandbox.server import Sandbox

ANI, BUDI, NOBODY = "628111000111", "628222000222", "628999000999"
BUDI_CHAT = f"{BUDI}@c.us"
WAIT_SECONDS = 60.0

BEFORE_BUNDLE = """
window.WPPConfig = {disableGoogleAnalytics: true, linkPreviewApiServers: []};
window.timers = [];
window.markAtStart = location.protocol === "about:" ? null : localStorage.getItem("whatsapp-mutex");
for (const name of ["setTimeout", "setInterval"]) {
  const original = window[name];
  window[name] = (callback, delay = 0, ...values) =>
    original((...given) => { window.timers.push([name, delay]); callback(...given); }, delay, ...values);
}
"""
AFTER_BUNDLE = """
WPP.onAny((name, value) => {
  const plain = (each) => each === undefined || each === null || typeof each !== "object" ? each : String(each);
  let said = plain(value);
  if (name === "conn.auth_code_change") said = value && value.fullCode;
  if (name === "chat.new_message") {
    said = {id: String(value.id), from: String(value.from), to: String(value.to), body: value.body, ack: value.ack};
  }
  if (name === "chat.msg_ack_change") said = {ids: value.ids.map(String), ack: value.ack, chat: String(value.chat)};
  window.tell(JSON.stringify([name, said ?? null]));
});
"""


def soon(condition: str, value: str = "true") -> str:
    """Return what waits in the page until ``condition`` holds, and is then ``value``."""
    look = f"const look = () => {condition} ? done({value}) : setTimeout(look, 20);"
    return f"new Promise((done) => {{ {look} look(); }})"


class Page:
    """The page and everything it has told: WA-JS's events, errors, requests, crashes."""

    def __init__(self, browser: Browser, session: CdpSession) -> None:
        self.browser = browser
        self.session = session
        self.events: list[tuple[str, Any]] = []
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self._waiting: set[asyncio.Future[None]] = set()

    async def open(self, url: str, *, before: str = "", bundle: bool = True) -> None:
        wa_js = (files("tuntas") / "whatsapp" / "assets" / "wa-js.js").read_text(encoding="utf-8")
        self.session.on("Runtime.bindingCalled", lambda said: self._add(*json.loads(said["payload"])))
        self.session.on("Runtime.consoleAPICalled", self._console)
        self.session.on("Runtime.exceptionThrown", lambda said: self.errors.append(json.dumps(said)))
        self.session.on(
            "Network.requestWillBeSent", lambda said: self.hosts.add(urlsplit(said["request"]["url"]).netloc)
        )
        self.session.on("Network.webSocketCreated", lambda said: self.hosts.add(urlsplit(said["url"]).netloc))
        self.session.on("Inspector.targetCrashed", lambda _said: self._add("crashed", None))
        for domain in ("Runtime", "Page", "Network", "Inspector"):
            await self.session.call(f"{domain}.enable")
        await self.session.call("Runtime.addBinding", {"name": "tell"})
        for source in (BEFORE_BUNDLE, before, *((wa_js, AFTER_BUNDLE) if bundle else ())):
            await self.session.call("Page.addScriptToEvaluateOnNewDocument", {"source": source})
        await self.session.call("Page.navigate", {"url": f"{url}/"}, timeout_seconds=WAIT_SECONDS)

    def _asked(self, url: str) -> None:
        self.hosts.add(urlsplit(url).netloc)

    def _console(self, said: dict[str, Any]) -> None:
        if said["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(each.get("value", each.get("description"))) for each in said["args"]))

    def _add(self, name: str, value: Any) -> None:
        self.events.append((name, value))
        for future in list(self._waiting):
            if not future.done():
                future.set_result(None)

    async def told(self, name: str, where: Callable[[Any], bool] = lambda _value: True, *, after: int = 0) -> Any:
        """Return the value of the first event of this name (and kind) since ``after``, waiting for it."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                for each, value in self.events[after:]:
                    if each == name and where(value):
                        return value
                future = asyncio.get_running_loop().create_future()
                self._waiting.add(future)
                try:
                    await future
                finally:
                    self._waiting.discard(future)

    async def evaluate(self, expression: str) -> Any:
        answer = await self.session.call(
            "Runtime.evaluate",
            {"expression": expression, "awaitPromise": True, "returnByValue": True},
            timeout_seconds=WAIT_SECONDS,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def reload(self) -> None:
        """Load the document anew; afterwards it is the new one that answers."""
        await self.evaluate("window.isEarlier = true")
        await self.session.call("Page.reload", timeout_seconds=WAIT_SECONDS)
        async with asyncio.timeout(WAIT_SECONDS):
            while await self._is_earlier():  # noqa: ASYNC110 - a new document has nobody to set an event
                await asyncio.sleep(0.02)

    async def _is_earlier(self) -> bool:
        try:
            return await self.evaluate("window.isEarlier === true") is True
        except CallFailed:  # asked of the document that is going
            return True

    async def becomes(self, model: str, name: str, value: str) -> None:
        """Wait until a model of the connection has this value."""
        module = f"require('WAWeb{model}Model').{model}"
        await self.evaluate(
            "new Promise((resolve) => { const look = () => { try {"
            f" const model = {module}, check = () => model.{name} === {json.dumps(value)} && resolve();"
            f" model.on('change:{name}', check); check(); }} catch {{ requestAnimationFrame(look); }} }}; look(); }})"
        )

    async def send(self, text: str, to: str = BUDI_CHAT) -> dict[str, Any]:
        result = await self.evaluate(
            f"WPP.chat.sendTextMessage({json.dumps(to)}, {json.dumps(text)}).then((sent) => JSON.stringify(sent))"
        )
        sent: dict[str, Any] = json.loads(result)
        return sent

    async def texts(self, chat: str = BUDI_CHAT) -> list[list[Any]]:
        found: list[list[Any]] = await self.evaluate(
            f"WPP.chat.getMessages({json.dumps(chat)}, {{count: 50}}).then((all) => all.map((m) => [m.body, m.ack]))"
        )
        return found


class World:
    """A sandbox with two phones, a client for its control side, and browsers on profiles."""

    def __init__(self, sandbox: Sandbox, client: httpx.AsyncClient, folder: Path) -> None:
        self.sandbox = sandbox
        self.client = client
        self.folder = folder

    @contextlib.asynccontextmanager
    async def page(
        self, profile: str = "profile", *, ready: bool = True, before: str = "", bundle: bool = True
    ) -> AsyncIterator[Page]:
        """Open a page; ``before`` runs at its document's start, and WA-JS only with the ``bundle``."""
        browser = await launch(LaunchOptions(executable=choose(), profile=self.folder / profile))
        try:
            page = Page(browser, await browser.first_page())
            await page.open(self.sandbox.url, before=before, bundle=bundle)
            if ready and bundle:
                await page.told("loader.full_ready")
            yield page
        finally:
            await browser.stop(StopLimits())

    def is_on_disk(self, text: str, profile: str = "profile") -> bool:
        """Say whether Chromium has written this into the profile's localStorage; it does so some seconds late."""
        logs = (self.folder / profile).rglob("Local Storage/leveldb/*.log")
        return any(text.encode() in each.read_bytes() for each in logs)

    async def ask(self, path: str, **body: Any) -> Any:
        answer = await self.client.post(f"/_sandbox/{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def pair(self, page: Page, number: str = ANI) -> None:
        code = await page.told("conn.auth_code_change", bool)
        await self.ask(f"phones/{number}/scan", qr=code)
        await page.told("conn.stream_mode_changed", lambda mode: mode == "MAIN")

    async def messages(self, number: str) -> list[dict[str, Any]]:
        answer = await self.client.get(f"/_sandbox/phones/{number}/messages")
        found: list[dict[str, Any]] = answer.json()
        return found

    async def state(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.client.get("/_sandbox/state")).json()
        return found


Story = Callable[[World], Awaitable[None]]
