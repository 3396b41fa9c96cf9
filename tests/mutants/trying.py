"""Tries mutants: each in a process of its own that has read the mutant instead of the file, and runs the tests.

The file on the disk is never touched. A process is forked from one that has imported what tests import, so that a try
takes tests' time and no more; it is ended after its time, with all that it started, and its folder is removed.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from mutants.making import Mutant

_MEMORY_BYTES = 4 * 1024**3

# What a session's actor and a removal import; their own modules are forgotten again, so that a try reads them anew.
_IMPORTED = ("hypothesis", "tuntas.sessions.actor", "tuntas.profiles.removal", "tuntas.webhooks.retry")

# Plain asserts: a module that is imported already cannot be rewritten, and nobody reads what a mutant's test says.
_OPTIONS = ("-x", "-q", "--assert=plain", "--noconftest", "-p", "no:cacheprovider", "-p", "no:xdist")

# The metrics are registered once in a process.
_KEPT = "tuntas.foundation"


@dataclass(frozen=True, slots=True)
class Try:
    """A mutant, or the files as they are, with the test files that are to notice."""

    mutant: Mutant | None
    tests: tuple[str, ...]


def prepare() -> None:
    """Import what every try needs, once."""
    sys.dont_write_bytecode = True
    for name in _IMPORTED:
        importlib.import_module(name)
    for name in [name for name in sys.modules if name.split(".")[0] == "tuntas" and not name.startswith(_KEPT)]:
        del sys.modules[name]


def outcomes(tries: Iterable[Try], *, workers: int, seconds: float) -> Iterator[tuple[Try, bool]]:
    """Yield each try with whether all its tests passed; one that takes more than ``seconds`` has not passed."""
    running: dict[int, tuple[Try, float, Path]] = {}
    waiting = iter(tries)
    is_more = True
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        try:
            while is_more or running:
                while is_more and len(running) < workers:
                    one = next(waiting, None)
                    if one is None:
                        is_more = False
                        break
                    own = Path(tempfile.mkdtemp(dir=folder))
                    running[_forked(one, own, seconds)] = one, time.monotonic() + seconds, own
                for pid, (one, until, own) in list(running.items()):
                    has_ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
                    if has_ended or time.monotonic() >= until:
                        del running[pid]
                        has_passed = _end(pid) == 0
                        shutil.rmtree(own, ignore_errors=True)
                        yield one, has_passed
                time.sleep(0.01)
        finally:
            for pid in running:
                _end(pid)


def _end(pid: int) -> int:
    """End a try with all that it started; return what it ended with. Until it is waited for, its group is its own."""
    os.killpg(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _forked(one: Try, folder: Path, seconds: float) -> int:
    """Fork a process that tries, in a group of its own; it ends itself after ``seconds`` should nobody else do so."""
    pid = os.fork()
    if pid:
        os.setpgid(pid, pid)
        return pid
    code = 1
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        if one.mutant is not None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
            sys.meta_path.insert(0, _Reads(one.mutant))
        code = pytest.main([*_OPTIONS, f"--basetemp={folder / 'tests'}", f"--timeout={seconds}", *one.tests])
        sys.stdout.flush()
    finally:
        os._exit(code)


class _Reads(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):  # type: ignore[misc] # the typeshed's own
    """Reads one module's text from a mutant."""

    def __init__(self, mutant: Mutant) -> None:
        self._text = mutant.text
        self._path = str(Path(mutant.file).resolve())
        self._name = ".".join(Path(mutant.file).relative_to("src").with_suffix("").parts)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self, origin=self._path) if name == self._name else None

    def get_filename(self, name: str) -> str:
        return self._path

    def get_data(self, path: str) -> bytes:
        return self._text.encode()
