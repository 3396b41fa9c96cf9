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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from mutants.making import Mutant

_MEMORY_BYTES = 4 * 1024**3

# Several times what all tests need: a mutant that goes round and round is not waited for on a busy machine.
_PROCESSOR_SECONDS = 20

# Plain asserts: a module that is imported already cannot be rewritten, and nobody reads what a mutant's test says.
# Of the plugins only the one that is asked for: to load the others takes longer than most tests.
_OPTIONS = ("-x", "-q", "--assert=plain", "--noconftest", "-p", "no:cacheprovider", "-p", "pytest_timeout")
_NO_OTHER_PLUGINS = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"

# What a try leaves in its folder: the name of the test that noticed.
_NOTE = "noticed"

# The metrics are registered once in a process.
_KEPT = "tuntas.foundation"


@dataclass(frozen=True, slots=True)
class Try:
    """A mutant, or the files as they are, with the test files that are to notice."""

    mutant: Mutant | None
    tests: tuple[str, ...]


def prepare(file: str) -> None:
    """Import what ``file`` imports, once for all its tries; it and what depends on it each try reads anew."""
    sys.dont_write_bytecode = True
    os.environ[_NO_OTHER_PLUGINS] = "1"
    importlib.import_module("pytest_timeout")
    _forget(lambda name: name.split(".")[0] == "tuntas" and not name.startswith(_KEPT))
    module = _module_of(file)
    package = module.rpartition(".")[0]
    importlib.import_module(package)
    # Of what is imported now, nothing but a package that imports the file by itself can depend on it.
    is_imported_by_package = module in sys.modules
    importlib.import_module(module)
    _forget(lambda name: name == module or (is_imported_by_package and f"{name}.".startswith(f"{package}.")))


def _forget(is_meant: Callable[[str], bool]) -> None:
    for name in [name for name in sys.modules if is_meant(name)]:
        del sys.modules[name]
        package, _, last = name.rpartition(".")
        if package in sys.modules:
            vars(sys.modules[package]).pop(last, None)  # or it would be taken from there


def _module_of(file: str) -> str:
    return ".".join(Path(file).relative_to("src").with_suffix("").parts)


def outcomes(tries: Iterable[Try], *, workers: int, seconds: float) -> Iterator[tuple[Try, bool]]:
    """Yield each try with whether all its tests passed; one that takes more than ``seconds`` has not passed."""
    running: dict[int, tuple[Try, float, Path]] = {}
    noticed: list[str] = []
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
                    running[_forked(one, own, seconds, noticed)] = one, time.monotonic() + seconds, own
                for pid, (one, until, own) in list(running.items()):
                    has_ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
                    if has_ended or time.monotonic() >= until:
                        del running[pid]
                        has_passed = _end(pid) == 0
                        noticed = _with_newest(noticed, own)
                        shutil.rmtree(own, ignore_errors=True)
                        yield one, has_passed
                time.sleep(0.01)
        finally:
            for pid in running:
                _end(pid)


def _with_newest(noticed: list[str], folder: Path) -> list[str]:
    """Return the tests that have noticed a mutant, the last one first."""
    note = folder / _NOTE
    newest = [note.read_text()] if note.is_file() else []
    return newest + [one for one in noticed if one not in newest]


def _end(pid: int) -> int:
    """End a try with all that it started; return what it ended with. Until it is waited for, its group is its own."""
    os.killpg(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _forked(one: Try, folder: Path, seconds: float, noticed: list[str]) -> int:
    """Fork a process that tries, in a group of its own; it ends itself after ``seconds`` should nobody else do so."""
    pid = os.fork()
    if pid:
        os.setpgid(pid, pid)
        return pid
    code = 1
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_SECONDS, _PROCESSOR_SECONDS))
        if one.mutant is not None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
            sys.meta_path.insert(0, _Reads(one.mutant))
        options = (*_OPTIONS, f"--basetemp={folder / 'tests'}", f"--timeout={seconds}")
        plugin = _LikelyFirst(noticed, folder / _NOTE)
        # In two goes: most are noticed in the first one, which then has not read the other files.
        first = noticed[0].split("::")[0] if noticed else one.tests[0]
        for files in ([first], [file for file in one.tests if file != first]):
            code = pytest.main([*options, *files], [plugin]) if files else 0
            if code:
                break
        sys.stdout.flush()
    finally:
        os._exit(code)


class _LikelyFirst:
    """Has those tests run first that noticed the last mutants: they notice their neighbours too."""

    def __init__(self, noticed: list[str], note: Path) -> None:
        self._places = {name: place for place, name in enumerate(noticed)}
        self._note = note

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self._places.get(item.nodeid, len(self._places)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._note.write_text(report.nodeid)


class _Reads(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):  # type: ignore[misc] # the typeshed's own
    """Reads one module's text from a mutant."""

    def __init__(self, mutant: Mutant) -> None:
        self._text = mutant.text
        self._path = str(Path(mutant.file).resolve())
        self._name = _module_of(mutant.file)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self, origin=self._path) if name == self._name else None

    def get_filename(self, name: str) -> str:
        return self._path

    def get_data(self, path: str) -> bytes:
        return self._text.encode()
