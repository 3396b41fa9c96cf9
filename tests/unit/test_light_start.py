"""What a server's start does not wait for: what is behind its door, migrations that are not to be made, languages."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import tuntas.browser
import tuntas.profiles
from support.running import environment
from tuntas.dashboard.rendering import Rendering
from tuntas.foundation.sub_path import SubPath
from tuntas.server import run
from tuntas.storage.database import newest_migration
from tuntas.storage.inspection import newest_revision

MIGRATES = """
import asyncio, json, sys
from pathlib import Path
from tuntas.storage import Database

async def main():
    database = Database(Path(sys.argv[1]))
    await database.migrate()
    database.close()

asyncio.run(main())
print(json.dumps("alembic" in sys.modules))
"""

# Most of what a server is made of; the start comes to it when its door is open.
BEHIND_THE_DOOR = [
    "alembic",
    "babel",
    "fastapi",
    "httpx",
    "jinja2",
    "pydantic_settings",
    "python_socks",
    "rich",
    "sqlalchemy",
    "starlette",
    "tuntas.api",
    "tuntas.backup.restoring",
    "tuntas.processes",
    "tuntas.sessions.service",
    "tuntas.storage",
    "tuntas.whatsapp.engine",
]
UNTIL_THE_DOOR = """
import json, sys
import tuntas.cli
import tuntas.foundation.logs  # as `serve` does: before anything else that loads structlog
import tuntas.server.run as run

async def tell(stopping):
    print(json.dumps([name for name in {behind!r} if name in sys.modules]))
    return False

run._load_rooms = tell
tuntas.cli.main()
"""


def loads_alembic(database: Path) -> bool:
    told = subprocess.run(
        [sys.executable, "-c", MIGRATES, str(database)], capture_output=True, text=True, check=True, timeout=60
    )
    return bool(json.loads(told.stdout))


def test_a_database_of_this_version_is_opened_without_its_migrations(tmp_path: Path) -> None:
    database = tmp_path / "tuntas.db"
    assert loads_alembic(database)
    assert not loads_alembic(database)


def test_the_newest_migration_by_its_name_is_the_one_that_alembic_says() -> None:
    assert newest_migration() == newest_revision()[0]


def test_the_dashboard_reads_its_languages_for_its_first_page() -> None:
    rendering = Rendering({}, SubPath())
    assert "languages" not in vars(rendering)
    assert {"en", "id"} <= set(rendering.languages)


@pytest.mark.skipif(sys.platform == "win32", reason="the browser that is played here is a shell script")
@pytest.mark.parametrize("set_besides", [{}, {"TUNTAS_WEBHOOK_URL": "http://127.0.0.1:9/"}])
def test_the_door_opens_before_the_server_behind_it_is_loaded(set_besides: dict[str, str], tmp_path: Path) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\necho Chromium 140.0.7339.16\n")
    browser.chmod(0o755)
    told = subprocess.run(
        [sys.executable, "-c", UNTIL_THE_DOOR.format(behind=BEHIND_THE_DOOR), "serve", "--port", "0"],
        env=environment(TUNTAS_DATA_DIR=str(tmp_path / "data"), TUNTAS_BROWSER=str(browser), **set_besides),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(told.stdout) == []
    # And what was taken is given back.
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("package", [tuntas.browser, tuntas.profiles])
def test_a_front_that_loads_on_demand_has_all_that_it_says(package: ModuleType) -> None:
    assert {name for name in package.__all__ if getattr(package, name) is None} == set()
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = package.nothing
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec(f"from {package.__name__} import nothing")


def test_a_signal_to_stop_is_heeded_between_two_pieces_of_what_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    async def stopped_while_it_loads() -> bool:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()

        def load(room: str) -> None:
            loaded.append(room)
            loop.call_soon_threadsafe(stopping.set)

        monkeypatch.setattr(run, "import_module", load)
        return await run._load_rooms(stopping)

    assert not asyncio.run(stopped_while_it_loads())
    assert loaded == [run.ROOMS[0]]
