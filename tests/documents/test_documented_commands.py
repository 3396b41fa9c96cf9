"""Every command that a document shows is run, one after the other, as a reader would, with a phone for the QR."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import StartServer
from support.running import KEY, Sandbox, Server, environment

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", ROOT / "examples" / "README.md", *(ROOT / "docs").glob("*.md"))
    if "```sh" in path.read_text(encoding="utf-8")
)
SHOP, CUSTOMER = "628111000111", "628111000222"

# What a reader runs once, for a long time, or on another machine; and where it is run instead.
EXCUSED = {
    "make ": "the project's own continuous integration runs them in a fresh clone",
    "python -m venv": "make does the same",
    ".venv/bin/pip install": "make does the same",
    ".venv/bin/tuntas browser install": "tests/unit/test_browser_install.py; make does it where there is none",
    ".venv/bin/tuntas demo": "tests/programs/test_demo.py",
    ".venv/bin/tuntas serve": "the server of this test",
    "TUNTAS_WHATSAPP_URL=http://127.0.0.1:3999/ .venv/bin/tuntas serve": "the server of this test",
    "tuntas serve": "the server of this test",
    ".venv/bin/tuntas sandbox": "the sandbox of this test",
    "tuntas sandbox --https-port": "tests/libraries/test_whatsapp_web_js.py",
    ".venv/bin/python -m pytest": "the suite of which this test is a part",
    "pip install PATH_OR_URL": "tests/documents/test_wheel.py",
    ".venv/bin/pip wheel": "tests/documents/test_wheel.py",
    ".venv/bin/python deploy/image/locked.py": "tests/deployment/test_image.py",
    "tuntas selftest": "tests/programs/test_selftest.py",
    "mkdir -p secrets": "tests/deployment/test_compose.py",
    "docker compose": "tests/deployment/test_compose.py",
    "kubectl": "tests/deployment/test_kubernetes.py",
    "sudo ": "tests/deployment/test_service.py",
    "openssl rand -hex 32 | sudo": "tests/deployment/test_service.py",
    "KEY=… .venv/bin/python examples/echo_bot.py": "tests/documents/test_examples.py",
}
# Pages for readers who have a session already.
WITH_A_SESSION = {"docs/backup.md", "docs/page.md", "docs/symptoms.md", "docs/operations.md", "docs/sending.md"}


def commands(page: str) -> list[str]:
    """Return the page's commands in their order; one that goes on in the next line is one."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        lines = block.replace("\\\n", " ").splitlines()
        found += [line for line in lines if line.strip() and not line.startswith("#")]
    return found


class Reader:
    """Somebody who types a page's commands, in a folder with a whatsapp-web.js of old."""

    def __init__(self, folder: Path, server: Server, sandbox: Sandbox) -> None:
        self.folder = folder
        self.server = server
        self.sandbox = sandbox
        self.page = ""
        self.said: list[str] = []
        (folder / ".venv").symlink_to(Path(sys.prefix))
        (folder / "bin").mkdir()
        (folder / "bin" / "tuntas").symlink_to(Path(sys.executable).with_name("tuntas"))
        # What uvx does when the package is there: it runs the command of that name.
        (folder / "bin" / "uvx").write_text('#!/bin/sh\nexec "$@"\n')
        (folder / "bin" / "uvx").chmod(0o755)
        self.leave_web_js_folder()

    def leave_web_js_folder(self) -> None:
        for name in ("XX", "old"):
            (self.folder / ".wwebjs_auth" / f"session-{name}" / "Default").mkdir(parents=True, exist_ok=True)

    def type(self, command: str) -> None:
        if re.match(r"^(export )?[A-Z_]+=\S+(;|$)|^[A-Z]+='", command):
            self.said.append(self.here(command))
            return
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join([*self.said, self.here(command)])],
            cwd=self.folder,
            env=self.surroundings(command),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert '"about:blank"' not in done.stdout, f"{command}\n{done.stdout}"
        if " sessions qr shop" in command and "--json" not in command:
            self.scan_unless_the_page_does()

    def here(self, command: str) -> str:
        """Return the command with this test's addresses and key."""
        places = {
            "http://127.0.0.1:3000": self.server.url,
            "localhost:3000": self.server.url,
            "http://127.0.0.1:3999": self.sandbox.url,
            "X-Api-Key: …": f"X-Api-Key: {KEY}",
        }
        for shown, real in places.items():
            command = command.replace(shown, real)
        if "<the text of the QR" in command:
            command = re.sub(r"<the text of the QR[^>]*>", self.server.qr("shop"), command)
        return command

    def surroundings(self, command: str) -> dict[str, str]:
        # An import is for a data folder on which no server runs.
        data_dir = self.folder / "imported" if "tuntas import" in command else self.server.data_dir
        path = f"{self.folder / 'bin'}:{environment()['PATH']}"
        more = {"TUNTAS_WHATSAPP_URL": f"{self.sandbox.url}/"} if "tuntas canary" in command else {}
        return environment(PATH=path, KEY=KEY, TUNTAS_DATA_DIR=str(data_dir), **more)

    def scan_unless_the_page_does(self) -> None:
        if "/scan" not in (ROOT / self.page).read_text(encoding="utf-8"):
            self.sandbox.phone(SHOP)
            self.sandbox.phone(CUSTOMER)
            self.sandbox.scan(SHOP, self.server.qr("shop"))
            self.server.wait_status("shop", "WORKING")


@pytest.fixture
def reader(tmp_path: Path, start_server: StartServer, sandbox: Sandbox) -> Reader:
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("no curl or no bash is installed")
    return Reader(tmp_path, start_server(), sandbox)


@pytest.mark.parametrize("page", PAGES)
def test_each_command_of_a_page_works(page: str, reader: Reader) -> None:
    reader.page = page
    if page in WITH_A_SESSION:
        reader.server.pair(reader.sandbox, "shop", SHOP)
        reader.sandbox.phone(CUSTOMER)
    if page == "docs/sandbox.md":
        reader.server.create("shop")
        reader.server.wait_status("shop", "SCAN_QR_CODE")
    for command in commands(page):
        if not command.startswith(tuple(EXCUSED)):
            reader.type(command)


def test_what_is_excused_is_still_in_a_document() -> None:
    shown = [command for page in PAGES for command in commands(page)]
    assert {excuse for excuse in EXCUSED if not any(command.startswith(excuse) for command in shown)} == set()
