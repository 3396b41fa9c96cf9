from __future__ import annotations

import os
import socket
import stat
import threading
from pathlib import Path

from tuntas.profiles import marker
from tuntas.profiles.purge import Bounds, purge


def profile(parent: Path) -> Path:
    path = parent / "ani"
    for folder in ("Default/IndexedDB/a", "Default/Cache", "Empty"):
        (path / folder).mkdir(parents=True)
        (path / folder / "data").write_bytes(b"x" * 5000)
    (path / marker.NAME).write_text("{}")
    return path


def test_a_tree_is_gone_and_its_bytes_are_counted(tmp_path: Path) -> None:
    path = profile(tmp_path)
    result = purge(path)
    assert result.is_complete
    assert not path.exists()
    assert result.deleted == 3 + 5 + 1 + 1  # files, folders, the marker, the root
    assert result.freed_bytes >= 15_000


def test_what_is_gone_already_is_success(tmp_path: Path) -> None:
    assert purge(tmp_path / "missing").is_complete


def test_links_are_deleted_and_what_they_point_at_is_not(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    (canary / "inner").mkdir(parents=True)
    (canary / "inner" / "photo").write_text("precious")
    path = profile(tmp_path)
    (path / "folder-link").symlink_to(canary)
    (path / "Default" / "relative-link").symlink_to("../../canary/inner", target_is_directory=True)
    (path / "file-link").symlink_to(canary / "inner" / "photo")
    (path / "dangling").symlink_to("nowhere")
    (path / "loop").symlink_to(path)
    assert purge(path).is_complete
    assert (canary / "inner" / "photo").read_text() == "precious"


def test_a_link_as_target_is_only_unlinked(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.mkdir()
    (canary / "photo").write_text("precious")
    (tmp_path / "link").symlink_to(canary)
    assert purge(tmp_path / "link").is_complete
    assert (canary / "photo").exists()


def test_a_file_with_another_name_outside_keeps_its_content_and_rights(tmp_path: Path) -> None:
    path = profile(tmp_path)
    outside = tmp_path / "outside"
    outside.write_text("precious")
    outside.chmod(0o400)
    os.link(outside, path / "Default" / "inside")
    assert purge(path).is_complete
    assert outside.read_text() == "precious"
    assert stat.S_IMODE(outside.stat().st_mode) == 0o400


def test_odd_entries_go_too(tmp_path: Path) -> None:
    path = profile(tmp_path)
    os.mkfifo(path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path / "socket"))
    Path(os.fsdecode(os.fsencode(path) + b"/not-\xff-utf8")).touch()
    (path / "a b\nc").write_text("x")
    assert purge(path).is_complete
    assert not path.exists()


def test_a_tree_deeper_than_the_limits_of_paths_and_descriptors_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "deep"
    path.mkdir()
    name = "d" * 60
    here = os.open(path, os.O_RDONLY)
    for _ in range(2000):
        os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    assert purge(path).is_complete
    assert not path.exists()


def test_a_pass_that_is_told_to_stop_leaves_the_marker(tmp_path: Path) -> None:
    path = profile(tmp_path)
    stop = threading.Event()
    stop.set()
    for bounds in (Bounds(stop), Bounds(seconds=0.0)):
        result = purge(path, bounds=bounds)
        assert result.is_cut_short
        assert not result.is_complete
        assert (path / marker.NAME).exists()
    assert purge(path).is_complete


def test_a_kept_root_is_emptied_marker_included(tmp_path: Path) -> None:
    path = profile(tmp_path)
    assert purge(path, keep_root=True).is_complete
    assert list(path.iterdir()) == []
