"""What only one option needs is not loaded without it, and where it is missing one line says how to install it."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.running import run
from tuntas.cli.reload import run_reloading
from tuntas.foundation.user_error import NotInstalled
from tuntas.sandbox.certificate import certificate

ROOT = Path(__file__).parents[2]


def test_https_without_its_extra_is_told_in_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(NotInstalled, match=r'^https needs .* \(cryptography\): pip install "cryptography>=\S+"$'):
        certificate(tmp_path / "sandbox")
    assert list(tmp_path.iterdir()) == []


def test_a_user_reads_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "cryptography.py"
    missing.write_text("raise ModuleNotFoundError('no', name='cryptography')")
    done = run("sandbox", "--port", "0", "--https-port", "0", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert 'pip install "cryptography>=' in done.stderr


def test_reload_without_its_extra_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(NotInstalled, match=r'^--reload needs .* \(watchfiles\): pip install "watchfiles>=\S+"$'):
        asyncio.run(run_reloading(["serve"], stop_seconds=1.0))


def test_server_and_sandbox_load_without_the_extras() -> None:
    without = "import sys; sys.modules['cryptography'] = sys.modules['watchfiles'] = None"
    code = f"{without}; import tuntas.server.starting, tuntas.sandbox.server, tuntas.cli.reload"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_no_page_and_no_message_installs_us_by_name_from_an_index() -> None:
    """Until the name is registered as ours, anybody could own it there."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.*"), *ROOT.glob("src/**/*.py")]
    bare = re.compile(r"(?:uvx|pipx run|uv tool run|uv add|pip install)(?: --?\w+)* [\"']?tuntas\b(?!\.)")
    found = [(page.name, line) for page in pages for line in page.read_text("utf-8").splitlines() if bare.search(line)]
    assert found == []
