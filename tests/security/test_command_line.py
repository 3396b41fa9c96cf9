"""What is typed at the command line leads nowhere else, and ends in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.running import Server, run


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("\r\nX-Injected: 1", ["qr"]),
        ("../keys/x", ["delete", "--yes"]),
        ("", ["delete", "--yes"]),
        ("?x=1", ["show"]),
        ("a" * 65, ["stop"]),
    ],
)
def test_a_session_s_name_that_can_be_none_s_is_wrong_usage(server: Server, name: str, command: list[str]) -> None:
    verb, *more = command
    done = run("sessions", verb, name, *more, "--data-dir", str(server.data_dir))
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "no session's name" in " ".join(done.stderr.replace("│", " ").split())


COMMANDS = [
    "import @", "cleanup @", "cleanup --data-dir @", "backup create @", "backup list @", "backup verify @",
    "backup restore @", "doctor --data-dir @", "serve --data-dir @", "ps --data-dir @", "demo --data-dir @",
    "sandbox --data-dir @", "keys list --data-dir @", "sessions list --data-dir @", "canary --save @",
    "canary --page @",
]  # fmt: skip


LOOKS = {"cleanup --data-dir @", "ps --data-dir @"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_path_that_the_system_does_not_take_is_told_in_a_line(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").touch()
    for path in ("💥" * 200, "file/below"):
        done = run(*(str(tmp_path / path) if one == "@" else one for one in command.split()))
        told = done.stdout + done.stderr
        assert "Traceback" not in told, told[-2000:]
        # Two that only look at it say truly that there is nothing of ours.
        assert done.returncode in ({0, 1} if command in LOOKS else {1, 2}), told
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "command",
    ["keys create @", "keys create bot --session @", "keys revoke @", "sessions list --search @", "open --key @"],
)
def test_what_is_no_text_is_told_in_a_line_and_nothing_is_made(server: Server, command: str) -> None:
    words = ["a\udced\udcbf\udcbf" if one == "@" else one for one in command.split()]
    done = run(*words, "--data-dir", str(server.data_dir))
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    assert done.returncode in ({0} if "list" in words else {1, 2})
    assert done.stderr.strip() or done.returncode == 0
    assert server.http.get("/api/keys").json() == []
