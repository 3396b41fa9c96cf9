"""whatsapp-web.js as a contestant: as npm delivers it, all clients in one Node process, LocalAuth, default options.

"default" launches the full browser, as whatsapp-web.js does by itself; "shell" is puppeteer's ``headless: 'shell'``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from bench.peers.contestant import STEP_SECONDS, InAStack
from bench.peers.figures import WEB_JS, WEB_JS_SHELL
from support.web_js_bots import Bots, bots
from support.whatsapp_web_js import launch_options
from tuntas.browser import BrowserKind

# As the seed has it: log out, a second, destroy; then delete the folder, at most three attempts, two seconds apart.
RECIPE = """
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const folder = client.authStrategy.userDataDir;
await client.logout();
await wait(1000);
await client.destroy();
for (let attempt = 1; ; attempt += 1) {
    try {
        await process.getBuiltinModule('node:fs').promises.rm(folder, { recursive: true, force: true });
        return;
    } catch (error) {
        if (attempt === 3) throw error;
        await wait(2000);
    }
}
"""


class WebJs(InAStack):
    """One Node process; its clients have names that are given at once, and do nothing before they are started."""

    def __init__(self, folder: Path, flags: Sequence[str], sessions: Sequence[str], *, shell: bool = False) -> None:
        super().__init__()
        self.name = WEB_JS_SHELL if shell else WEB_JS
        self._folder = folder
        self._sessions = sessions
        self._launch = launch_options(BrowserKind.HEADLESS_SHELL if shell else BrowserKind.CHROMIUM, *flags)
        self._since: dict[str, int] = {}
        self._started: dict[str, int] = {}
        self.bots: Bots

    def _open(self, stack: ExitStack) -> None:
        self.bots = stack.enter_context(bots(self._folder, *self._sessions, puppeteer=self._launch))

    @property
    def server(self) -> psutil.Process:
        return psutil.Process(self.bots.node.pid)

    @property
    def folders(self) -> Path:
        return self.bots.sessions

    def start(self, session: str) -> None:
        self._since[session] = len(self.bots.told)
        self._started[session] = self.bots.ask("await client.initialize()", session)

    def qr_at(self, session: str) -> tuple[str, float]:
        told = self.bots.hear("qr", client=session, after=self._since[session], limit_seconds=STEP_SECONDS)
        return str(told.values[0]), told.at

    def ready_at(self, session: str) -> float:
        told = self.bots.hear("ready", client=session, after=self._since[session], limit_seconds=STEP_SECONDS)
        self.bots.answer(self._started.pop(session), STEP_SECONDS)
        return told.at

    def refusal(self, session: str) -> str | None:
        """Wait until a start is through; return what it complained of, None if it did not."""
        try:
            self.bots.answer(self._started[session], STEP_SECONDS)
        except AssertionError as error:
            return str(error).splitlines()[0]
        return None

    def stop(self, session: str) -> None:
        self.run(session, "await client.destroy()")

    def log_out(self, session: str) -> None:
        self.run(session, "await client.logout()")

    def delete(self, session: str) -> None:
        # It has no other deletion: a logout removes the folder.
        self.log_out(session)

    def delete_by_recipe(self, session: str) -> None:
        self.run(session, RECIPE)

    def profile(self, session: str) -> Path:
        return self.folders / f"session-{session}"

    def run(self, session: str, code: str) -> Any:
        """Let a client run ``code``; return what that returned."""
        return self.bots.run(code, session, STEP_SECONDS)
