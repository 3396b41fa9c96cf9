"""Backups that cannot be made or restored: one line that says what to do, and nothing changed; and those that can."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.backups import KEY, create, data_folder, quick_scrypt, refused, restore, unchanged, verify
from support.running import run
from support.volumes import tiny_volume
from tuntas import __version__
from tuntas.backup import sealing
from tuntas.backup.entries import END, MANIFEST, document_entry, entry
from tuntas.backup.manifest import KeptProfile, Manifest, SessionEntry, end_document
from tuntas.backup.profile_files import Extent

__all__ = ["quick_scrypt"]
pytestmark = pytest.mark.usefixtures("quick_scrypt")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data_folder(tmp_path_factory.mktemp("source"))


@pytest.fixture
def archive(source: Path, tmp_path: Path) -> Path:
    """A good backup of it."""
    return Path(create(tmp_path / "archive/good.tuntas", source).path)


def test_a_backup_comes_back_with_what_a_session_needs_and_no_more(archive: Path, source: Path, tmp_path: Path) -> None:
    with unchanged(source):
        restore(archive, tmp_path / "new")
    profile, original = tmp_path / "new/profiles/session-shop", source / "profiles/session-shop"
    files = {str(path.relative_to(profile)) for path in profile.rglob("*") if path.is_file()}
    assert files == {".tuntas-profile.json", "Default/IndexedDB/x/000003.log", "Default/Local Storage/CURRENT"}
    for name in files - {".tuntas-profile.json"}:
        assert (profile / name).read_bytes() == (original / name).read_bytes()
    with closing(sqlite3.connect(tmp_path / "new/tuntas.db")) as database:
        assert database.execute("SELECT name FROM sessions").fetchall() == [("shop",)]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["profiles", "tuntas.db", "tuntas.lock"]
    if sys.platform != "win32":
        modes = {path.stat().st_mode & 0o077 for path in [archive, *(tmp_path / "new").rglob("*")]}
        assert modes == {0}


def test_a_whole_backup_has_all_files_and_no_marks_of_a_browser(source: Path, tmp_path: Path) -> None:
    profile = source / "profiles/session-shop"
    (profile / "SingletonLock").symlink_to("otherhost-123")
    (profile / "Default/elsewhere").symlink_to("/etc/passwd")
    try:
        create(tmp_path / "b", source, extent=Extent.WHOLE)
    finally:
        (profile / "SingletonLock").unlink()
        (profile / "Default/elsewhere").unlink()
    restore(tmp_path / "b", tmp_path / "new")
    back = tmp_path / "new/profiles/session-shop"
    assert (back / "Default/Cookies").read_text() == "not needed"
    assert not os.path.lexists(back / "SingletonLock")
    assert not os.path.lexists(back / "Default/elsewhere")


@pytest.mark.parametrize("place", [0, 5, 20, 100, 300, 5_000, 262_500, -40_000, -1])
def test_a_tampered_archive_is_refused(archive: Path, tmp_path: Path, place: int) -> None:
    content = bytearray(archive.read_bytes())
    content[place] ^= 1
    archive.write_bytes(content)
    with refused("was refused"):
        restore(archive, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("kept", [0, 10, 200, 262_400, -262_160, -1])
def test_a_truncated_archive_is_refused(archive: Path, tmp_path: Path, kept: int) -> None:
    archive.write_bytes(archive.read_bytes()[:kept])
    with refused("was refused"):
        verify(archive)
    with refused("was refused"):
        restore(archive, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_another_key_and_no_key_are_refused(archive: Path, tmp_path: Path) -> None:
    with refused("another key.*TUNTAS_BACKUP_KEY"):
        restore(archive, tmp_path / "new", key="another key of some length")
    with refused("encrypted; set TUNTAS_BACKUP_KEY or TUNTAS_BACKUP_KEY_FILE"):
        restore(archive, tmp_path / "new", key=None)
    with refused("TUNTAS_BACKUP_KEY.*fewer than 16 characters"):
        restore(archive, tmp_path / "new", key="too short")
    assert not (tmp_path / "new").exists()


def test_a_key_from_a_file_opens_what_was_made_with_it(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    monkeypatch.setenv("TUNTAS_BACKUP_KEY_FILE", str(tmp_path / "key"))
    assert verify(archive, key=None).files == 2


def test_a_foreign_archive_is_refused(tmp_path: Path) -> None:
    evil = tmp_path / "evil.tuntas"
    with tarfile.open(evil, "w:gz") as tar:
        for name, kind in (("../../slip", tarfile.REGTYPE), ("link", tarfile.SYMTYPE), ("device", tarfile.CHRTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
    (tmp_path / "zeros.tuntas").write_bytes(bytes(1_000_000))
    for foreign in (evil, tmp_path / "zeros.tuntas"):
        with refused("no archive of Tuntas's"):
            restore(foreign, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def forged(path: Path, *files: tuple[str, bytes], key: str | None = None, revision: str = "0001") -> Path:
    """Write an archive whose seal is good and whose content is hostile: its maker had the key, or there is none."""
    now = datetime.now(UTC)
    manifest = Manifest(__version__, now, Extent.WHOLE, (SessionEntry("shop", "shop"),), "sqlite", revision)
    names = [name for name, _ in files if name.startswith("profiles/shop/")]
    size = sum(len(content) for name, content in files if name in names)

    def content() -> Iterator[bytes]:
        yield from document_entry(MANIFEST, manifest.document())
        for name, data in files:
            yield from entry(name, len(data), iter([data]))
        yield from document_entry(END, end_document([KeptProfile("shop", "shop", len(names), size)]))

    path.write_bytes(b"".join(sealing.sealed("backup", __version__, now.isoformat(), key, content())))
    return path


@pytest.mark.parametrize(
    "name",
    ["../slipped", "profiles/shop/../../../slipped", "/slipped", "tuntas.lock", "profiles/other/x", "profiles"],
)
def test_an_archive_that_would_write_elsewhere_is_refused_though_its_seal_is_good(tmp_path: Path, name: str) -> None:
    path = forged(tmp_path / "evil.tuntas", ("database", b""), (name, b"slipped"))
    with refused("was refused: it has"):
        restore(path, tmp_path / "a/b/new")
    assert not [one for one in tmp_path.rglob("*") if one.is_file() and one != path]


def test_a_database_in_it_that_is_none_is_refused_and_the_folder_stays_empty(tmp_path: Path) -> None:
    path = forged(tmp_path / "evil.tuntas", ("database", b"no database" * 100), ("profiles/shop/Default/x", b"x"))
    with refused("database"):
        restore(path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = forged(tmp_path / "newer.tuntas", ("database", b"x"), revision="9999")
    with refused("newer Tuntas"):
        restore(path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_target_that_is_not_empty_is_refused(archive: Path, source: Path, tmp_path: Path) -> None:
    with unchanged(source), refused("is not empty"):
        restore(archive, source)
    (tmp_path / "theirs").mkdir(mode=0o755)
    (tmp_path / "theirs/letter.txt").write_text("dear")
    with unchanged(tmp_path / "theirs"), refused("is not empty"):
        restore(archive, tmp_path / "theirs")


def test_what_was_put_into_the_folder_after_a_restore_was_cut_off_stays(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "new/.restoring").mkdir(parents=True)
    (tmp_path / "new/letter.txt").write_text("dear")
    with unchanged(tmp_path / "new"), refused("is not empty"):
        restore(archive, tmp_path / "new")


def test_a_target_that_cannot_be_written_is_refused(archive: Path, source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with refused("cannot be used"):
        restore(archive, tmp_path / "file/new")
    with refused("cannot be written"):
        create(tmp_path / "file/folder", source)


def test_targets_that_are_too_full_are_refused_before_anything_is_written(
    archive: Path, source: Path, tmp_path: Path
) -> None:
    volume = tmp_path / "volume"
    with tiny_volume(volume):
        with refused("MB free; the backup needs"):
            restore(archive, volume / "new")
        with refused("MB free; the backup needs"):
            create(volume / "b", source)
        assert not [path for path in volume.rglob("*") if path.is_file()]
    assert not (source / ".backup").exists()


def test_a_data_folder_s_own_volume_is_never_filled(source: Path, tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    with tiny_volume(volume):
        shutil.copytree(source, volume / "data")
        with unchanged(volume / "data/profiles"), refused("needs .* MB and .* MB to spare. Free some space"):
            create(tmp_path / "b", volume / "data")
        assert not (volume / "data/.backup").exists()
    assert not (tmp_path / "b").exists()


def test_a_volume_that_becomes_full_meanwhile_leaves_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuntas.backup.places.RESERVE_BYTES", 0)
    monkeypatch.setattr("tuntas.backup.creating._profiles_bytes", lambda *_: [])
    (source / "profiles/session-shop/Default/IndexedDB/large").write_bytes(bytes(2_000_000))
    volume = tmp_path / "volume"
    try:
        with tiny_volume(volume):
            with refused("cannot be written: No space left"):
                create(volume / "b", source)
            assert not [path for path in volume.rglob("*") if path.is_file()]
    finally:
        (source / "profiles/session-shop/Default/IndexedDB/large").unlink()


def test_what_is_not_there_is_named(tmp_path: Path, source: Path) -> None:
    with refused("There is no "):
        restore(tmp_path / "none.tuntas", tmp_path / "new")
    with refused("There is no backup in"):
        restore(tmp_path, tmp_path / "new")
    with refused("no data folder"):
        create(tmp_path / "b", tmp_path / "none")
    with refused("TUNTAS_BACKUP_TARGET"):
        create(None, source)
    assert not (tmp_path / "new").exists()


def test_no_backup_is_ever_written_over(archive: Path, source: Path) -> None:
    with unchanged(archive.parent), refused("is there already"):
        create(archive, source)


def test_a_bucket_takes_nothing_that_is_not_encrypted(source: Path) -> None:
    with refused("not on this machine.*TUNTAS_BACKUP_KEY"):
        create("s3://bucket/x", source, key=None)


def command(*arguments: str, kill_at: str = "") -> int:
    return run("backup", *arguments, TUNTAS_BACKUP_KEY=KEY, TUNTAS_KILL_AT=kill_at).returncode


@pytest.mark.parametrize("point", ["restore.written", "restore.moved"])
def test_a_restore_killed_at_any_point_can_be_run_again_and_no_server_starts_before(
    source: Path, tmp_path: Path, point: str
) -> None:
    archive = create(tmp_path / "b", source, key=None).path  # the command knows no cheap key
    code = command("restore", str(archive), "--data-dir", str(tmp_path / "new"), kill_at=point)
    assert code < 0
    done = run("serve", "--port", "0", "--data-dir", str(tmp_path / "new"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "was cut off. Run it again" in done.stderr
    assert command("restore", archive, "--data-dir", str(tmp_path / "new")) == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["profiles", "tuntas.db", "tuntas.lock"]


def test_a_backup_killed_in_the_middle_leaves_no_archive_and_the_next_one_clears_up(
    source: Path, tmp_path: Path
) -> None:
    assert command("create", str(tmp_path / "b"), "--data-dir", str(source), kill_at="backup.profile") < 0
    with refused("There is no backup in"):
        verify(tmp_path / "b")
    (left,) = (tmp_path / "b").iterdir()
    os.utime(left, (0, 0))  # nobody has written into it for long
    create(tmp_path / "b", source)
    assert not (source / ".backup").exists()
    assert verify(tmp_path / "b").files == 2
    assert [path.suffix for path in (tmp_path / "b").iterdir()] == [".tuntas"]
