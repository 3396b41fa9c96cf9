"""One session's file: what cannot be exported or imported is refused in one line, and nothing has changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.backups import KEY, create, data_folder, quick_scrypt, refused, unchanged
from support.running import run
from tuntas.config import Settings, load
from tuntas.events import Me
from tuntas.server import moving
from tuntas.server.data_folder import DataFolder
from tuntas.sessions.machine import Desired
from tuntas.sessions.model import SessionConfig, SessionRecord
from tuntas.storage import Database, SqlSessionStore

__all__ = ["quick_scrypt"]
pytestmark = pytest.mark.usefixtures("quick_scrypt")


def settings_of(data_dir: Path, key: str | None = KEY) -> Settings:
    return load(data_dir=data_dir, backup_key=key)


def sessions(data_dir: Path) -> list[SessionRecord]:
    found: list[SessionRecord] = stored(data_dir, lambda store: store.load())
    return found


def stored(data_dir: Path, act: Any) -> Any:
    async def work() -> Any:
        database = Database(settings_of(data_dir).database)
        try:
            return await act(SqlSessionStore(database))
        finally:
            database.close()

    return asyncio.run(work())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A data folder with a session that is linked and set to something."""
    data_dir = data_folder(tmp_path / "source")
    (record,) = sessions(data_dir)
    config = SessionConfig(document={"metadata": {"a": "b"}}, metadata={"a": "b"})
    linked = replace(record, me=Me("628111000111@c.us", "Shop"), config=config, seen_until=1_764_000_000)
    stored(data_dir, lambda store: store.save(linked, None, []))
    return data_dir


def export(name: str, file: Path, data_dir: Path, key: str | None = KEY) -> None:
    moving.require_file(file)
    settings = settings_of(data_dir, key)
    asyncio.run(moving.retire(name, settings))
    asyncio.run(moving.write_file(name, file, settings, lambda _: None))


def bring(file: Path, data_dir: Path, key: str | None = KEY) -> str:
    settings = settings_of(data_dir, key)
    return asyncio.run(moving.import_file(file, settings, start=False, tell=lambda _: None))


@pytest.fixture
def file(source: Path, tmp_path: Path) -> Path:
    export("shop", tmp_path / "shop.tuntas", source)
    return tmp_path / "shop.tuntas"


def test_a_session_goes_with_all_that_it_is_set_to(file: Path, source: Path, tmp_path: Path) -> None:
    (here,) = sessions(source)
    assert (here.desired, here.reason) == (Desired.MOVED, "export_requested")
    assert bring(file, tmp_path / "new") == "shop"
    (there,) = sessions(tmp_path / "new")
    assert (there.id, there.config, there.me, there.seen_until) == (here.id, here.config, here.me, here.seen_until)
    assert (there.desired, there.reason) == (Desired.STOPPED, "imported")
    profile, original = tmp_path / "new/profiles/shop", source / "profiles/session-shop"
    name = "Default/IndexedDB/x/000003.log"
    assert (profile / name).read_bytes() == (original / name).read_bytes()
    assert {path.stat().st_mode & 0o077 for path in profile.rglob("*")} == {0}


def test_it_is_imported_once(file: Path, tmp_path: Path) -> None:
    bring(file, tmp_path / "new")
    with refused("was imported already, and a session runs in one place only"):
        bring(file, tmp_path / "third")
    assert not (tmp_path / "third").exists()


def test_it_may_come_back_where_it_left(file: Path, source: Path) -> None:
    bring(file, source)
    (here,) = sessions(source)
    assert (here.desired, here.profile_folder) == (Desired.STOPPED, "session-shop")
    assert (source / "profiles/session-shop/Default/Local Storage/CURRENT").read_text() == "keys"


def test_a_name_that_is_taken_is_refused(file: Path, tmp_path: Path) -> None:
    other = data_folder(tmp_path / "other")
    with refused("A session named shop exists"):
        bring(file, other)
    assert len(sessions(other)) == 1
    bring(file, tmp_path / "new")  # nothing was spent


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content[:200] + b"x" + content[201:]])
def test_a_file_that_is_damaged_is_refused(file: Path, tmp_path: Path, change: Any) -> None:
    file.write_bytes(change(file.read_bytes()))
    with refused("was refused"):
        bring(file, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_data_folder_that_a_server_has_is_refused(file: Path, source: Path) -> None:
    server = DataFolder(source)
    server.acquire()
    try:
        with refused("Another Tuntas server works on"):
            bring(file, source)
        with refused("Another Tuntas server works on"):
            asyncio.run(moving.retire("shop", settings_of(source)))
    finally:
        server.release()
    bring(file, source)


def test_another_key_and_another_kind_of_file_are_refused(file: Path, source: Path, tmp_path: Path) -> None:
    with unchanged(file.parent), refused("another key"):
        bring(file, tmp_path / "new", key="another key of some length")
    backup = Path(create(tmp_path / "b", source).path)
    with refused("is a backup of many sessions.*tuntas backup restore"):
        bring(backup, tmp_path / "new")
    (tmp_path / "plain.txt").write_text("no archive")
    with refused("no archive of Tuntas's"):
        bring(tmp_path / "plain.txt", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_cannot_go_anywhere_is_not_stopped_for_good(source: Path, tmp_path: Path) -> None:
    (tmp_path / "taken.tuntas").write_text("dear")
    with refused("is there already"):
        export("shop", tmp_path / "taken.tuntas", source)
    with refused("There is no session 'shoe'"):
        export("shoe", tmp_path / "x.tuntas", source)
    with refused("no data folder"):
        export("shop", tmp_path / "x.tuntas", tmp_path / "none")
    plain = data_folder(tmp_path / "plain")
    with refused("is not linked with an account"):
        export("shop", tmp_path / "x.tuntas", plain)
    assert [one.desired for one in sessions(source) + sessions(plain)] == [Desired.STOPPED, Desired.STOPPED]


@pytest.mark.parametrize("point", ["import.row", "import.renamed"])
def test_an_import_that_was_killed_is_run_again_or_was_done(
    file: Path, tmp_path: Path, point: str, source: Path
) -> None:
    plain = tmp_path / "plain.tuntas"
    asyncio.run(moving.write_file("shop", plain, settings_of(source, None), lambda _: None))
    done = run("import", str(plain), "--data-dir", str(tmp_path / "new"), TUNTAS_KILL_AT=point)
    assert done.returncode < 0
    if point == "import.row":
        bring(plain, tmp_path / "new", key=None)
    else:
        with refused("Session shop was brought in from plain.tuntas before"):
            bring(plain, tmp_path / "new", key=None)
    with refused("was imported already"):
        bring(plain, tmp_path / "third", key=None)
    (there,) = sessions(tmp_path / "new")
    assert (there.desired, there.reason) == (Desired.STOPPED, "imported")
    assert (tmp_path / "new/profiles/shop/Default/Local Storage/CURRENT").read_text() == "keys"
