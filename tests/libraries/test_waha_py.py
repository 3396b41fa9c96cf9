"""waha-py, a client generated from WAHA's own document, as PyPI delivers it: its models read what we answer."""

from __future__ import annotations

import json
import subprocess

import pytest

from support.python_packages import python_with
from support.running import KEY, Sandbox, Server
from support.whatsapp_web_js import ROOT

SOURCE = ROOT / "tests" / "waha_py"
SHOP, CUSTOMER = "628151000001", "628151000002"

# The first test that runs installs it.
pytestmark = pytest.mark.timeout(400)


def test_each_answer_that_it_asks_for_is_read_by_its_models(server: Server, sandbox: Sandbox) -> None:
    python = python_with(SOURCE)
    sandbox.phone(CUSTOMER, "Budi")
    server.pair(sandbox, "shop", SHOP)
    command = [str(python), str(SOURCE / "life.py"), server.url, KEY, "shop", CUSTOMER]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert {name: error for name, error in found.items() if error is not None} == {}
    assert len(found) > 15
