from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tuntas.profiles import marker
from tuntas.profiles.guards import RefusedPath
from tuntas.profiles.marker import read_marker
from tuntas.profiles.store import FolderTaken, ProfileStore, RootUnusable


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    store = ProfileStore(tmp_path / "profiles")
    store.prepare()
    return store


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_root_and_trash_are_for_the_owner_only(store: ProfileStore) -> None:
    store.prepare()
    assert mode(store.root) == mode(store.trash.path) == 0o700


def test_a_trash_that_is_a_link_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "profiles" / ".trash").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RootUnusable):
        ProfileStore(tmp_path / "profiles").prepare()


def test_a_new_profile_is_marked_and_private(store: ProfileStore) -> None:
    path = store.create("ani", "ani")
    assert mode(path) == 0o700
    assert [entry.name for entry in path.iterdir()] == [marker.NAME]
    said = read_marker(path)
    assert said is not None
    assert said.session == "ani"
    assert store.trash.entries() == []


def test_creating_twice_is_creating_once(store: ProfileStore) -> None:
    path = store.create("ani", "ani")
    (path / "Local State").write_text("{}")
    assert store.create("ani", "ani") == path
    assert (path / "Local State").exists()


def test_a_folder_of_another_session_is_never_shared(store: ProfileStore) -> None:
    store.create("ani", "ani")
    with pytest.raises(FolderTaken):
        store.create("ani", "budi")


def test_a_folder_with_foreign_content_is_never_taken_over(store: ProfileStore) -> None:
    (store.root / "ani").mkdir()
    (store.root / "ani" / "photo.jpg").write_text("x")
    with pytest.raises(FolderTaken):
        store.create("ani", "ani")
    assert store.folder_for("ani") != "ani"


def test_an_empty_folder_such_as_a_mounted_volume_is_used(store: ProfileStore) -> None:
    (store.root / "ani").mkdir()
    assert read_marker(store.create("ani", "ani")) is not None


def test_a_folder_made_by_another_tool_can_be_adopted(store: ProfileStore) -> None:
    path = store.root / "session-ani"
    (path / "Default").mkdir(parents=True)
    assert store.adopt("session-ani", "ani") == path
    assert store.create("session-ani", "ani") == path
    with pytest.raises(FolderTaken):
        store.adopt("session-ani", "budi")


def test_a_name_that_is_taken_gets_a_fresh_folder(store: ProfileStore) -> None:
    assert store.folder_for("ani") == "ani"
    store.create("ani", "ani")
    other = store.folder_for("ani")
    assert other.startswith("ani.")
    store.create(other, "ani")


def test_a_path_that_an_open_removal_names_is_not_given_away(store: ProfileStore) -> None:
    store.reserve(store.path_of("ani"))
    assert store.folder_for("ani") != "ani"
    store.release(store.path_of("ani"))
    assert store.folder_for("ani") == "ani"


@pytest.mark.parametrize("name", ["../x", ".trash", "", "a/b"])
def test_no_name_leads_out_of_the_root(store: ProfileStore, name: str) -> None:
    with pytest.raises(RefusedPath):
        store.path_of(name)
    with pytest.raises(RefusedPath):
        store.create(name, "ani")


def test_unknown_folders_are_listed_and_left_alone(store: ProfileStore) -> None:
    store.create("ani", "ani")
    (store.root / "mystery").mkdir()
    (store.root / "mystery" / "file").write_text("x")
    (store.root / "link").symlink_to(store.root / "ani")
    assert [folder.name for folder in store.listing()] == ["ani", "mystery"]
    (unknown,) = store.unknown_folders({"ani"})
    assert (unknown.name, unknown.is_marked, unknown.session) == ("mystery", False, None)
    assert (store.root / "mystery" / "file").exists()


def test_a_torn_marker_is_still_a_marker(store: ProfileStore) -> None:
    path = store.create("ani", "ani")
    (path / marker.NAME).write_text('{"session": "a')
    said = read_marker(path)
    assert said is not None
    assert said.session is None
    with pytest.raises(FolderTaken):
        store.create("ani", "ani")


def test_a_profile_that_could_not_be_made_leaves_nothing_at_its_place(store: ProfileStore) -> None:
    store.trash.path.rmdir()
    with pytest.raises(FileNotFoundError):
        store.create("ani", "ani")
    assert list(store.root.iterdir()) == []


def test_the_size_counts_files_not_what_links_point_at(store: ProfileStore, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 1_000_000)
    path = store.create("ani", "ani")
    (path / "link").symlink_to(tmp_path / "big")
    (path / "small").write_bytes(b"x" * 8192)
    assert 8192 <= store.size_bytes(path) < 100_000
    assert store.size_bytes(path / "missing") == 0
