"""``kill -9`` in the middle of a deletion: the next server's first answer to the same wish is true already."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from conftest import StartServer
from support.ports import free_port
from support.running import KEY, WAIT_SECONDS, Sandbox, Server, browsers_of, running, wait_for

# In the order in which a deletion comes past them.
MOMENTS = (
    *("end_asked.uncommitted", "end_asked.committed", "end_browser.begun", "end_browser.ended"),
    *("browser_gone.uncommitted", "browser_gone.committed", "discard_profile.begun", "removal.intent"),
    *("removal.renamed", "removal.quarantined", "discard_profile.ended", "forgotten.uncommitted"),
    *("forgotten.committed", "purge.during", "purge.done", "removal.recorded"),
)


def first_answer(port: int, folder: Path) -> tuple[int, bool]:
    """Ask from before the server is there, so as to get its very first answer; whether the folder stands then."""
    deadline = time.monotonic() + WAIT_SECONDS
    with httpx.Client(headers={"X-Api-Key": KEY}, timeout=WAIT_SECONDS, trust_env=False) as client:
        while True:
            try:
                answer = client.delete(f"http://127.0.0.1:{port}/api/sessions/{folder.name}")
            except httpx.ConnectError:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            else:
                return answer.status_code, folder.exists()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_deletion_asked_again_of_the_next_server_is_done_when_it_says_so(
    start_server: StartServer, sandbox: Sandbox, tmp_path: Path, moment: str
) -> None:
    first = start_server(TUNTAS_KILL_AT=moment)
    first.create("shop")
    first.wait_status("shop", "SCAN_QR_CODE")
    with suppress(httpx.TransportError):
        first.http.delete("/api/sessions/shop")
    assert first.process.wait(WAIT_SECONDS) == -signal.SIGKILL
    port = free_port()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(first_answer, port, first.profiles / "shop")
        second = Server(tmp_path / "data", sandbox.url, port)
        with running(second):
            status, is_there = asked.result()
            assert (status, is_there) == (200, False)
            assert browsers_of(second.data_dir) == []
            assert second.http.get("/api/sessions/shop").status_code == 404
            wait_for(lambda: second.http.get("/api/removals").json() == [], what="nothing waits to be removed")
