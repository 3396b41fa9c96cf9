"""A release is built from a commit alone, the same each time, and says what it is made of; else it is refused."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from deploy.release.__main__ import version_of

import tuntas

ROOT = Path(__file__).parents[2]
VERSION = tuntas.__version__

pytestmark = [
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no checkout"),
    pytest.mark.timeout(300),
]

Release = Callable[..., "subprocess.CompletedProcess[str]"]


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone with what is here in its last commit, whatever stands uncommitted on this machine."""
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-hardlinks", "--no-tags", str(ROOT), str(clone))
    changed = git(ROOT, "ls-files", "--modified", "--others", "--exclude-standard").splitlines()
    for name in changed:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, clone / name)
        else:
            (clone / name).unlink()
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "What is here")
    return clone


@pytest.fixture
def release(checkout: Path) -> Release:
    def make(out: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deploy.release", "--out", str(out)],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=False,
            timeout=250,
        )

    return make


def test_a_release_is_made_of_a_commit_and_is_the_same_each_time(release: Release, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    done = release(first)
    assert done.returncode == 0, done.stderr
    assert f"has no tag v{VERSION}" in done.stdout
    wheel, sources, materials = (
        f"tuntas-{VERSION}-py3-none-any.whl",
        f"tuntas-{VERSION}.tar.gz",
        f"tuntas-{VERSION}.cdx.json",
    )
    names = {wheel, sources, materials, "THIRD_PARTY_NOTICES.txt", "requirements.lock", "SHA256SUMS"}
    assert {path.name for path in first.iterdir()} == names
    lines = [line.split("  ") for line in (first / "SHA256SUMS").read_text().splitlines()]
    sums = {name: digest for digest, name in lines}
    assert sums == {name: hashlib.sha256((first / name).read_bytes()).hexdigest() for name in names - {"SHA256SUMS"}}
    with zipfile.ZipFile(first / wheel) as archive:
        assert {"tuntas/whatsapp/assets/wa-js.js", "tuntas/dashboard/assets/htmx.js"} <= set(archive.namelist())
        assert archive.read("tuntas/THIRD_PARTY_NOTICES.txt") == (first / "THIRD_PARTY_NOTICES.txt").read_bytes()
    with tarfile.open(first / sources) as tar:
        assert not [name for name in tar.getnames() if "/assets/" in name or "node_modules" in name]
    _judge_materials((first / materials).read_text(encoding="utf-8"))

    assert release(second).returncode == 0
    assert (second / "SHA256SUMS").read_text() == (first / "SHA256SUMS").read_text()

    again = release(first)
    assert again.returncode == 1
    assert "is not empty" in again.stderr


def _judge_materials(text: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    named = {one["bom-ref"]: one for one in bill["components"]}
    wanted = json.loads((ROOT / "frontend/package.json").read_text(encoding="utf-8"))["dependencies"]
    assert {ref: one["version"] for ref, one in named.items() if ref.startswith("npm:")} == {
        f"npm:{name}": version for name, version in wanted.items()
    }
    assert {"pypi:fastapi", "pypi:sqlalchemy", "pypi:h11"} <= named.keys()
    assert not {"pypi:pytest", "pypi:mypy", "pypi:hatchling"} & named.keys()
    assert bill["metadata"]["component"]["version"] == VERSION
    needs = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert "pypi:starlette" in needs["pypi:fastapi"]
    assert "npm:@wppconnect/wa-js" in needs["tuntas"]


def test_what_is_not_committed_or_is_tagged_wrongly_is_no_release(
    release: Release, checkout: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (checkout / "README.md").write_text("another text\n")
    (checkout / "note.txt").write_text("somebody's")
    done = release(out)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "2 files differ from the commit" in done.stderr
    git(checkout, "reset", "--quiet", "--hard")
    (checkout / "note.txt").unlink()

    git(checkout, "tag", "v9.9.9")
    done = release(out)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"tag is v9.9.9, and its version {VERSION}" in done.stderr
    git(checkout, "tag", "--delete", "v9.9.9")

    changes = checkout / "CHANGELOG.md"
    changes.write_text(changes.read_text(encoding="utf-8").replace(f"## {VERSION} (", "## 0.0.0 ("), encoding="utf-8")
    git(checkout, "commit", "--quiet", "--all", "--allow-empty", "--message", "No section")
    git(checkout, "tag", f"v{VERSION}")
    done = release(out)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"no section '## {VERSION} (YYYY-MM-DD)'" in done.stderr
    assert not out.exists()


def test_the_version_stands_in_one_place() -> None:
    assert version_of((ROOT / "src/tuntas/__init__.py").read_text(encoding="utf-8")) == VERSION
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_version_has_its_section_with_what_users_look_for() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", changes, flags=re.MULTILINE)[1:]
    assert sections[0].startswith("Unreleased\n")
    assert re.match(rf"{re.escape(VERSION)} \(\d{{4}}-\d\d-\d\d\)\n", sections[1])
    assert {"Added", "Changed", "Fixed", "Security"} <= set(re.findall(r"^### (.+)$", sections[1], re.MULTILINE))
