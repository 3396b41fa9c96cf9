"""What the page about the client shows runs, and is well typed."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from support.running import Sandbox, Server, environment, wait_for

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_and_the_example_show_the_same_bot() -> None:
    example = (ROOT / "examples" / "greeter.py").read_text(encoding="utf-8")
    assert example.partition('"""\n\n')[2] == BLOCKS[0]
    assert len([line for line in BLOCKS[0].splitlines() if line]) <= 15


def test_every_program_of_the_page_is_well_typed(tmp_path: Path) -> None:
    for number, block in enumerate(BLOCKS):
        (tmp_path / f"block_{number}.py").write_text(block, encoding="utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}/cache", "."]
    done = subprocess.run(mypy, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_bot_of_fifteen_lines_is_scanned_and_answers(server: Server, sandbox: Sandbox) -> None:
    bot, customer = sandbox.phone("628193000011"), sandbox.phone("628193000012")
    asked = {"name": "bot", "scopes": ["control", "read", "send"], "sessions": ["greeter"]}
    key = server.http.post("/api/keys", json=asked).json()["key"]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / "greeter.py")],
        env=environment(TUNTAS_URL=server.url, TUNTAS_KEY=key),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        wait_for(lambda: server.http.get("/api/sessions/greeter").is_success, what="the bot made its session")
        value = server.qr("greeter")
        assert any("Linked devices" in line for line in iter(process.stdout.readline, ""))
        sandbox.scan(bot, value)
        server.wait_status("greeter", "WORKING")
        for text in ("Halo", "apa kabar"):
            sandbox.call("POST", f"/phones/{customer}/send", {"to": bot, "text": text})
        answers = ["Halo! Ada yang bisa dibantu?", "You said: apa kabar"]
        wait_for(lambda: set(answers) <= set(sandbox.texts(customer)), what="the answers")
    finally:
        process.kill()
        process.communicate()


@contextmanager
def served() -> Iterator[str]:
    block = next(one for one in BLOCKS if one.startswith("# FastAPI"))
    names: dict[str, object] = {"__name__": "shown"}
    exec(compile(block.replace("my-secret-key", "k"), "client.md", "exec", dont_inherit=True), names)
    shown = uvicorn.Server(uvicorn.Config(names["app"], port=0, log_level="error"))  # type: ignore[arg-type]
    thread = threading.Thread(target=shown.run)
    thread.start()
    try:
        wait_for(lambda: shown.started, what="the receiver answers")
        yield f"http://127.0.0.1:{shown.servers[0].sockets[0].getsockname()[1]}/hook"
    finally:
        shown.should_exit = True
        thread.join()


def test_the_receiver_that_is_shown_takes_our_deliveries_and_no_others(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    with served() as url:
        assert httpx.post(url, json={}, trust_env=False).status_code == 401
        hook = {"url": url, "events": ["session.status"], "hmac": {"key": "k"}}
        server.create("hooked", config={"webhooks": [hook]})
        wait_for(lambda: "session.status" in capsys.readouterr().out, what="a delivery was taken")
