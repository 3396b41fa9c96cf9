"""Brings one browser up, or leaves nothing: no process, no descriptor, no task, also when cancelled half-way.

Up means that it has answered a first call over the pipe. A profile that another browser uses is refused; whose
browser that is, and what to do about it, is for others to know.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from tuntas.browser import flags
from tuntas.browser.browser import Browser
from tuntas.browser.cdp import CdpConnection
from tuntas.browser.environment import browser_environment, environment_of_another
from tuntas.browser.errors import CallFailed, CallTimedOut, ConnectionClosed, LaunchFailed
from tuntas.browser.find import Candidate
from tuntas.browser.merged_memory import MergingImpossible, memory_merged
from tuntas.browser.pipes import Spawned, reading, writing
from tuntas.browser.stderr import StderrTail
from tuntas.browser.transport import PipeTransport
from tuntas.browser.user import BrowserUser
from tuntas.foundation.cancellation import finish
from tuntas.foundation.tasks import blocking, spawn
from tuntas.processes.members import Member, identify, users_of
from tuntas.processes.system import ExitWatch
from tuntas.processes.tree import StopLimits, end_tree

if sys.platform == "win32":
    from tuntas.browser.spawn_windows import spawn_with_pipes
else:
    from tuntas.browser.spawn import spawn_with_pipes

_CLEAN_UP = StopLimits(graceful_seconds=0, forced_seconds=10)
_LAST_WORDS_SECONDS = 1.0
_LINES_IN_MESSAGE = 3

_PROFILE_IN_USE = 21  # chrome/common/chrome_result_codes.h, RESULT_CODE_PROFILE_IN_USE


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    """What to launch. ``profile`` is made by the browser if it is not there; ``headed`` needs a display.

    ``user``: whom it runs as, None for us; ``profile`` must be there then, and that user's to work in.
    ``merges_memory``: see ``merged_memory``.
    """

    executable: Candidate
    profile: Path
    extra_flags: tuple[str, ...] = ()
    headed: bool = False
    user: BrowserUser | None = None
    merges_memory: bool = False


async def launch(options: LaunchOptions, *, timeout_seconds: float = 30) -> Browser:
    """Start a browser and return it once it answers. Call from the main thread (see ``spawn.py``).

    Raises LaunchFailed when the profile is in use, or with the exit code and the last lines of standard error. After
    any error, cancellation included, no process and no descriptor of the attempt is left (StillRunning, if the kernel
    does not let go of one).
    """
    profile = options.profile.resolve()
    arguments = flags.command_line(
        options.executable.path,
        options.executable.kind,
        profile,
        headed=options.headed,
        extra_flags=options.extra_flags,
        user=options.user,
    )
    if users := await blocking(users_of, profile):
        # headless-shell does not lock a profile, and two browsers on one profile ruin it.
        message = f"the profile {profile} is in use by {users[0].name} ({users[0].pid}), {len(users)} processes in all"
        raise LaunchFailed(message)
    try:
        with memory_merged(options.merges_memory):
            spawned = _spawn(arguments, profile, options)
    except (OSError, MergingImpossible) as error:
        message = f"{options.executable.path} could not be started: {error}"
        raise LaunchFailed(message) from error
    # A few turns of the loop, and then the pieces are owned by a Browser that can be stopped.
    browser = await _owned(spawned, profile)
    try:
        await browser.greet(timeout_seconds)
    except (ConnectionClosed, CallTimedOut, CallFailed) as error:
        raise await _failure(browser, error, options.executable.path) from error
    except BaseException:
        await browser.kill(_CLEAN_UP)
        raise
    return browser


def _spawn(arguments: list[str], profile: Path, options: LaunchOptions) -> Spawned:
    if sys.platform == "win32" or options.user is None:
        return spawn_with_pipes(arguments, browser_environment(headed=options.headed))
    environment = environment_of_another(options.user, profile, headed=options.headed)
    return spawn_with_pipes(arguments, environment, options.user)


async def _owned(spawned: Spawned, profile: Path) -> Browser:
    """Wrap a fresh process; a cancellation meanwhile ends it again."""
    assembling = spawn(_assemble(spawned, profile), name=f"browser-assemble-{spawned.pid}")
    try:
        return await finish(assembling)
    except asyncio.CancelledError:
        if not assembling.cancelled() and assembling.exception() is None:
            await assembling.result().kill(_CLEAN_UP)
        raise


async def _assemble(spawned: Spawned, profile: Path) -> Browser:
    # Our child cannot vanish before we reap it, so its identity can always be read, be it a zombie already.
    identity = identify(spawned.pid, profile)
    connection, stderr = CdpConnection(), StderrTail()
    transport = PipeTransport(
        connection.received, connection.closed, limit_of=connection.limit_of, on_too_long=connection.too_long
    )
    try:
        watch = ExitWatch(Member(identity.pid, identity.create_time, "browser"))
    except BaseException:
        spawned.close()
        await end_tree(identity, (), _CLEAN_UP.forced_seconds)
        raise
    browser = Browser(identity, connection, watch, stderr)
    try:
        await stderr.open(spawned.stderr_end)
    except BaseException:
        reading(spawned.read_end).close()
        writing(spawned.write_end).close()
        await browser.kill(_CLEAN_UP)
        raise
    try:
        await transport.open(spawned.read_end, spawned.write_end)
    except BaseException:
        await browser.kill(_CLEAN_UP)
        raise
    connection.use(transport)
    return browser


async def _failure(browser: Browser, error: Exception, executable: Path) -> LaunchFailed:
    """End what is left of a failed launch and put its story into one error."""
    if isinstance(error, ConnectionClosed):
        # It has closed the pipe, so it is on its way out: its own exit code says more than our SIGKILL would.
        try:
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                await browser.gone.wait()
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            await browser.kill(_CLEAN_UP)
            raise
    ended_itself = browser.gone.is_set()
    await browser.kill(_CLEAN_UP)
    code = browser.exit_code if ended_itself else None
    lines = browser.stderr_lines()
    what = f"ended with code {code}" if ended_itself else f"did not come up ({error})"
    said = " | ".join(lines[-_LINES_IN_MESSAGE:]) or "it said nothing"
    hint = _hint(code, "\n".join(lines))
    message = f"{executable} {what} during launch{f' ({hint})' if hint else ''}: {said}"
    return LaunchFailed(message, exit_code=code, stderr_lines=lines)


def _hint(exit_code: int | None, said: str) -> str:
    if exit_code == _PROFILE_IN_USE:
        return "the profile is in use by another browser"
    if "error while loading shared libraries" in said:
        return "a system library is missing; a package manager's browser brings its libraries along"
    if "No usable sandbox" in said:
        return "this system forbids unprivileged user namespaces, which the browser's sandbox needs"
    return ""
