"""The data folder belongs to one server at a time: its lock, and the note by which the terminal finds the server.

The lock is the operating system's, so it ends with its holder however that dies. The note (address, pid, a token that
lives as long as this server) is readable by the owner only; whoever can read it owns the profiles anyway. So is all
else: whoever takes the folder closes to other users what is open, and makes nothing that is.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from tuntas.backup.cut_off import RESTORING_NAME
from tuntas.foundation.identifiers import secret_token
from tuntas.foundation.user_error import UserError
from tuntas.server.private_modes import OTHERS, OpenEntry, close_to_others


class DataFolderBusy(UserError):
    """Another server works on this data folder; the message names it."""


class DataFolderUnusable(UserError):
    """The data folder cannot be made or written; the message says why."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server as its note describes it. ``whatsapp_url``: the page that it opens, empty where it does not say."""

    url: str
    pid: int
    create_time: float
    token: str
    whatsapp_url: str = ""


class DataFolder:
    """One data folder, held from ``acquire`` to ``release``."""

    def __init__(self, path: Path, way_for: int | None = None) -> None:
        """Describe the folder at ``path``, through which the group ``way_for`` may pass; nothing is touched yet."""
        self.path = path
        self._way_for = way_for
        self._lock = FileLock(path / "tuntas.lock", timeout=0, thread_local=False)
        self._note = path / "server.json"
        self._is_new = False
        self.was_open: list[OpenEntry] = []
        """What was open to other users when the folder was taken; it is closed, unless it says why not."""

    def acquire(self, *, restoring: bool = False) -> None:
        """Make the folder if there is none, take its lock, and keep other users out from now on.

        Only a restore may take a folder in which another one was cut off.

        Whatever this process makes after that, and its browsers, is for its own user only (umask 077).

        Raises:
            DataFolderBusy: another server holds it.
            DataFolderUnusable: it cannot be made or written.
        """
        os.umask(OTHERS)
        try:
            self._is_new = not self.path.exists()
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if (self.path / RESTORING_NAME).exists() and not restoring:
                message = f"A restore into {self.path} was cut off. Run it again: it begins anew."
                raise DataFolderUnusable(message)
            self._lock.acquire()
            self.was_open = close_to_others(self.path, self._way_for)
        except Timeout:
            other = self.running_server()
            who = f"pid {other.pid} at {other.url}" if other else "one that is just starting or stopping"
            message = f"Another Tuntas server works on {self.path} ({who}). Stop it, or choose another --data-dir."
            raise DataFolderBusy(message) from None
        except OSError as error:
            message = f"The data folder {self.path} cannot be used: {error.strerror}. Choose another --data-dir."
            raise DataFolderUnusable(message) from error

    def announce(self, url: str, token: str, whatsapp_url: str) -> None:
        """Leave the note by which the terminal finds this server."""
        import psutil

        note = RunningServer(url, os.getpid(), psutil.Process().create_time(), token, whatsapp_url)
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
        import psutil

        try:
            note = RunningServer(**json.loads(self._note.read_text()))
            same = psutil.Process(note.pid).create_time() == note.create_time
        except (OSError, ValueError, TypeError, psutil.Error):
            return None
        return note if same else None
