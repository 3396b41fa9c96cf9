"""A PostgreSQL server of the tests' own, on a socket in its own folder; skips where PostgreSQL is not installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, text

from support.running import wait_for

USER = "tuntas"
START_SECONDS = 30.0
# Debian keeps the server's programs off the path.
_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class Cluster:
    """A running server; makes a new database for whoever asks."""

    def __init__(self, socket_dir: Path) -> None:
        self._socket_dir = socket_dir
        self._made = 0

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self._socket_dir}"

    def new_database(self) -> str:
        """Return the URL of a database that nobody has used."""
        self._made += 1
        name = f"t{self._made}"
        engine = create_engine(self._admin_url(), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
        finally:
            engine.dispose()
        return self.url(name)

    def _admin_url(self) -> str:
        return self.url("postgres").replace("postgresql:", "postgresql+psycopg:")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a server; nothing of it is left when the block ends."""
    programs = {name: _program(name) for name in ("initdb", "postgres")}
    # Not pytest's folder: as root the server runs as another user, who cannot enter it. Short, for a socket's name.
    folder = Path(tempfile.mkdtemp(prefix="tuntas-pg-"))
    try:
        before = _as_server_user(folder)
        data = folder / "data"
        prepare = [programs["initdb"], "--pgdata", str(data), "--username", USER, "--auth", "trust", "--no-sync"]
        subprocess.run([*before, *prepare], check=True, capture_output=True, timeout=START_SECONDS, cwd=folder)
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [*before, programs["postgres"], "-D", str(data), *options], stdout=log, stderr=log, cwd=folder
            )
        try:
            log_path = folder / "log"
            wait_for(
                lambda: b"ready to accept connections" in log_path.read_bytes() or server.poll() is not None,
                what="PostgreSQL answers",
                limit_seconds=START_SECONDS,
            )
            assert server.poll() is None, log_path.read_text()
            yield Cluster(folder)
        finally:
            server.terminate()
            server.wait(START_SECONDS)
    finally:
        shutil.rmtree(folder)


def is_of_cluster(process: psutil.Process) -> bool:
    """Say whether a process is a part of such a server, also one that it has just started for a client."""
    try:
        return process.name() == "postgres"
    except psutil.NoSuchProcess:
        return False


def _program(name: str) -> str:
    found = next((str(place / name) for place in _PLACES if (place / name).exists()), None) or shutil.which(name)
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return found


def _as_server_user(folder: Path) -> list[str]:
    """Return what to put before a command, for the server refuses to run as root."""
    if os.geteuid() != 0:
        return []
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("there is no user postgres for the server to run as")
    os.chown(folder, account.pw_uid, account.pw_gid)
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--"]
