"""Whatever the output goes to, no command ends with a traceback: another encoding, a pipe that closes, a full disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.running import TUNTAS, environment
from support.terminal import on_terminal

COMMANDS = [
    ("--help",),
    ("doctor",),
    ("config", "show"),
    ("browser", "find"),
    ("ps",),
    ("cleanup", "--dry-run"),
    ("sessions", "list"),
    ("sessions", "--help"),
]
ENCODINGS = [
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A data folder whose name most encodings cannot say, with a profile in it."""
    data = tmp_path / "café 資料"
    (data / "profiles" / "toko").mkdir(parents=True)
    return data


def streamed(command: tuple[str, ...], here: Path, **more: str) -> tuple[int, bytes]:
    done = subprocess.run(
        [*TUNTAS, *command],
        env=environment(TUNTAS_DATA_DIR=str(here), **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("encoding", ENCODINGS, ids=["cp1252", "ascii", "LANG=C"])
def test_what_an_encoding_cannot_say_is_said_in_another_way(encoding: dict[str, str], here: Path) -> None:
    for command in COMMANDS:
        code, said = streamed(command, here, **encoding)
        assert code == (1 if command == ("sessions", "list") else 0) or command == ("doctor",), (command, said)
        assert b"Traceback" not in said, command
        assert said.strip(), command
        # Where all that is known is ASCII, Click takes the terminal for one that was set up wrongly, and writes UTF-8.
        said.decode("cp1252" if encoding.get("PYTHONIOENCODING") == "cp1252" else "utf-8")


@pytest.mark.parametrize("columns", ["1", "20", "400"])
def test_a_narrow_or_wide_screen_is_no_trouble(columns: str, here: Path) -> None:
    for command in COMMANDS:
        _, said = streamed(command, here, COLUMNS=columns, LINES="5")
        assert b"Traceback" not in said, command


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_is_told_in_one_line(here: Path) -> None:
    for command in COMMANDS:
        if command == ("sessions", "list"):
            continue  # it writes nothing but an error
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [*TUNTAS, *command],
                env=environment(TUNTAS_DATA_DIR=str(here)),
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                timeout=60,
            )
        assert done.returncode == 1, command
        assert done.stderr.splitlines()[-1] == "tuntas: the output cannot be written: No space left on device."
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are closed in a way that Windows has not")
def test_a_reader_that_has_gone_or_never_was_is_no_trouble(here: Path) -> None:
    for command in COMMANDS:
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [*TUNTAS, *command],
            env=environment(TUNTAS_DATA_DIR=str(here)),
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
        os.close(writing)
        assert "Traceback" not in done.stderr, command
        assert "Exception ignored" not in done.stderr, command
        words = " ".join([*TUNTAS, *command])
        closed = subprocess.run(
            ["/bin/sh", "-c", f"{words} >&-"],
            env=environment(TUNTAS_DATA_DIR=str(here)),
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in closed.stderr, command


def test_no_color_is_heeded_on_a_terminal(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = ("--data-dir", str(here))
    coloured = "\x1b[3"
    with on_terminal("doctor", *data) as terminal:
        assert coloured in terminal.wait_for(" broken")
        terminal.wait_end()
    monkeypatch.setenv("NO_COLOR", "1")
    with on_terminal("doctor", *data) as terminal:
        assert coloured not in terminal.wait_for(" broken")
        terminal.wait_end()


def test_an_error_is_one_line_whatever_its_words(here: Path) -> None:
    code, said = streamed(("sessions", "list"), here, PYTHONIOENCODING="cp1252")
    assert code == 1
    assert len(said.splitlines()) == 1
    assert rb"caf\xe9 \u8cc7\u6599".decode("unicode_escape").encode("cp1252", "backslashreplace") in said
