"""Fixtures for all tests. Each test must leave no process of its own behind; a fixture looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from support.postgresql import Cluster, cluster, is_of_cluster
from support.running import Sandbox, Server, alive, kill_all, running
from support.visitor import playwright_browser

# How long an example takes says something about the machine that others use too, and nothing about the code.
settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")


@pytest.fixture(scope="module")
def nothing_left_at_the_end() -> Iterator[None]:
    """Fail a module that leaves a child of ours; its tests are not looked at one by one.

    For modules with one browser or one server: these start and keep processes as they like.
    """
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    left = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    assert not alive(left), left


@pytest.fixture(autouse=True)
def nothing_left_running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Fail a test that leaves a process which names its folder, or a child of ours."""
    if nothing_left_at_the_end.__name__ in request.fixturenames:
        yield
        return
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    left = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    for process in psutil.process_iter():
        try:
            if process.pid != psutil.Process().pid and str(tmp_path) in " ".join(process.cmdline()):
                left.append(process)
        except psutil.Error:
            continue
    # A cluster is its own fixture's to end; one of its processes killed would throw all its clients out.
    left = [process for process in alive(left) if not is_of_cluster(process)]
    kill_all(left)
    assert not left, f"left running: {left}"


@pytest.fixture(scope="module")
def browser(nothing_left_at_the_end: None) -> Iterator[Browser]:
    """One browser for the people in a module's tests; the look at the end comes after its own."""
    with playwright_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """Run a PostgreSQL server for all tests of this process that want one."""
    with cluster() as running_cluster:
        yield running_cluster


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for the tests of a module; each test uses phones of its own."""
    child = Sandbox(tmp_path_factory.mktemp("sandbox"))
    with running(child):
        yield child


StartServer = Callable[..., Server]


@pytest.fixture
def start_server(tmp_path: Path, sandbox: Sandbox) -> Iterator[StartServer]:
    """Start servers on ``tmp_path/data``; they are ended after the test."""
    with ExitStack() as stack:

        def start(**more: str) -> Server:
            server = Server(tmp_path / "data", sandbox.url, **more)
            stack.enter_context(running(server))
            return server

        yield start


@pytest.fixture
def server(start_server: StartServer) -> Server:
    """One server on the module's sandbox."""
    return start_server()
