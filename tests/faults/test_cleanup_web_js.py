"""``tuntas cleanup --dir``: a whatsapp-web.js folder with real browsers in it, orphaned and alive."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.launchers import launched
from support.processes import installed_browsers, wait_until_none
from support.running import run
from tuntas.browser import BrowserKind

KINDS = [BrowserKind.HEADLESS_SHELL, BrowserKind.CHROMIUM]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a ``.wwebjs_auth`` with nothing in it."""
    made = tmp_path / ".wwebjs_auth"
    made.mkdir()
    return made


def session_in(folder: Path, name: str) -> Path:
    path = folder / name
    (path / "Default").mkdir(parents=True)
    (path / "Default" / "Cookies").write_bytes(b"x" * 50_000)
    return path


def ended_pid() -> int:
    """Return a pid that no process has any more."""
    with subprocess.Popen(["/bin/true"]) as process:
        return process.pid


def clean(folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    done = run("cleanup", "--dir", str(folder), "--json", *more)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("detached", [True, False])
def test_an_orphan_is_ended_and_its_named_folder_goes(folder: Path, kind: BrowserKind, detached: bool) -> None:
    with launched(folder / "session-shop", kind, detached=detached) as browser:
        browser.orphan()
        code, done = clean(folder, "--session", "shop")
        assert code == 0, done
        assert [one["pid"] for one in done["browsers_stopped"]] == [browser.pid]
        assert done["browsers_stopped"][0]["owner"] is None
        assert str(folder / "session-shop") in done["removed"]
        assert done["kept"] == []
        assert done["bytes_freed"] > 0
        assert not browser.living()
        assert not list(folder.iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_name_orphans_end_and_sessions_stay(folder: Path, kind: BrowserKind) -> None:
    other = session_in(folder, "session-other")
    with launched(folder / "session-shop", kind) as browser:
        browser.orphan()
        code, done = clean(folder)
        assert code == 0, done
        assert not browser.living()
        assert not list((folder / "session-shop").glob("Singleton*"))
        assert {one["name"] for one in done["sessions"]} == {"shop", "other"}
        assert (other / "Default" / "Cookies").exists()


def test_a_running_whatsapp_web_js_is_left_alone_and_named(folder: Path) -> None:
    with launched(folder / "session-shop") as browser:
        code, done = clean(folder, "--session", "shop")
        assert code == 1
        assert browser.is_untouched()
        (kept,) = done["kept"]
        assert kept["path"] == str(folder / "session-shop")
        assert kept["reason"] == "in_use"
        assert {browser.pid, browser.launcher.pid} <= {holder["pid"] for holder in kept["holders"]}
        assert (folder / "session-shop").is_dir()


def test_a_browser_that_somebody_is_connected_to_is_no_orphan(folder: Path) -> None:
    """As after ``puppeteer.connect``: the launcher is gone, yet another process drives the browser."""
    with launched(folder / "session-shop") as browser:
        browser.orphan()
        with socket.create_connection(("127.0.0.1", browser.port)):
            code, done = clean(folder)
            assert code == 1
            assert os.getpid() in {holder["pid"] for holder in done["kept"][0]["holders"]}
            assert browser.is_untouched()
        assert clean(folder)[0] == 0
        assert not browser.living()


@pytest.fixture
def start_script(tmp_path: Path) -> Path:
    """Return a start script that waits for its browser, as Debian's for headless-shell does."""
    browser = next(one.path for one in installed_browsers())
    script = tmp_path / "start-browser"
    script.write_text(f'#!/bin/sh\n"{browser}" "$@"\nexit $?\n')
    script.chmod(0o755)
    return script


@pytest.mark.parametrize("detached", [True, False])
def test_a_start_script_between_launcher_and_browser_is_looked_through(
    folder: Path, start_script: Path, detached: bool
) -> None:
    with launched(folder / "session-shop", program=start_script, detached=detached) as browser:
        assert len(browser.tree) > 3
        assert clean(folder)[0] == 1
        assert browser.is_untouched()
        browser.orphan()
        code, done = clean(folder)
        assert (code, len(done["browsers_stopped"])) == (0, 1)
        assert not wait_until_none(browser.living, 5)


def test_a_program_that_merely_names_the_profile_is_no_browser(folder: Path) -> None:
    profile = session_in(folder, "session-shop")
    # The shell ends at once, so the program is an orphan: all that a browser of ours would be, but for being one.
    start = (
        f'"{sys.executable}" -c "import signal; signal.pause()" --user-data-dir="{profile}" >/dev/null 2>&1 & echo $!'
    )
    shell = subprocess.run(["/bin/sh", "-c", start], capture_output=True, text=True, timeout=30, check=True)
    tool = psutil.Process(int(shell.stdout))
    try:
        assert clean(folder)[1]["browsers_stopped"] == []
        assert tool.status() != psutil.STATUS_ZOMBIE
    finally:
        tool.kill()
        tool.wait(10)


def test_an_orphan_that_hangs_is_ended_too(folder: Path) -> None:
    with launched(folder / "session-shop") as browser:
        browser.orphan()
        for process in browser.tree:
            process.suspend()
        assert clean(folder, "--session", "shop")[0] == 0
        assert not browser.living()
        assert not list(folder.iterdir())


def test_force_says_so_and_ends_it(folder: Path) -> None:
    with launched(folder / "session-shop") as browser:
        done = run("cleanup", "--dir", str(folder), "--session", "shop", "--force")
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"pid {browser.launcher.pid}" in done.stderr
        assert "--force" in done.stderr
        assert not browser.living()
        assert not (folder / "session-shop").exists()
        assert browser.launcher.poll() is None, "only the browser is ended, not the program that ran it"


def test_a_browser_elsewhere_survives_even_in_the_group_of_an_orphan(folder: Path, tmp_path: Path) -> None:
    """Both share the process group of one killed launcher; only the profile tells them apart."""
    with (
        launched(tmp_path / "elsewhere" / "session-shop", detached=False) as decoy,
        launched(folder / "deeper" / "session-shop") as deeper,
        launched(folder / "session-shop", detached=False) as browser,
    ):
        for one in (decoy, deeper, browser):
            one.orphan()
        code, done = clean(folder)
        assert code == 0
        assert [one["pid"] for one in done["browsers_stopped"]] == [browser.pid]
        assert not browser.living()
        assert decoy.is_untouched()
        assert deeper.is_untouched()


def test_a_bystander_in_the_orphan_s_process_group_survives(folder: Path) -> None:
    with launched(folder / "session-shop", detached=False) as browser:
        assert os.getpgid(browser.pid) == os.getpgid(browser.bystander.pid)
        browser.orphan()
        assert clean(folder)[0] == 0
        assert not browser.living()
        assert browser.bystander.is_running()


IN_A_CONTAINER = """
import sys
from pathlib import Path
from support.launchers import launched
from support.running import run
folder = Path(sys.argv[1])
with launched(folder / "session-shop") as browser:
    browser.orphan()
    print(run("cleanup", "--dir", str(folder)).returncode, len(browser.living()) > 0)
"""


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare")
@pytest.mark.parametrize(("first", "answer"), [("application", "1 True"), ("init", "0 False")])
def test_process_1_is_an_owner_only_if_it_is_the_application_itself(folder: Path, first: str, answer: str) -> None:
    """In a container ``node`` may be process 1; then whom it adopts cannot be told from whom it launched."""
    inside = [sys.executable, "-c", IN_A_CONTAINER, str(folder)]
    if first == "init":
        inside = ["/bin/sh", "-c", '"$@"; true', "sh", *inside]
    done = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount-proc", *inside],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == answer


def test_a_dry_run_changes_nothing(folder: Path) -> None:
    leftover = session_in(folder, "session-old.being-deleted-01hzy0000000000000000000ab")
    with launched(folder / "session-shop") as browser:
        browser.orphan()
        before = sorted(path.name for path in folder.iterdir())
        code, done = clean(folder, "--session", "shop", "--dry-run")
        assert code == 0
        assert [one["pid"] for one in done["browsers_stopped"]] == [browser.pid]
        assert done["removed"] == [str(folder / "session-shop")]
        assert done["sizes"] == {str(folder / "session-shop"): done["bytes_freed"]}
        assert done["bytes_freed"] > 0
        assert browser.is_untouched()
        assert sorted(path.name for path in folder.iterdir()) == before
        assert leftover.exists()


def test_leftovers_of_an_earlier_deletion_are_finished(folder: Path) -> None:
    kept = session_in(folder, "session-shop")
    leftover = session_in(folder, "session-shop.being-deleted-01hzy0000000000000000000ab")
    foreign = session_in(folder, "notes.being-deleted-01hzy0000000000000000000ab")
    code, done = clean(folder)
    assert code == 0
    assert done["removed"] == [str(leftover)]
    assert kept.exists()
    assert foreign.exists()


def test_a_stale_lock_is_cleared(folder: Path) -> None:
    lock = session_in(folder, "session-shop") / "SingletonLock"
    lock.symlink_to(f"{socket.gethostname()}-{ended_pid()}")
    code, done = clean(folder)
    assert code == 0
    assert done["removed"] == [str(lock)]
    assert not lock.is_symlink()


def test_a_lock_of_another_host_needs_force_for_its_container_may_be_alive(folder: Path) -> None:
    lock = session_in(folder, "session-shop") / "SingletonLock"
    lock.symlink_to("otherhost-123")
    code, done = clean(folder)
    assert (code, done["kept"][0]["reason"], done["removed"]) == (1, "foreign_host", [])
    assert lock.is_symlink()
    assert clean(folder, "--force")[0] == 0
    assert not lock.is_symlink()


def test_a_session_s_own_folder_is_no_folder_of_sessions(folder: Path) -> None:
    shop = session_in(folder, "session-shop")
    done = run("cleanup", "--dir", str(shop))
    assert done.returncode == 1
    assert f"--dir {folder}" in done.stderr
    assert shop.exists()


def test_the_session_without_a_name_can_be_named(folder: Path) -> None:
    session_in(folder, "session")
    other = session_in(folder, "session-shop")
    assert clean(folder, "--session", "session")[0] == 0
    assert [path.name for path in folder.iterdir()] == [other.name]


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("chattr") is None, reason="needs root and chattr")
def test_an_immutable_file_is_named_with_exit_code_1(folder: Path) -> None:
    cookies = session_in(folder, "session-shop") / "Default" / "Cookies"
    subprocess.run(["chattr", "+i", str(cookies)], check=True)
    try:
        code, done = clean(folder, "--session", "shop")
        assert code == 1
        (kept,) = done["kept"]
        assert kept["reason"] == "immutable"
    finally:
        for left in folder.rglob("Cookies"):
            subprocess.run(["chattr", "-i", str(left)], check=True)
    assert clean(folder, "--session", "shop")[0] == 0
    assert not list(folder.iterdir())


def test_a_link_in_a_session_s_place_is_refused(folder: Path) -> None:
    """A link out of the folder is refused, and what it points to is not touched."""
    target = folder.parent / "precious"
    target.mkdir()
    (folder / "session-shop").symlink_to(target)
    code, done = clean(folder, "--session", "shop")
    assert code == 1
    assert done["kept"][0]["reason"] == "refused"
    assert target.is_dir()


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    done = run("cleanup", "--dir", str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no folder" in done.stderr


def test_a_name_that_leaves_the_folder_is_refused(folder: Path) -> None:
    done = run("cleanup", "--dir", str(folder), "--session", "../../etc")
    assert done.returncode == 1
    assert "not a folder name" in done.stderr
