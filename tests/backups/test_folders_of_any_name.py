"""Backups and files of sessions where folders and files are named as people name them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.running import Sandbox, Server, run, running

# Two whole servers, one after the other.
pytestmark = pytest.mark.timeout(400)

ODD = "50% of #1? data & café 資料 بيانات"
SHOP = "628110000781"
KEY = "correct horse battery staple"


def done(*arguments: str) -> str:
    ended = run(*arguments, TUNTAS_BACKUP_KEY=KEY)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize("by", ["backup", "file"])
def test_a_session_goes_on_elsewhere_by_folders_of_any_name(sandbox: Sandbox, tmp_path: Path, by: str) -> None:
    here, there, between = (tmp_path / f"{ODD} {number}" for number in range(3))
    first = Server(here, sandbox.url)
    with running(first):
        first.pair(sandbox, "shop", SHOP)
        if by == "backup":
            made = json.loads(done("backup", "create", str(between), "--data-dir", str(here), "--json"))
            assert Path(made["path"]).parent == between
            assert json.loads(done("backup", "verify", str(between), "--json"))["sessions"] == made["sessions"]
        else:
            between.mkdir()
            done("export", "shop", str(between / f"{ODD}.tuntas"), "--data-dir", str(here))
        first.stop()
    if by == "backup":
        assert [one["path"] for one in json.loads(done("backup", "list", str(between), "--json"))] == [made["path"]]
        done("backup", "restore", str(between), "--data-dir", str(there))
    else:
        done("import", str(between / f"{ODD}.tuntas"), "--start", "--data-dir", str(there))
    second = Server(there, sandbox.url)
    with running(second):
        second.wait_status("shop", "WORKING")
        assert second.story("shop").count("qr_shown") == (1 if by == "backup" else 0)
    assert {one for one in tmp_path.iterdir() if one.is_dir()} == {here, there, between}
