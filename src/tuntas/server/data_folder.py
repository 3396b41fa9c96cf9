"""The data folder belongs to one server at a time: its lock, and the note by which the terminal finds the server.

The lock is the operating system's, so it ends with its holder however that dies. The note (address, pid, a token that
lives as long as this server) is readable by the owner only; whoever can read it owns the profiles anyway.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from tuntas.foundation.advice import Advice
from tuntas.foundation.identifiers import secret_token


class DataFolderBusy(Advice):
    """Another server works on this data folder; the message names it."""


class DataFolderUnusable(Advice):
    """The data folder cannot be made or written; the message says why."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server as its note describes it."""

    url: str
    pid: int
    create_time: float
    token: str


class DataFolder:
    """One data folder, held from ``acquire`` to ``release``."""

    def __init__(self, path: Path) -> None:
        """Describe the folder at ``path``; nothing is touched yet."""
        self.path = path
        self._lock = FileLock(path / "tuntas.lock", timeout=0, thread_local=False)
        self._note = path / "server.json"
        self._is_new = False

    def acquire(self) -> None:
        """Make the folder if there is none, and take its lock.

        Raises:
            DataFolderBusy: another server holds it.
            DataFolderUnusable: it cannot be made or written.
        """
        try:
            self._is_new = not self.path.exists()
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.acquire()
        except Timeout:
            other = self.running_server()
            who = f"pid {other.pid} at {other.url}" if other else "one that is just starting or stopping"
            message = f"Another Tuntas server works on {self.path} ({who}). Stop it, or choose another --data-dir."
            raise DataFolderBusy(message) from None
        except OSError as error:
            message = f"The data folder {self.path} cannot be used: {error.strerror}. Choose another --data-dir."
            raise DataFolderUnusable(message) from error

    def announce(self, url: str, token: str) -> None:
        """Leave the note by which the terminal finds this server."""
        note = RunningServer(url, os.getpid(), psutil.Process().create_time(), token)
        fresh = self._note.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(note), file)
        fresh.replace(self._note)

    def secret(self) -> str:
        """Return the secret that signs what browsers keep of this server; made when it is first asked for.

        In the folder and not in the database, of which copies are made and which may be elsewhere: whoever can read
        this folder owns the profiles anyway.
        """
        path = self.path / "dashboard.secret"
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            made = secret_token()
        fresh = path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(made)
        fresh.replace(path)
        return made

    def release(self) -> None:
        """Remove the note and let go of the lock."""
        self._note.unlink(missing_ok=True)
        self._lock.release()
        if self._is_new and [entry.name for entry in self.path.iterdir()] == ["tuntas.lock"]:
            # A start that failed early (a taken port, say) leaves things as it found them.
            (self.path / "tuntas.lock").unlink()
            self.path.rmdir()

    def running_server(self) -> RunningServer | None:
        """Return the server that the note describes, if it still runs."""
        try:
            note = RunningServer(**json.loads(self._note.read_text()))
            same = psutil.Process(note.pid).create_time() == note.create_time
        except (OSError, ValueError, TypeError, psutil.Error):
            return None
        return note if same else None
