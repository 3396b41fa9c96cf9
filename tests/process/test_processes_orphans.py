"""A server that is SIGKILLed takes its browsers along: idle, busy for ever, or stopped. What remains can be ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.processes import assert_nothing_uses, installed_browsers, processes_in_group, processes_naming
from tuntas.browser import Candidate
from tuntas.processes import ProcessIdentity, StopLimits, end_orphan

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")

LIMITS = StopLimits(graceful_seconds=2, forced_seconds=5)

SERVER = textwrap.dedent("""
    import asyncio, dataclasses, json, os, signal, sys
    from pathlib import Path
    from tuntas.browser import CallTimedOut, Candidate, BrowserKind
    from tuntas.browser.launch import LaunchOptions, launch

    async def main():
        path, kind, profile, mode = sys.argv[1:]
        if mode == "without setpriv":
            os.environ["PATH"] = ""
        browser = await launch(LaunchOptions(Candidate(Path(path), BrowserKind(kind), "test"), Path(profile)))
        page = await browser.first_page()
        if mode == "busy":
            try:
                await page.call("Runtime.evaluate", {"expression": "for (;;);"}, timeout_seconds=0.2)
            except CallTimedOut:
                pass
        elif mode == "stopped":
            os.kill(browser.identity.pid, signal.SIGSTOP)
        elif mode == "all stopped":
            os.killpg(browser.identity.group, signal.SIGSTOP)
        print(json.dumps(dataclasses.asdict(browser.identity), default=str), flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())
""")


@contextmanager
def server(candidate: Candidate, profile: Path, mode: str) -> Iterator[tuple[subprocess.Popen[str], ProcessIdentity]]:
    """Run a server with one browser in a process of its own; nothing of it is left in the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(candidate.path), candidate.kind.value, str(profile), mode],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        fields = json.loads(line)
        identity = ProcessIdentity(**{**fields, "profile": Path(fields["profile"])})
        yield process, identity
    finally:
        process.kill()
        process.communicate()
        if line:
            for pid in processes_in_group(json.loads(line)["group"]):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("candidate", installed_browsers(), ids=lambda candidate: candidate.kind.value)
@pytest.mark.parametrize("mode", ["idle", "busy", "stopped", "without setpriv"])
def test_a_killed_server_takes_its_browser_along(candidate: Candidate, mode: str, tmp_path: Path) -> None:
    with server(candidate, tmp_path / "profile", mode) as (process, identity):
        assert len(processes_in_group(identity.group)) > 1
        process.kill()
        process.wait()
        assert_nothing_uses(identity.profile, identity.group, within_seconds=5)
        assert asyncio.run(end_orphan(identity, LIMITS)) == ()
        assert not list(identity.profile.glob("Singleton*"))


@pytest.mark.parametrize("candidate", installed_browsers(), ids=lambda candidate: candidate.kind.value)
def test_helpers_that_were_stopped_when_the_server_died_are_ended_at_the_next_start(
    candidate: Candidate, tmp_path: Path
) -> None:
    with server(candidate, tmp_path / "profile", "all stopped") as (process, identity):
        process.kill()
        process.wait()
        # Dead at once or still dying by the parent-death signal: its stopped helpers are found either way.
        asyncio.run(end_orphan(identity, LIMITS))
        assert_nothing_uses(identity.profile, identity.group)
        assert not list(identity.profile.glob("Singleton*"))


def test_a_living_server_s_browser_is_ended_only_by_its_true_identity(tmp_path: Path) -> None:
    candidate = installed_browsers()[0]
    with server(candidate, tmp_path / "profile", "idle") as (_, identity):
        assert identity.pid in processes_naming(identity.profile)
        killed = asyncio.run(end_orphan(identity, LIMITS))
        assert identity.pid in {member.pid for member in killed}
        assert_nothing_uses(identity.profile, identity.group)
