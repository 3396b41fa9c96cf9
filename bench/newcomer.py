"""How long a newcomer waits: from an empty folder to a QR on the dashboard, with one command.

``python -m bench.newcomer`` clones this checkout's last commit into an empty folder and runs ``make serve`` there,
which sets everything up; then it signs in with the key that was printed, creates a session and waits for the QR, as a
person would in a browser. The session opens the sandbox. Caches of pip and npm are put aside. Exits 1 above three
minutes.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import expect

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.running import Sandbox, environment, running  # noqa: E402
from support.visitor import Visitor, playwright_browser  # noqa: E402

LIMIT_SECONDS = 180.0
QR_SECONDS = 60.0


def until_the_qr(url: str, key: str) -> None:
    with playwright_browser() as browser:
        visitor = Visitor(browser, url)
        page = visitor.sign_in(key)
        page.get_by_role("link", name="New session").first.click()
        page.get_by_label("Name").fill("shop")
        page.get_by_role("button", name="Create and show the code").click()
        expect(page.get_by_role("img", name="QR code to scan with the phone")).to_be_visible(timeout=QR_SECONDS * 1000)
        visitor.close()


def serve(clone: Path, whatsapp_url: str, caches: Path) -> subprocess.Popen[str]:
    settings = {"TUNTAS_WHATSAPP_URL": f"{whatsapp_url}/", "TUNTAS_PORT": "0"}
    empty = {"PIP_CACHE_DIR": str(caches / "pip"), "npm_config_cache": str(caches / "npm")}
    return subprocess.Popen(
        ["make", "serve"],
        cwd=clone,
        env=environment(**settings, **empty),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def address_and_key(server: subprocess.Popen[str]) -> tuple[str, str]:
    assert server.stdout is not None
    url = ""
    for line in server.stdout:
        if found := re.search(r"answers at (http://\S+)", line):
            url = found[1]
        if found := re.search(r"API key, shown only now: (\S+)", line):
            return url, found[1]
    message = f"make serve ended with {server.wait()}"
    raise RuntimeError(message)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="tuntas-newcomer-") as scratch:
        folder = Path(scratch)
        sandbox = Sandbox(folder)
        with running(sandbox):
            begun = time.monotonic()
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "tuntas")], check=True)
            server = serve(folder / "tuntas", sandbox.url, folder)
            try:
                url, key = address_and_key(server)
                answered = time.monotonic() - begun
                until_the_qr(url, key)
                shown = time.monotonic() - begun
            finally:
                os.killpg(server.pid, signal.SIGINT)
                server.wait()
                assert server.stdout is not None
                server.stdout.close()
    print(f"the server answers after {answered:.0f} s, the QR is on the dashboard after {shown:.0f} s")
    return 0 if shown < LIMIT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
