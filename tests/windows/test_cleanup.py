"""``tuntas cleanup --dir`` on a whatsapp-web.js folder, as somebody types it on Windows."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from windows import holding
from windows.stand_in import stand_in

assert sys.platform == "win32"

BROWSER = str(stand_in())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("session-XX", "session-other"):
        (tmp_path / ".wwebjs_auth" / name / "Default").mkdir(parents=True)
        (tmp_path / ".wwebjs_auth" / name / "Default" / "Cookies").write_text("cookies")
    return tmp_path / ".wwebjs_auth"


def clean_up(folder: Path, *options: str) -> tuple[int, Any]:
    command = [sys.executable, "-m", "tuntas", "cleanup", "--dir", str(folder), "--session", "XX", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_an_orphaned_browser_is_ended_a_held_session_is_named_and_the_next_call_finishes(folder: Path) -> None:
    session = folder / "session-XX"
    # Its launcher ends at once, as a Node process does that is killed; no job of ours holds it.
    launcher = "import subprocess as s, sys; print(s.Popen(sys.argv[1:], stdout=s.DEVNULL, stderr=s.DEVNULL).pid)"
    command = [sys.executable, "-c", launcher, BROWSER, "--alone", f"--user-data-dir={session}", "--hang"]
    browser = psutil.Process(int(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))
    while len(tree := [browser, *browser.children(recursive=True)]) < 3:
        time.sleep(0.02)

    code, would = clean_up(folder, "--dry-run")
    assert (code, would["removed"]) == (0, [str(session)])
    assert [(one["pid"], one["session"]) for one in would["browsers_stopped"]] == [(browser.pid, "XX")]
    assert all(process.is_running() for process in tree)

    with holding.held("locked", session / "Default" / "Cookies"):
        code, done = clean_up(folder)
        assert code == 1
        assert [one["pid"] for one in done["browsers_stopped"]] == [browser.pid]
        assert not any(process.is_running() for process in tree)
        (left,) = done["kept"]
        assert left["reason"] in {"in_use", "permission"}
        assert "may not be fully deleted" in left["message"]

    code, done = clean_up(folder)
    assert (code, done["kept"]) == (0, [])
    assert [path.name for path in folder.iterdir()] == ["session-other"]
