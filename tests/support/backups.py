"""Backups made, restored and refused within the test's own process, of a data folder with plain files in it."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tuntas.backup import sealing
from tuntas.backup.creating import Made
from tuntas.backup.profile_files import Extent
from tuntas.backup.reading import Contents
from tuntas.config import load
from tuntas.foundation.user_error import UserError
from tuntas.server import backups
from tuntas.server.importing import Order, import_sessions

KEY = "correct horse battery staple"


@pytest.fixture
def quick_scrypt(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Guess fast, and put back the modes that a process which takes a data folder gives to what it makes."""
    monkeypatch.setattr(sealing, "_SCRYPT", sealing._SCRYPT | {"n": 16})
    mask = os.umask(0o022)
    yield
    os.umask(mask)


def create(
    target: Path | str | None, data_dir: Path, key: str | None = KEY, extent: Extent = Extent.MINIMAL, **more: Any
) -> Made:
    settings = load(data_dir=data_dir, backup_key=key, **more)
    return backups.create(settings, None if target is None else str(target), extent, lambda _: None)


def restore(target: Path | str, data_dir: Path, key: str | None = KEY, **more: Any) -> Contents:
    return backups.bring_back(load(data_dir=data_dir, backup_key=key, **more), str(target), lambda _: None)[1]


def verify(target: Path | str, key: str | None = KEY) -> Contents:
    return backups.check(load(backup_key=key), str(target))[1]


@contextmanager
def refused(words: str) -> Iterator[None]:
    with pytest.raises(UserError) as caught:
        yield
    assert len(str(caught.value).splitlines()) == 1
    assert re.search(words, str(caught.value)), caught.value


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    }


@contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    before = snapshot(folder)
    yield
    assert snapshot(folder) == before


def data_folder(folder: Path, **more: Any) -> Path:
    """Make a data folder with a session whose profile has plain files in it, by the product itself."""
    profile = folder / "auth/session-shop"
    (profile / "Default/IndexedDB/x").mkdir(parents=True)
    (profile / "Default/Local Storage").mkdir()
    (profile / "Local State").write_text("{}")
    (profile / "Default/IndexedDB/x/000003.log").write_bytes(os.urandom(400_000))
    (profile / "Default/Local Storage/CURRENT").write_text("keys")
    (profile / "Default/Cookies").write_text("not needed")
    asyncio.run(import_sessions(Order(profile.parent), load(data_dir=folder / "data", **more)))
    return folder / "data"
