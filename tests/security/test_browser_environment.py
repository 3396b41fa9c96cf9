"""A browser inherits a short list of variables: no process of its tree knows a secret of the server's environment."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from conftest import StartServer
from support.running import Sandbox, tree_of
from tuntas.browser.environment import browser_environment

SECRETS = {
    "TUNTAS_WEBHOOK_HMAC_KEY": "hmac-secret-of-the-server",
    "AWS_SECRET_ACCESS_KEY": "aws-secret",
    "PGPASSWORD": "database-secret",
    "DATABASE_URL": "postgresql://user:url-secret@127.0.0.1:1/x",
    "HTTPS_PROXY": "http://user:proxy-secret@127.0.0.1:1",
    "https_proxy": "http://user:proxy-secret@127.0.0.1:1",
    "ALL_PROXY": "socks5://127.0.0.1:1",
    "NODE_OPTIONS": "--no-warnings",
}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_process_of_a_browser_s_tree_has_a_secret_of_the_server(
    start_server: StartServer, sandbox: Sandbox, tmp_path: Path
) -> None:
    server = start_server(**SECRETS)
    server.pair(sandbox, "shop", "628170000001")
    tree = tree_of(tmp_path / "data")
    assert len(tree) >= 3
    allowed = set(browser_environment())
    for process in tree:
        found = Path(f"/proc/{process.pid}/environ").read_bytes()
        # Some helpers write their title over where their environment was: only what looks like a variable counts.
        names = {one.decode() for one in re.findall(rb"(?:^|\0)([A-Za-z_]\w*)=", found)}
        # What Chromium sets for its own helpers: its sandbox's and its version's.
        unknown = {name for name in names - allowed if not name.startswith(("SBX_", "CHROME_"))}
        assert unknown == set(), process.cmdline()[:2]
        assert b"secret" not in found
        assert b"test-key" not in found


def test_only_what_a_program_needs_to_run_is_passed_on() -> None:
    ours = SECRETS | {"PATH": "/bin", "LC_ALL": "id_ID.UTF-8", "DISPLAY": ":0", "XDG_RUNTIME_DIR": "/run/user/7"}
    assert browser_environment(ours, platform="linux").keys() == {"PATH", "LC_ALL", "XDG_RUNTIME_DIR"}
    assert browser_environment(ours, platform="linux", headed=True).keys() >= {"PATH", "DISPLAY"}
    windows = SECRETS | {"SystemRoot": r"C:\Windows", "Path": "x", "windir": r"C:\Windows", "LC_ALL": "C"}
    assert browser_environment(windows, platform="win32").keys() == {"SystemRoot", "Path", "windir"}


def test_a_browser_finds_its_programs_and_texts() -> None:
    assert browser_environment()["PATH"] == os.environ["PATH"]
