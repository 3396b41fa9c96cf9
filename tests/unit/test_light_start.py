"""What a server's start does not wait for: it loads no migrations that are not to be made, and no page's language."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tuntas.dashboard.rendering import Rendering
from tuntas.foundation.sub_path import SubPath
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
