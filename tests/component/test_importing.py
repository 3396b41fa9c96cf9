"""An import that fails after it has begun puts everything back: the folder, its marker, the row."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.running import environment
from tuntas.foundation.clock import SystemClock
from tuntas.profiles import ProfileStore
from tuntas.profiles.marker import NAME as MARKER
from tuntas.server.adoptable import ImportRefused, Source
from tuntas.server.importing import Order, _Importer
from tuntas.storage import Database, SqlSessionStore


def plain_profile(path: Path) -> Path:
    (path / "Default").mkdir(parents=True)
    (path / "Default/Cookies").write_text("keys")
    return path


async def import_without_a_look(order: Order, data: Path, source: Source) -> list[str]:
    """Import a folder as if it had become used right after the look; return the sessions that are there then."""
    database = Database(f"sqlite:///{data / 'tuntas.db'}")
    try:
        await database.migrate()
        importer = _Importer(order, ProfileStore(data / "profiles"), database, SystemClock())
        with pytest.raises(ImportRefused, match="in use by"):
            await importer.run([source])
        return [record.name for record in await SqlSessionStore(database).load()]
    finally:
        database.close()


@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize("marker", [None, b'{"session": "before"}'])
def test_a_folder_that_becomes_used_in_the_last_moment_is_put_back(
    tmp_path: Path, copy: bool, marker: bytes | None
) -> None:
    source = plain_profile(tmp_path / "auth/session-old")
    if marker is not None:
        (source / MARKER).write_bytes(marker)
    script = "import sys; file = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(source / "Default/Cookies")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        order = Order(source, copy=copy)
        (tmp_path / "data").mkdir()
        names = asyncio.run(import_without_a_look(order, tmp_path / "data", Source(source, "old")))
        holder.communicate()
    assert names == []
    assert (source / "Default/Cookies").read_text() == "keys"
    assert ((source / MARKER).read_bytes() if (source / MARKER).exists() else None) == marker
    assert not (tmp_path / "data/profiles/session-old").exists()


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None,
    reason="needs root and unshare, to mount something",
)
def test_a_folder_that_cannot_be_renamed_is_left_as_it_was_and_copy_is_named(tmp_path: Path) -> None:
    source, data = plain_profile(tmp_path / "auth/session-old"), tmp_path / "data"
    script = 'mount --bind "$1" "$1" && shift && exec "$@"'
    command = [sys.executable, "-m", "tuntas", "import", str(source.parent), "--data-dir", str(data)]
    # A bind mount has the device of its own file system, so that only the rename itself can fail.
    unshare = ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", str(source), *command]
    done = subprocess.run(unshare, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "could not be moved" in done.stderr
    assert "--copy" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert {path.name for path in source.rglob("*")} == {"Default", "Cookies"}
    again = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert again.returncode == 0, again.stderr
