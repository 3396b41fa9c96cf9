"""The browser: which one, can it keep its sandbox, does it die with its owner, has it the shared memory it needs."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

from tuntas.browser import (
    BrowserKind,
    BrowserNotFound,
    BrowserUser,
    BrowserUserUnusable,
    Candidate,
    choose,
    runs_without_sandbox,
    version_of,
)
from tuntas.browser.command import CommandFailed, run_command
from tuntas.browser.merged_memory import MergingImpossible, is_merging, require_merging
from tuntas.config import Settings
from tuntas.server.browser_user import user_for_browsers
from tuntas.server.doctor.finding import Finding, Level, broken, fine, warning

SHARED_MEMORY_BYTES = 256 * 1024 * 1024
_COMMAND_SECONDS = 5.0


def browser(settings: Settings) -> Finding:
    """Which browser sessions would run in."""
    try:
        chosen = choose(settings.browser)
        version = version_of(chosen)
    except BrowserNotFound as error:
        advice = "Run `tuntas browser install`, or name one with TUNTAS_BROWSER."
        return broken("browser", f"{error}", advice)
    detail = f"{chosen.kind.value} {version} at {chosen.path} ({chosen.source})"
    if _is_script(chosen):
        advice = "It is a script, which may stay as one more process: name the binary behind it with TUNTAS_BROWSER."
        return warning("browser", detail, advice)
    if chosen.kind is not BrowserKind.HEADLESS_SHELL:
        advice = "chrome-headless-shell needs about half the memory: `tuntas browser install`."
        return warning("browser", detail, advice)
    return fine("browser", detail)


def sandbox(settings: Settings) -> Finding:
    """Whether Chromium's own sandbox can be on."""
    if sys.platform == "win32":
        return fine("sandboxing", "the browser's sandbox is on")
    try:
        user = user_for_browsers(settings, choose(settings.browser))
    except BrowserUserUnusable as error:
        return broken("sandboxing", f"{error}", "The server does not start like that: change the setting, or unset it.")
    except BrowserNotFound:
        return warning("sandboxing", "not known without a browser", "Run `tuntas browser install`.")
    if os.geteuid() == 0:
        return judge_root(user, _kernel_switches(), has_sandbox=not runs_without_sandbox(user))
    if sys.platform != "linux":
        return fine("sandboxing", "the browser's sandbox is on")
    if runs_without_sandbox():
        advice = (
            "Allow namespaces in it (Docker: --security-opt seccomp=unconfined; docs/containers.md), or leave it at "
        )
        advice += "the container as the only fence."
        return warning(
            "sandboxing", "this container forbids namespaces: browsers are started with --no-sandbox", advice
        )
    return judge_namespaces(_kernel_switches(), has_setuid_helper=_has_setuid_helper(settings))


def judge_root(user: BrowserUser | None, switches: dict[str, int], *, has_sandbox: bool) -> Finding:
    """Judge a server that runs as root, and its browsers as ``user``."""
    check = "sandboxing"
    if user is None:
        advice = "Set TUNTAS_BROWSER_USER=nobody (or a user made for it), or run the server as a user of its own, so "
        advice += "that a hole in a page stays in the browser's sandbox."
        return warning(check, "running as root: browsers are started with --no-sandbox", advice)
    if has_sandbox:
        return fine(check, f"browsers run as {user.name}, in their own sandbox, by user namespaces")
    found = judge_namespaces(switches, has_setuid_helper=False)
    advice = "A container's seccomp profile or AppArmor forbids user namespaces: allow them there."
    detail = f"browsers run as {user.name} without their own sandbox: {user.name} cannot make namespaces"
    return warning(check, detail, advice if found.level is Level.FINE else found.advice or advice)


def judge_namespaces(switches: dict[str, int], *, has_setuid_helper: bool) -> Finding:
    """Judge what the kernel lets an ordinary user do; ``switches`` are sysctls by name, absent ones left out."""
    check = "sandboxing"
    if has_setuid_helper:
        return fine(check, "the browser's sandbox is on, by its setuid helper")
    for name, value in (("user.max_user_namespaces", 0), ("kernel.unprivileged_userns_clone", 0)):
        if switches.get(name) == value:
            advice = f"As root: sysctl -w {name}={'15000' if 'max' in name else '1'}, and keep it in /etc/sysctl.d."
            detail = f"{name} is {value}: an ordinary user's browser finds no sandbox and does not start"
            return broken(check, detail, advice)
    if switches.get("kernel.apparmor_restrict_unprivileged_userns") == 1:
        detail = "AppArmor lets only programs with a profile make user namespaces; the browser may refuse to start"
        advice = "Use a browser from a system package, or give it an AppArmor profile with `userns,`."
        return warning(check, detail, advice)
    return fine(check, "the browser's sandbox is on, by user namespaces")


def parent_death(_settings: Settings) -> Finding:
    """Whether the kernel ends browsers when the server is killed."""
    check = "parent death"
    if sys.platform == "win32":
        return fine(check, "browsers are in a job that the kernel ends with its server")
    if sys.platform != "linux":
        return fine(check, "not known on this system; browsers end when their pipe does")
    setpriv = shutil.which("setpriv")
    advice = "Install util-linux (Debian: apt-get install util-linux), so that a hung browser dies with its server too."
    if setpriv is None:
        return warning(check, "there is no setpriv", advice)
    try:
        said = run_command([setpriv, "--help"], timeout_seconds=_COMMAND_SECONDS)
    except CommandFailed as error:
        said = error.output
    if "--pdeathsig" not in said:
        # The launcher would hand it the option all the same, and no browser would start.
        return broken(check, f"{setpriv} does not know --pdeathsig (BusyBox has such a one)", advice)
    return fine(check, f"{setpriv} ends browsers with the server, hung ones too")


def shared_memory(_settings: Settings) -> Finding:
    """Whether /dev/shm is large enough; Docker gives 64 MB by default, and pages crash when it is full."""
    check = "shared memory"
    place = Path("/dev/shm")  # noqa: S108 - looked at, not written to
    if sys.platform != "linux" or not place.is_dir():
        return fine(check, "not used on this system")
    size = shutil.disk_usage(place).total
    if size < SHARED_MEMORY_BYTES:
        advice = "Start the container with --shm-size=1g (Compose: shm_size: 1g); pages crash when it is full."
        return warning(check, f"{place} has only {size / 1e6:.0f} MB", advice)
    return fine(check, f"{place} has {size / 1e6:.0f} MB")


def merged_memory(settings: Settings) -> Finding:
    """Whether equal memory of all browsers is kept once, which is a setting and an administrator's choice."""
    check = "merged memory"
    if not settings.merge_memory:
        return fine(check, "not asked for (TUNTAS_MERGE_MEMORY)")
    try:
        require_merging()
    except MergingImpossible as error:
        return broken(check, "asked for, and not possible", str(error))
    if not is_merging():
        advice = "Start it, as root: echo 1 > /sys/kernel/mm/ksm/run; it costs processor time."
        return warning(check, "asked for, but the kernel's ksmd does not run, so nothing is merged", advice)
    return fine(check, "equal memory of all browsers is kept once")


def _is_script(candidate: Candidate) -> bool:
    with candidate.path.open("rb") as file:
        return file.read(2) == b"#!"


def _kernel_switches() -> dict[str, int]:
    names = (
        "user.max_user_namespaces",
        "kernel.unprivileged_userns_clone",
        "kernel.apparmor_restrict_unprivileged_userns",
    )
    found = {}
    for name in names:
        file = Path("/proc/sys", *name.split(".", 1))
        if file.exists():  # two of them are Debian's and Ubuntu's own
            found[name] = int(file.read_text())
    return found


def _has_setuid_helper(settings: Settings) -> bool:
    try:
        folder = choose(settings.browser).path.resolve().parent
    except BrowserNotFound:
        return False
    helpers = [folder / "chrome-sandbox", folder / "chrome_sandbox"]
    return any(one.is_file() and one.stat().st_mode & stat.S_ISUID and one.stat().st_uid == 0 for one in helpers)
