"""A client that ``openapi-python-client`` of PyPI makes of our document, without a warning, and what it can do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.python_packages import python_with
from support.running import KEY, Sandbox, Server
from support.whatsapp_web_js import ROOT

SOURCE = ROOT / "tests" / "openapi_client"
SHOP, CUSTOMER = "628153000001", "628153000002"

# The first test that runs installs it.
pytestmark = pytest.mark.timeout(400)


def test_a_client_made_of_the_document_links_sends_and_reads(server: Server, sandbox: Sandbox, tmp_path: Path) -> None:
    python = python_with(SOURCE)
    sandbox.phone(CUSTOMER, "Budi")
    server.pair(sandbox, "shop", SHOP)
    for arguments in (("make", server.url, str(tmp_path)), ("ask", server.url, KEY, str(tmp_path), "shop", CUSTOMER)):
        command = [str(python), str(SOURCE / "life.py"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "halo" in sandbox.texts(CUSTOMER)
