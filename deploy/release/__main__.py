"""Builds what a release consists of from the commit that is checked out, and from nothing else. Uploads nothing.

The same commit gives the same bytes: the time is the commit's, the bill of materials is made of the lock files alone.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from deploy.release.materials import bill_of_materials

ROOT = Path(__file__).parents[2]
NOTICES = "THIRD_PARTY_NOTICES.txt"


class NotReleasable(Exception):
    """No release can be made of this; the message says why, and what to do."""


def main() -> int:
    """Build into the folder that is named; return the exit code."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where the files go; it must be empty")
    arguments = parser.parse_args()
    try:
        version, is_tagged = what_is_released()
        files = build(version, arguments.out.absolute())
    except NotReleasable as error:
        sys.stderr.write(f"release: {error}\n")
        return 1
    sys.stdout.write("".join(f"{file}\n" for file in files))
    if not is_tagged:
        sys.stdout.write(f"A rehearsal: this commit has no tag v{version}. See docs/releasing.md.\n")
    return 0


def what_is_released() -> tuple[str, bool]:
    """Return the version, and whether this commit has its tag. Raises NotReleasable."""
    if changed := git("status", "--porcelain").splitlines():
        message = f"{len(changed)} files differ from the commit ({changed[0][3:]}, …). Commit or stash them first."
        raise NotReleasable(message)
    version = version_of((ROOT / "src" / "tuntas" / "__init__.py").read_text(encoding="utf-8"))
    tags = [tag for tag in git("tag", "--points-at", "HEAD").split() if tag.startswith("v")]
    if tags and tags != [f"v{version}"]:
        message = f"the commit's tag is {', '.join(tags)}, and its version {version}. Mend one of them."
        raise NotReleasable(message)
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if tags and not re.search(rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)$", changes, re.MULTILINE):
        message = f"CHANGELOG.md has no section '## {version} (YYYY-MM-DD)'. Give it one."
        raise NotReleasable(message)
    return version, bool(tags)


def version_of(source: str) -> str:
    """Return the version that ``src/tuntas/__init__.py`` says, the one place for it. Raises NotReleasable."""
    match = re.search(r'^__version__ = "(\d+\.\d+\.\d+)"$', source, re.MULTILINE)
    if match is None:
        message = "src/tuntas/__init__.py names no version of three numbers."
        raise NotReleasable(message)
    return match.group(1)


def build(version: str, out: Path) -> list[Path]:
    """Build all files into ``out`` and return them. Raises NotReleasable."""
    if out.is_dir() and any(out.iterdir()):
        message = f"{out} is not empty: what lies there could be taken for a part of the release. Empty it first."
        raise NotReleasable(message)
    revision, moment = git("rev-parse", "HEAD").strip(), git("log", "-1", "--format=%ct").strip()
    with tempfile.TemporaryDirectory(prefix="tuntas-release-") as scratch:
        source, made = Path(scratch) / f"tuntas-{version}", Path(scratch) / "made"
        source.mkdir()
        made.mkdir()
        check_out(source)
        # The wheel is built from the archive of the sources, which proves that all is in that.
        run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(made), str(source)], moment)
        (wheel,) = made.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            (made / NOTICES).write_bytes(archive.read(f"tuntas/{NOTICES}"))
        materials = bill_of_materials(source, version, revision, int(moment))
        (made / f"tuntas-{version}.cdx.json").write_text(materials, encoding="utf-8")
        shutil.copyfile(source / "requirements.lock", made / "requirements.lock")
        files = sorted(made.iterdir())
        sums = "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
        (made / "SHA256SUMS").write_text(sums, encoding="utf-8")
        out.mkdir(parents=True, exist_ok=True)
        for file in (*files, made / "SHA256SUMS"):
            shutil.copyfile(file, out / file.name)
    return [out / file.name for file in (*files, made / "SHA256SUMS")]


def check_out(folder: Path) -> None:
    """Put the commit's files, and no others, into ``folder``."""
    archive = subprocess.run(["git", "archive", "--format=tar", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    with tempfile.TemporaryFile() as file:
        file.write(archive.stdout)
        file.seek(0)
        with tarfile.open(fileobj=file) as tar:
            tar.extractall(folder, filter="data")


def run(command: list[str], moment: str) -> None:
    """Run a step of the build. Raises NotReleasable with its last words."""
    environment = os.environ | {"SOURCE_DATE_EPOCH": moment, "TZ": "UTC", "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        message = f"{' '.join(command[1:4])} failed:\n{last}"
        raise NotReleasable(message)


def git(*arguments: str) -> str:
    """Return what git says. Raises NotReleasable where this is no checkout."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        message = f"git {arguments[0]}: {done.stderr.strip()}"
        raise NotReleasable(message)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
