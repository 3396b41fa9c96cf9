"""Builds the product's image from its own Dockerfile with buildah, which needs no engine, on a base made from packages.

A machine's own certificates, and what its package managers are told of them, count during the build and are not in the
image's layers that matter: behind a company's proxy nothing could be fetched otherwise.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shlex
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "image"
BASE = "localhost/debian:bookworm-slim"
TAG = "localhost/tuntas:test"
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
CERTIFICATES = "/run/certificates.crt"
BUILD_SECONDS = 600.0
_OURS = "tuntas-test-"
_BUILDAH = ["buildah", "--root", str(FOLDER / "storage"), "--runroot", str(FOLDER / "run")]


def why_not() -> str | None:
    """Return why no image can be built here, None if one can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux"
    missing = [tool for tool in ("buildah", "mmdebstrap") if shutil.which(tool) is None]
    return f"needs {' and '.join(missing)}" if missing else None


@dataclass(frozen=True, slots=True)
class Image:
    """A built image: its configuration, and its files where they are mounted."""

    config: dict[str, Any]
    root: Path
    container: str
    bytes: int

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it sets."""
        return dict(one.split("=", 1) for one in self.config["Env"])


def buildah(*arguments: str, timeout_seconds: float = 120.0) -> str:
    """Run buildah on a store of its own; return what it printed."""
    done = subprocess.run(
        [*_BUILDAH, *arguments],
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
    assert done.returncode == 0, f"buildah {arguments[0]}: {done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout.strip()


def command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return a command line of buildah's and its environment, for who starts it."""
    return (
        [*_BUILDAH, *arguments],
        _environment(),
    )


@contextmanager
def built() -> Iterator[Image]:
    """Build the image, or take the layers that are there from before; mounted while the block runs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    # One process builds; others that run tests find it there.
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _remove_abandoned()
        if not buildah("images", "--quiet", "--filter", f"reference={BASE}"):
            _make_base()
        _make_image()
    with _mounted() as (container, root):
        about = json.loads(buildah("inspect", "--type", "image", TAG))
        files = sum(one.lstat().st_size for one in root.rglob("*") if one.is_file() and not one.is_symlink())
        yield Image(about["Docker"]["config"], root, container, files)


@contextmanager
def with_package(package: str) -> Iterator[Path]:
    """Add a package to a copy of the built image; its files are mounted while the block runs."""
    adding = f"apt-get update -qq && apt-get install -y -qq --no-install-recommends {package}"
    with _mounted() as (container, root):
        buildah("run", "--user", "root", container, "--", "sh", "-c", adding, timeout_seconds=BUILD_SECONDS)
        yield root


@contextmanager
def _mounted() -> Iterator[tuple[str, Path]]:
    """Make a container of the image and mount its files; both are gone when the block ends."""
    container = buildah("from", "--name", f"{_OURS}{os.getpid()}-{secrets.token_hex(4)}", TAG)
    try:
        yield container, Path(buildah("mount", container))
    finally:
        buildah("umount", container)
        buildah("rm", container)


def _remove_abandoned() -> None:
    """Remove what a killed run has left: containers carry the process id of who made them."""
    for name in buildah("containers", "--format", "{{.ContainerName}}").split():
        if name.startswith(_OURS) and psutil.pid_exists(int(name.removeprefix(_OURS).partition("-")[0])):
            continue
        buildah("umount", name)
        buildah("rm", name)


def _environment() -> dict[str, str]:
    # Layers need a file system that overlays can be on; a copy of all at each step is the slow way that always goes.
    kind = subprocess.run(["stat", "-f", "-c", "%T", str(ROOT)], capture_output=True, text=True, check=True).stdout
    driver = "overlay" if kind.strip() in {"ext2/ext3", "xfs", "btrfs"} else "vfs"
    return os.environ | {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": driver}


def _make_image() -> None:
    more = ["--layers", "--build-arg", f"BASE={BASE}", *_own_certificates()]
    made = subprocess.run(
        ["make", "image", f"ENGINE={shlex.join(_BUILDAH)}", f"IMAGE={TAG}", f"ARGS={shlex.join(more)}"],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert made.returncode == 0, f"make image: {made.stdout[-4000:]}\n{made.stderr[-4000:]}"


def _make_base() -> None:
    if not SOURCES.is_file():
        pytest.skip(f"no {SOURCES}: this machine's packages are not Debian's")
    archive = FOLDER / "base.tar"
    excluded = [f"--dpkgopt=path-exclude=/usr/share/{one}/*" for one in ("man", "doc", "locale")]
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", *excluded, "bookworm", str(archive), str(SOURCES)],
        capture_output=True,
        timeout=BUILD_SECONDS,
        check=True,
    )
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, str(archive))
    buildah("commit", "--quiet", container, BASE)
    buildah("rm", container)
    archive.unlink()


def _own_certificates() -> list[str]:
    paths = ssl.get_default_verify_paths()
    bundle = os.environ.get("SSL_CERT_FILE") or paths.cafile or paths.openssl_cafile
    if not Path(bundle).is_file():
        return []
    (FOLDER / "pip.conf").write_text(f"[global]\ncert = {CERTIFICATES}\n")
    (FOLDER / "npmrc").write_text(f"cafile={CERTIFICATES}\n")
    places = {bundle: CERTIFICATES, str(FOLDER / "pip.conf"): "/etc/pip.conf", str(FOLDER / "npmrc"): "/root/.npmrc"}
    return [word for ours, theirs in places.items() for word in ("--volume", f"{ours}:{theirs}:ro")]
