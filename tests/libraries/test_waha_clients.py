"""PyPI's two clients of WAHA that people wrote by hand, as delivered: what they ask, they get."""

from __future__ import annotations

import json
import subprocess

import pytest

from support.python_packages import python_with
from support.running import KEY, Sandbox, Server
from support.whatsapp_web_js import ROOT

SHOP, CUSTOMER = "628152000001", "628152000002"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

# The first test that runs installs it.
pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("client", ["waha_by_hand", "waha_requests"])
def test_a_client_gets_what_it_asks(server: Server, sandbox: Sandbox, client: str) -> None:
    source = ROOT / "tests" / client
    python = python_with(source)
    sandbox.phone(CUSTOMER, "Budi")
    server.pair(sandbox, "shop", SHOP)
    command = [str(python), str(source / "life.py"), server.url, KEY, "shop", CUSTOMER, PIXEL]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert {name: error for name, error in found.items() if error is not None} == {}
    assert len(found) > 15
    assert {"halo", "lagi"} & set(sandbox.texts(CUSTOMER))
