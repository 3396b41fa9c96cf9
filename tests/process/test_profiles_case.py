"""A disk that is blind to case (a FUSE file system that is): no session's login is lost to a namesake."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.share_modes import Rule, share_modes
from tuntas.foundation.clock import SystemClock
from tuntas.profiles import ProfileStore, RefusedPath, RemovalState, Remover
from tuntas.profiles.marker import read_marker
from tuntas.profiles.model import Removal
from tuntas.profiles.purge import Bounds
from tuntas.profiles.steps import take_away
from tuntas.storage import Database, SqlRemovalJournal


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with share_modes(tmp_path / "backing", tmp_path / "disk", Rule.CASE_BLIND) as place:
        yield place


def removed(store: ProfileStore, tmp_path: Path, session: str, folder: str) -> Removal:
    async def main() -> Removal:
        database = Database(f"sqlite:///{tmp_path / 'test.db'}")
        try:
            await database.migrate()
            remover = Remover(store, SqlRemovalJournal(database), SystemClock())
            return await remover.remove(session, store.path_of(folder))
        finally:
            database.close()

    return asyncio.run(main())


def test_the_disk_of_these_tests_is_blind_to_case(disk: Path) -> None:
    (disk / "Shop").mkdir()
    assert (disk / "shop").is_dir()
    assert [one.name for one in disk.iterdir()] == ["Shop"]


def test_a_deletion_leaves_the_folder_of_a_session_that_differs_only_in_case(disk: Path, tmp_path: Path) -> None:
    # Two sessions of an earlier version, neither of which had a folder when the other was made.
    store = ProfileStore(disk / "profiles")
    store.prepare()
    (store.create("shop", "shop") / "Local State").write_text("the login")
    removal = removed(store, tmp_path, "Shop", "Shop")
    assert removal.state is RemovalState.PURGED
    assert (store.root / "shop" / "Local State").read_text() == "the login"
    assert removed(store, tmp_path, "shop", "shop").name_is_free
    assert not (store.root / "shop").exists()


def test_a_removal_that_is_taken_up_again_leaves_it_too(disk: Path) -> None:
    store = ProfileStore(disk / "profiles")
    store.prepare()
    store.create("shop", "shop")
    later = datetime.now(UTC)
    old = Removal("r1", "Shop", store.root / "Shop", RemovalState.STUCK, later, later)
    assert take_away(store, old, Bounds()).state is RemovalState.PURGED
    assert read_marker(store.root / "shop") is not None


def test_a_new_session_gets_no_folder_that_an_open_removal_names_in_another_case(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path / "profiles")
    store.prepare()
    store.reserve(store.path_of("shop"))
    assert store.folder_for("Shop").startswith("Shop.")
    store.release(store.path_of("shop"))
    assert store.folder_for("Shop") == "Shop"


def test_a_folder_whose_marker_names_another_session_is_left_and_told(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path / "profiles")
    store.prepare()
    store.create("shop", "shop").rename(store.root / "other")
    with pytest.raises(RefusedPath, match="belongs to session shop"):
        removed(store, tmp_path, "other", "other")
    assert read_marker(store.root / "other") is not None
