"""``tuntas selftest`` tries this machine out, leaves nothing, and tells what fails without saying whose it is."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from support.processes import installed_browsers
from support.running import browsers_of, run

CHECKS = [
    "a browser",
    "a file held by another process",
    "a rename under an open file",
    "a whole life on the sandbox",
    "a killed server",
    "a browser that nobody owns",
    "nothing is left",
]


def test_all_is_tried_out_on_this_machine_and_nothing_is_left(tmp_path: Path) -> None:
    temp = tmp_path / "temp"
    temp.mkdir()
    # What a server of the user's own is told must not reach the parts that are tried out.
    own = {"TUNTAS_DATA_DIR": str(tmp_path / "own"), "TUNTAS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/own"}
    done = run("selftest", TMPDIR=str(temp), timeout_seconds=280, **own)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split("  ")[-1].strip() for line in done.stderr.splitlines()[1:]] == CHECKS
    told = [line for line in done.stdout.splitlines() if line.startswith("passed")]
    assert [line.split(" s  ")[1].split(":")[0] for line in told] == CHECKS
    assert done.stdout.splitlines()[-1] == f"All {len(CHECKS)} passed."
    assert list(temp.iterdir()) == []
    assert not (tmp_path / "own").exists()
    assert browsers_of(temp) == []


def test_a_browser_that_does_not_start_is_told_and_what_needs_it_is_skipped(tmp_path: Path) -> None:
    broken = tmp_path / "broken-browser-of-628111000999"
    broken.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "Chromium 150.0.1.2" && exit\necho "no luck" >&2\nexit 3\n'
    )
    broken.chmod(0o755)
    temp = tmp_path / "temp"
    temp.mkdir()
    done = run("selftest", "--json", TMPDIR=str(temp), TUNTAS_BROWSER=str(broken), HOME=str(tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] is False
    results = {one["check"]: one["result"] for one in report["checks"]}
    assert list(results) == CHECKS
    assert list(results.values()) == ["failed", "passed", "passed", "skipped", "skipped", "skipped", "passed"]
    assert "ended with code 3" in report["checks"][0]["detail"]
    assert "no luck" in report["checks"][0]["detail"]
    for said_of_somebody in (str(tmp_path), "628111000999", socket.gethostname()):
        assert said_of_somebody not in done.stdout
    assert list(temp.iterdir()) == []


def test_a_machine_on_which_something_breaks_later_is_told_as_well(tmp_path: Path) -> None:
    """A browser that starts once and never again: the server cannot bring a session up with it."""
    real, used = installed_browsers()[0].path, tmp_path / "used"
    fickle = tmp_path / "fickle"
    fickle.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "Chromium 150.0.1.2" && exit\n'
        f'[ -e "{used}" ] && exit 3\ntouch "{used}"\nexec "{real}" "$@"\n'
    )
    fickle.chmod(0o755)
    temp = tmp_path / "temp"
    temp.mkdir()
    done = run("selftest", "--json", TMPDIR=str(temp), TUNTAS_BROWSER=str(fickle), timeout_seconds=280)
    assert done.returncode == 1, done.stdout + done.stderr
    report = json.loads(done.stdout)
    failed = {one["check"] for one in report["checks"] if one["result"] == "failed"}
    assert failed == {"a whole life on the sandbox", "a killed server", "a browser that nobody owns"}
    assert list(temp.iterdir()) == []
    assert browsers_of(temp) == []
