"""``tuntas cleanup --dir`` on what the real whatsapp-web.js leaves: its puppeteer, its Node, its ``.wwebjs_auth``."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.processes import wait_until_none
from support.running import browsers_of, run
from support.whatsapp_web_js import RECIPE, ROOT, WebJs, node_modules, whatsapp_web_js
from tuntas.browser import BrowserKind

KINDS = [BrowserKind.HEADLESS_SHELL, BrowserKind.CHROMIUM]

# The first test that runs installs whatsapp-web.js.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def installed() -> None:
    node_modules()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the ``.wwebjs_auth`` is going to be; whatsapp-web.js makes it."""
    return tmp_path / ".wwebjs_auth"


def clean(folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    done = run("cleanup", "--dir", str(folder), "--json", *more)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def lives_on(web_js: WebJs) -> bool:
    """Whether every client's browser runs, with helpers, and has files of its session's folder open."""
    held = {path for process in web_js.living() for path in paths_open_in(process)}
    sessions = [path for path in web_js.folder.glob("session-*") if any(path in file.parents for file in held)]
    alive = {process.pid for process in web_js.living()}
    return alive > set(web_js.pids) and len(sessions) == len(web_js.pids) > 0


def paths_open_in(process: psutil.Process) -> list[Path]:
    try:
        return [Path(file.path) for file in process.open_files()]
    except psutil.NoSuchProcess:
        return []


@pytest.mark.parametrize("kind", KINDS)
def test_the_browsers_of_a_killed_node_are_named_ended_and_their_folder_goes(folder: Path, kind: BrowserKind) -> None:
    with whatsapp_web_js(folder, "XX", kind=kind) as web_js:
        web_js.kill()
        assert lives_on(web_js), "this is the mess that users report"

        code, would = clean(folder, "--dry-run")
        assert code == 0
        assert [(one["session"], one["pid"], one["owner"]) for one in would["browsers_stopped"]] == [
            ("XX", web_js.pids[0], None)
        ]
        assert would["browsers_stopped"][0]["processes"] >= len(web_js.living())
        assert would["kept"] == []
        assert lives_on(web_js)

        code, done = clean(folder, "--session", "XX")
        assert code == 0, done
        assert [one["pid"] for one in done["browsers_stopped"]] == web_js.pids
        assert str(folder / "session-XX") in done["removed"]
        assert done["bytes_freed"] > 0
        assert web_js.living() == []
        assert list(folder.iterdir()) == []
        assert not wait_until_none(lambda: set(browsers_of(folder)), 5)


def test_all_browsers_of_one_killed_node_end_and_the_sessions_stay(folder: Path) -> None:
    with whatsapp_web_js(folder, "one", "two") as web_js:
        web_js.kill()
        assert lives_on(web_js)
        code, done = clean(folder)
        assert code == 0, done
        assert {one["pid"] for one in done["browsers_stopped"]} == set(web_js.pids)
        assert web_js.living() == []
        assert {one["name"] for one in done["sessions"]} == {"one", "two"}
        assert sorted(path.name for path in folder.iterdir()) == ["session-one", "session-two"]
        assert not list(folder.glob("*/Singleton*"))
    # The point of it all: the same folders can be used again.
    with whatsapp_web_js(folder, "one", "two") as again:
        assert len(again.ask("ping")) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_runs_is_left_alone_and_its_owner_named(folder: Path, kind: BrowserKind) -> None:
    with whatsapp_web_js(folder, "XX", kind=kind) as web_js:
        there = (folder / "session-XX").stat().st_ino
        for more in ((), ("--session", "XX")):
            code, done = clean(folder, *more)
            assert code == 1
            assert (done["removed"], done["browsers_stopped"]) == ([], [])
            (kept,) = done["kept"]
            assert (kept["path"], kept["reason"]) == (str(folder / "session-XX"), "in_use")
            assert {holder["pid"]: holder["name"] for holder in kept["holders"]}.items() >= {
                (web_js.node.pid, "node"),
                (web_js.pids[0], "browser"),
            }
        said = run("cleanup", "--dir", str(folder), "--session", "XX")
        assert said.returncode == 1
        assert f"held by node (pid {web_js.node.pid})" in said.stdout
        assert lives_on(web_js)
        assert (folder / "session-XX").stat().st_ino == there
        assert "Chrome/" in web_js.ask("ping")[0]


def test_beside_one_that_runs_only_the_orphan_is_ended(folder: Path) -> None:
    with whatsapp_web_js(folder, "alive") as living, whatsapp_web_js(folder, "dead") as dead:
        dead.kill()
        code, done = clean(folder)
        assert code == 1, "what still runs is left, and said"
        assert [one["pid"] for one in done["browsers_stopped"]] == dead.pids
        assert [kept["path"] for kept in done["kept"]] == [str(folder / "session-alive")]
        assert dead.living() == []

        code, done = clean(folder, "--session", "dead")
        assert (code, done["removed"], done["kept"]) == (0, [str(folder / "session-dead")], [])
        assert lives_on(living)
        assert "Chrome/" in living.ask("ping")[0]
        assert [path.name for path in folder.iterdir()] == ["session-alive"]


def test_force_says_whose_browser_it_is_and_ends_it(folder: Path) -> None:
    with whatsapp_web_js(folder, "XX") as web_js:
        done = run("cleanup", "--dir", str(folder), "--session", "XX", "--force")
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"in use by node (pid {web_js.node.pid})" in done.stderr
        assert web_js.living() == []
        assert list(folder.iterdir()) == []
        assert web_js.node.poll() is None, "only the browser is ended, not the program that ran it"


def example(language: str) -> str:
    """Return the code in ``language`` that the documentation shows."""
    text = (ROOT / "docs" / "ebusy.md").read_text(encoding="utf-8")
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(code)


def test_the_documented_script_deletes_what_a_client_has_left(folder: Path) -> None:
    with whatsapp_web_js(folder, "XX") as web_js:
        web_js.ask("destroy")
    assert (folder / "session-XX").is_dir()
    done = subprocess.run(
        [sys.executable, "-c", example("python")], cwd=folder.parent, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "deleted after 1 attempt(s)\n"), done.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_documented_recipe_for_node_leaves_no_browser_and_no_folder(folder: Path, kind: BrowserKind) -> None:
    (folder.parent / RECIPE).write_text(f"{example('js')}\nmodule.exports = removeSession;\n")
    with whatsapp_web_js(folder, "XX", kind=kind) as web_js:
        web_js.ask("remove")
        assert not wait_until_none(lambda: {process.pid for process in web_js.living()}, 5)
        assert list(folder.iterdir()) == []
        assert web_js.node.poll() is None


def contents(profile: Path) -> dict[str, bytes]:
    return {str(path.relative_to(profile)): path.read_bytes() for path in profile.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", KINDS)
def test_its_folder_is_imported_when_its_client_has_ended_and_not_before(
    folder: Path, tmp_path: Path, kind: BrowserKind
) -> None:
    data = tmp_path / "data"
    with whatsapp_web_js(folder, "shop", kind=kind) as web_js:
        refused = run("import", str(folder), "--data-dir", str(data))
        assert refused.returncode == 1
        assert f"pid {web_js.pids[0]}" in refused.stderr
        assert lives_on(web_js)
        web_js.ask("destroy")
        assert not wait_until_none(lambda: {process.pid for process in web_js.living()}, 10)
        before = contents(folder / "session-shop")
        assert before
        done = run("import", str(folder), "--data-dir", str(data), "--json")
        assert done.returncode == 0, done.stderr
        profile = data / "profiles" / "session-shop"
        assert json.loads(done.stdout) == [
            {"session": "shop", "source": str(folder / "session-shop"), "profile": str(profile)}
        ]
        assert contents(profile).items() >= before.items()
        assert list(folder.iterdir()) == []
