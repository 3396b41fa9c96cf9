"""What Tuntas finds out about a Windows machine: its processes, its programs, its own health."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil

from tuntas.browser import Candidate
from tuntas.browser.find import version_of
from tuntas.browser.places import BrowserKind, Machine, places
from tuntas.config import load
from tuntas.processes.process_table import ancestors_of, command_line, row_of, rows
from tuntas.server.doctor.windows import defender, long_paths, rights
from windows.stand_in import stand_in

assert sys.platform == "win32"

from tuntas.browser.file_version_windows import file_version  # noqa: E402 - exists on Windows only


def test_the_process_table_agrees_with_what_we_know_of_ourselves() -> None:
    me = row_of(os.getpid())
    assert me is not None
    assert me in rows()
    assert abs(me.create_time - psutil.Process().create_time()) < 0.001
    assert me.name == Path(sys.executable).name
    assert not me.ended
    assert next(iter(ancestors_of(os.getpid()))) == os.getpid()
    assert command_line(os.getpid())[0] == sys.executable


def test_nobody_has_a_number_that_is_not_given_out() -> None:
    assert row_of(3) is None  # on Windows all are multiples of four
    assert command_line(3) == ()


def test_a_program_file_tells_its_version() -> None:
    windows = Path(os.environ["SYSTEMROOT"])
    version = file_version(windows / "system32" / "kernel32.dll")
    assert version is not None
    assert [part.isdigit() for part in version.split(".")] == [True] * 4
    assert file_version(Path(__file__)) is None


def test_a_browser_without_a_version_in_its_file_is_asked() -> None:
    fake = Candidate(stand_in(), BrowserKind.HEADLESS_SHELL, "test")
    assert version_of(fake) == "1.2.3.4"


def test_browsers_are_looked_for_where_windows_has_them() -> None:
    assert all(place.path.drive for place in places(Machine.here()))


def test_the_checks_of_windows_say_something(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path / "data")
    for check in (defender, rights, long_paths):
        assert "not checked here" not in check(settings).detail
