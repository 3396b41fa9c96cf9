"""A folder of somebody else's that is imported leads nowhere else, and cannot spoil what is stored."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from support.running import run
from tuntas.server.adoptable import ImportRefused, Source
from tuntas.server.profile_age import LAST_VERSION, check_age
from tuntas.server.profile_copy import _copy_file

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "auth" / "session-old"
    (folder / "Default").mkdir(parents=True)
    (folder / "Default" / "Cookies").write_text("keys")
    return folder


@pytest.mark.parametrize("copy", [[], ["--copy"]])
@pytest.mark.parametrize("where", ["Default/Login Data", "Default/Cache", "SingletonLockX", "Default/SingletonLock"])
def test_a_profile_with_a_link_in_it_is_refused_and_the_link_named(
    profile: Path, tmp_path: Path, where: str, copy: list[str]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("of somebody else")
    (profile / where).symlink_to(outside if where.endswith("Cache") else outside / "secret")
    done = run("import", str(profile), *copy, "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 1
    assert f"{profile / where} is a link to {outside}" in done.stderr
    assert not (tmp_path / "data").exists()
    assert (profile / where).is_symlink()


def test_a_file_that_becomes_a_link_while_it_is_copied_ends_the_copy(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of somebody else")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic"):
        _copy_file(str(tmp_path / "link"), str(tmp_path / "copy"))
    assert not (tmp_path / "copy").exists()


def test_the_locks_of_a_browser_are_links_that_do_not_stand_in_the_way(profile: Path, tmp_path: Path) -> None:
    (profile / "SingletonLock").symlink_to("another-host-4711")
    done = run("import", str(profile), "--copy", "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "data/profiles/session-old/SingletonLock").is_symlink()


@pytest.mark.parametrize("above", [b"caf\xe9", b"\xff\xfe"])
def test_a_path_that_is_no_utf8_is_refused_in_words(tmp_path: Path, above: bytes) -> None:
    folder = os.path.join(os.fsencode(tmp_path), above, b"session-old")  # noqa: PTH118 - bytes
    os.makedirs(os.path.join(folder, b"Default"))  # noqa: PTH103, PTH118
    for asked in (folder, os.path.dirname(folder)):  # noqa: PTH120
        done = run("import", os.fsdecode(asked), "--data-dir", str(tmp_path / "data"))
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "no UTF-8" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_session_folder_whose_own_name_is_no_utf8_is_refused_in_words(tmp_path: Path) -> None:
    folder = os.path.join(os.fsencode(tmp_path), b"session-\xe9")  # noqa: PTH118
    os.makedirs(os.path.join(folder, b"Default"))  # noqa: PTH103, PTH118
    done = run("import", str(tmp_path), "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 1
    assert "is no name for one" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("said", ["9" * 10_000, "x" * 5_000_000, ""])
def test_a_version_that_is_none_is_not_believed(profile: Path, said: str) -> None:
    (profile / LAST_VERSION).write_text(said)
    if said.startswith("9"):
        with pytest.raises(ImportRefused, match="last used by version 9"):
            check_age([Source(profile, "old")], None)
    else:
        check_age([Source(profile, "old")], None)


def test_a_pipe_in_a_profile_stops_nothing(profile: Path, tmp_path: Path) -> None:
    os.mkfifo(profile / LAST_VERSION)
    os.mkfifo(profile / "Default" / "pipe")
    done = run("import", str(profile), "--copy", "--data-dir", str(tmp_path / "data"), timeout_seconds=30)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data/profiles/session-old/Default/Cookies").read_text() == "keys"
