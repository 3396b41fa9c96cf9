"""Packages of PyPI that only one test needs: in an environment of their own, pinned by a lock file beside their use.

It is kept in ``.cache`` of the checkout, one folder a lock file; see ``npm_packages`` for the same with npm.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

CACHE = Path(__file__).parents[2] / ".cache"
INSTALL_SECONDS = 240.0
READY = ".ready"


def python_with(source: Path) -> Path:
    """Return a Python that has what ``source/requirements.lock`` names; skips the test if it cannot be had."""
    lock = source / "requirements.lock"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    fingerprint = hashlib.sha256(lock.read_bytes() + version.encode()).hexdigest()[:16]
    environment = CACHE / source.name / fingerprint
    environment.parent.mkdir(parents=True, exist_ok=True)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    try:
        with FileLock(environment.parent / "lock", timeout=INSTALL_SECONDS):
            # An environment knows its own path, so it is made in its place and marked when it is whole.
            if not (environment / READY).is_file():
                _run(source.name, sys.executable, "-m", "venv", "--clear", str(environment))
                packages = ("--require-hashes", "--requirement", str(lock))
                _run(source.name, str(python), "-m", "pip", "install", "--quiet", "--only-binary=:all:", *packages)
                (environment / READY).touch()
    except Timeout:
        pytest.skip(f"{source.name}: another test process has been installing it for {INSTALL_SECONDS:g} s")
    return python


def _run(name: str, *command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{name} cannot be installed: it needs more than {INSTALL_SECONDS:g} s")
    if done.returncode != 0:
        pytest.skip(f"{name} cannot be installed: {done.stderr.strip()[-300:]}")
