"""A built wheel has the page's assets and runs where there is no Node."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support.running import run

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_the_wheel_carries_its_assets_and_runs_where_there_is_no_node(tmp_path: Path) -> None:
    # Without isolation the locked build requirements of this environment are used, and nothing is fetched anew.
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=250)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(next(name for name in names if name.endswith("/METADATA"))).decode()
        bundle = archive.read("tuntas/whatsapp/assets/wa-js.js")
        notices = archive.read("tuntas/THIRD_PARTY_NOTICES.txt").decode()
    assert {"tuntas/dashboard/assets/htmx.js", "tuntas/dashboard/locale/id.po"} <= names
    assert {"tuntas/whatsapp/bridge/standing.js", "tuntas/sandbox/page/index.html", "tuntas/py.typed"} <= names
    assert "tuntas/storage/migrations/versions/0001_first_tables.py" in names
    assert not [name for name in names if "node_modules" in name]
    for package, version in json.loads((ROOT / "frontend/package.json").read_text())["dependencies"].items():
        assert f"\n{package} {version}, " in notices
    # The licence's text, a package's own notice, and what the two bundles have in them.
    for told in ("Apache License", "Copyright 2020-2021 SmartBear", "Zero-Clause BSD", "Compressor.js", "Jed Watson"):
        assert told in notices
    assert "nodejs" not in metadata.lower()
    installed = ROOT / "src" / "tuntas" / "whatsapp" / "assets" / "wa-js.js"
    assert bundle == installed.read_bytes()

    unpacked, programs = tmp_path / "unpacked", tmp_path / "programs"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    programs.mkdir()
    if setpriv := shutil.which("setpriv"):
        (programs / "setpriv").symlink_to(setpriv)
    done = run("demo", "--json", PYTHONPATH=str(unpacked), PATH=str(programs), TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["ok"] is True
