"""Tries mutants: each in a forked process of its own, which runs the tests until one notices.

The file on the disk is never touched. Most mutants differ within functions only: they are forked from a process that
has read the tests, and its functions are given the mutant's code, so that a try takes a few tests' time and no more.
The others are read instead of the file, and what depends on it is read anew. A try is ended after its time, with all
that it started, and its folder is removed.
"""

from __future__ import annotations

import ast
import gc
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
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeVar

import pytest

from mutants.making import Mutant

_MEMORY_BYTES = 4 * 1024**3

# Several times what all tests need: a mutant that goes round and round is not waited for on a busy machine.
_PROCESSOR_SECONDS = 20

# Plain asserts: a module that is imported already cannot be rewritten, and nobody reads what a mutant's test says.
# Of the plugins only the one that is asked for: to load the others takes longer than most tests.
_OPTIONS = ("-x", "-qq", "-s", "--assert=plain", "--noconftest", "-p", "no:cacheprovider", "-p", "pytest_timeout")
_NO_OTHER_PLUGINS = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"

# The metrics are registered once in a process.
_KEPT = "tuntas.foundation"

# What a try leaves in its folder: the name of the test that noticed.
_NOTE = "noticed"

One = TypeVar("One", bound=Mutant | None)


@dataclass(frozen=True, slots=True)
class Tries:
    """The tries of one file's mutants with the tests that are to notice, so many at a time.

    One that takes more than ``seconds`` has not passed. ``tell`` hears of each whether all tests passed.
    """

    file: str
    tests: tuple[str, ...]
    workers: int
    seconds: float
    tell: Callable[[Mutant, bool], None]

    def run(self, mutants: Iterable[Mutant]) -> bool:
        """Try the mutants; return False, with some left out, where the tests fail without any change."""
        shared: list[Mutant] = []
        alone: list[Mutant] = []
        outside = outside_functions(Path(self.file).read_text())
        for one in mutants:
            (shared if outside_functions(one.text) == outside else alone).append(one)
        _prepare(self.file)
        for one, has_passed in self.outcomes(alone, self._passes_alone):
            self.tell(one, has_passed)
        loop = _Shared(self, shared)
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
            pytest.main([*self._options(Path(folder)), *self.tests], [loop])
        return loop.passes_untouched

    def outcomes(
        self, mutants: Iterable[One], passes: Callable[[One, Path, list[str]], bool]
    ) -> Iterator[tuple[One, bool]]:
        """Yield each with whether it ``passes`` in a fork, given a folder and the tests that noticed the last ones."""
        running: dict[int, tuple[One, float, Path]] = {}
        noticed: list[str] = []
        waiting = list(mutants)
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
            try:
                while waiting or running:
                    while waiting and len(running) < self.workers:
                        one, own = waiting.pop(0), Path(tempfile.mkdtemp(dir=folder))
                        pid = _forked(partial(passes, one, own, noticed))
                        running[pid] = one, time.monotonic() + self.seconds, own
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

    def _passes_alone(self, mutant: Mutant, folder: Path, noticed: list[str]) -> bool:
        sys.meta_path.insert(0, _Reads(mutant))
        # In two goes: most are noticed in the first one, which then has not read the other files.
        first = noticed[0].split("::")[0] if noticed else self.tests[0]
        goes = [first], [file for file in self.tests if file != first]
        note = _Notes(folder / _NOTE)
        return not any(files and pytest.main([*self._options(folder / "tests"), *files], [note]) for files in goes)

    def _options(self, folder: Path) -> list[str]:
        return [*_OPTIONS, f"--basetemp={folder}", f"--timeout={self.seconds}"]


class _Notes:
    """Writes down which test noticed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._path.write_text(report.nodeid)


class _Shared:
    """Tries, instead of running the tests once: in each fork they are collected already."""

    def __init__(self, tries: Tries, mutants: list[Mutant]) -> None:
        self._tries = tries
        self._mutants = mutants
        self.passes_untouched = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        module = _module_of(self._tries.file)
        functions = [one for one in gc.get_objects() if isinstance(one, FunctionType) and one.__module__ == module]

        def passes(mutant: Mutant | None, folder: Path, noticed: list[str]) -> bool:
            if mutant is not None:
                give_code(functions, mutant)
            # Those that noticed the last mutants notice their neighbours too.
            places = {name: place for place, name in enumerate(noticed)}
            for item in sorted(session.items, key=lambda item: places.get(item.nodeid, len(places))):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                if session.testsfailed:
                    (folder / _NOTE).write_text(item.nodeid)
                    return False
            return True

        self.passes_untouched = all(has_passed for _, has_passed in self._tries.outcomes([None], passes))
        if self.passes_untouched:
            for one, has_passed in self._tries.outcomes(self._mutants, passes):
                self._tries.tell(one, has_passed)
        return True


def give_code(functions: Iterable[Callable[..., Any]], mutant: Mutant) -> None:
    """Give functions the code that they have in a mutant that is other within functions only."""
    codes = {code.co_qualname: code for code in _codes_in(compile(mutant.text, mutant.file, "exec"))}
    for function in functions:
        code = codes.get(function.__code__.co_qualname)
        if code is not None and code.co_firstlineno == function.__code__.co_firstlineno:
            function.__code__ = code


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes_in(constant)


def outside_functions(source: str) -> str:
    """Return what of a file is done when it is read."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = []
    return ast.dump(tree)


def _prepare(file: str) -> None:
    """Import what ``file`` imports, once for all its tries; it and what depends on it is to be read anew."""
    sys.dont_write_bytecode = True
    os.environ[_NO_OTHER_PLUGINS] = "1"
    importlib.import_module("pytest_timeout")
    tests = tuple(str(Path("tests", folder).resolve()) for folder in ("unit", "support"))
    _forget(lambda name: name.split(".")[0] == "tuntas" and not name.startswith(_KEPT))
    _forget(lambda name: (getattr(sys.modules[name], "__file__", None) or "").startswith(tests))
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


def _with_newest(noticed: list[str], folder: Path) -> list[str]:
    """Return the tests that have noticed a mutant, the last one first."""
    note = folder / _NOTE
    newest = [note.read_text()] if note.is_file() else []
    return newest + [one for one in noticed if one not in newest]


def _end(pid: int) -> int:
    """End a try with all that it started; return what it ended with. Until it is waited for, its group is its own."""
    os.killpg(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _forked(passes: Callable[[], bool]) -> int:
    """Fork a process in a group of its own, silent, whose end says whether it ``passes``."""
    pid = os.fork()
    if pid:
        os.setpgid(pid, pid)
        return pid
    code = 1
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_SECONDS, _PROCESSOR_SECONDS))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        code = 0 if passes() else 1
    finally:
        os._exit(code)


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
