"""The doctor's judgements that need no machine to look at, and that no check can stop the others."""

from __future__ import annotations

import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from tuntas.browser import BrowserUser
from tuntas.config import Settings
from tuntas.server.doctor import CHECKS
from tuntas.server.doctor.browser import judge_namespaces, judge_root
from tuntas.server.doctor.finding import Finding, Level, fine, run_checks
from tuntas.server.doctor.lock import holder_in
from tuntas.server.doctor.machine import judge_clock, judge_ended, port
from tuntas.server.doctor.windows import defender, judge_exclusions, judge_path, long_paths, rights

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_check_that_raises_is_a_finding_and_the_others_go_on() -> None:
    def raises(_: Settings) -> Finding:
        message = "disk on fire"
        raise OSError(message)

    findings = run_checks(
        [("one", raises), ("two", lambda _: fine("two", "ok"))],
        Settings(),
        limit_seconds=5,
    )
    assert [one.check for one in findings] == ["one", "two"]
    assert findings[0].level is Level.BROKEN
    assert "OSError: disk on fire" in findings[0].detail
    assert findings[1].level is Level.FINE


def test_a_check_that_hangs_is_a_finding_within_the_limit() -> None:
    release = threading.Event()

    def hangs(_: Settings) -> Finding:
        release.wait(30)
        return fine("hangs", "at last")

    begun = time.monotonic()
    findings = run_checks([("hangs", hangs), ("two", lambda _: fine("two", "ok"))], Settings(), limit_seconds=0.2)
    release.set()
    assert time.monotonic() - begun < 5
    assert [one.level for one in findings] == [Level.BROKEN, Level.FINE]
    assert "no answer within" in findings[0].detail


def test_every_check_has_a_name_of_its_own() -> None:
    names = [name for name, _ in CHECKS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("switches", "helper", "level"),
    [
        ({"user.max_user_namespaces": 15000}, False, Level.FINE),
        ({"user.max_user_namespaces": 0}, False, Level.BROKEN),
        ({"user.max_user_namespaces": 0}, True, Level.FINE),
        ({"kernel.unprivileged_userns_clone": 0}, False, Level.BROKEN),
        ({"kernel.unprivileged_userns_clone": 1}, False, Level.FINE),
        ({"kernel.apparmor_restrict_unprivileged_userns": 1}, False, Level.WARNING),
        ({}, False, Level.FINE),
    ],
)
def test_what_the_kernel_allows_an_ordinary_users_browser(switches: dict[str, int], helper: bool, level: Level) -> None:
    assert judge_namespaces(switches, has_setuid_helper=helper).level is level


def test_a_server_that_is_root_is_told_what_its_browsers_have_and_how_to_get_better() -> None:
    user = BrowserUser("web", 990, 990)
    as_root = judge_root(None, {}, has_sandbox=False)
    assert as_root.level is Level.WARNING
    assert "TUNTAS_BROWSER_USER" in as_root.advice
    assert judge_root(user, {}, has_sandbox=True).level is Level.FINE
    closed = judge_root(user, {"user.max_user_namespaces": 0}, has_sandbox=False)
    assert closed.level is Level.WARNING
    assert "sysctl -w user.max_user_namespaces" in closed.advice
    assert "seccomp" in judge_root(user, {}, has_sandbox=False).advice


def test_the_holder_of_a_lock_is_read_from_the_kernels_list_and_one_who_waits_is_not() -> None:
    text = (
        "1: FLOCK  ADVISORY  WRITE 11 fe:00:7 0 EOF\n"
        "2: FLOCK  ADVISORY  WRITE 22 fe:01:8 0 EOF\n"
        "2: -> FLOCK  ADVISORY  WRITE 33 fe:00:8 0 EOF\n"
    )
    assert holder_in(text, 7, 0xFE, 0) == 11
    assert holder_in(text, 8, 0xFE, 0) is None
    assert holder_in(text, 8, 0xFE, 1) == 22


def test_clocks_are_judged_by_each_other() -> None:
    assert judge_clock(NOW, NOW - timedelta(hours=1), 3600).level is Level.FINE
    assert judge_clock(NOW.replace(year=1970), NOW.replace(year=1970), 1).level is Level.BROKEN
    assert judge_clock(NOW, NOW + timedelta(hours=1), 3600).level is Level.BROKEN
    assert judge_clock(NOW, NOW - timedelta(hours=1), 7200).level is Level.WARNING
    assert judge_clock(NOW, NOW - timedelta(hours=1), 10).level is Level.FINE  # suspended meanwhile, or a container


def test_only_ended_browsers_of_process_1_or_of_the_server_matter() -> None:
    assert judge_ended([("bash", 1), ("chrome", 77)], None).level is Level.FINE
    assert "--init" in judge_ended([("chromium-headle", 1), ("headless_shell", 1)], None).advice
    assert "the server has not reaped" in judge_ended([("chrome", 77)], 77).detail


def test_a_taken_port_is_broken_and_its_owner_named() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        number = listening.getsockname()[1]
        finding = port(Settings(port=number))
    assert finding.level is Level.BROKEN
    assert "pid" in finding.advice
    assert port(Settings(port=number)).level is Level.FINE


def test_listening_on_the_network_is_a_warning() -> None:
    assert port(Settings(host="0.0.0.0", port=0)).level is Level.WARNING
    assert port(Settings(host="203.0.113.9", port=1)).level is Level.BROKEN


def test_windows_paths_are_compared_as_windows_does() -> None:
    assert judge_exclusions([r"c:\TUNTAS"], r"C:\tuntas\data").level is Level.FINE
    assert judge_exclusions([r"C:\tuntas\data"], r"C:\tuntas\data").level is Level.FINE
    assert judge_exclusions([r"C:\tun"], r"C:\tuntas\data").level is Level.WARNING
    assert "Add-MpPreference" in judge_exclusions([], r"C:\tuntas\data").advice
    assert judge_exclusions(None, r"C:\data").level is Level.WARNING
    assert judge_path(r"C:\data\profiles", is_on=False).level is Level.FINE
    assert judge_path("C:\\" + "x" * 120, is_on=False).level is Level.WARNING
    assert judge_path("C:\\" + "x" * 120, is_on=True).level is Level.FINE


def test_elsewhere_the_windows_checks_say_that_they_were_not_made() -> None:
    for check in (defender, rights, long_paths):
        assert "not checked here" in check(Settings()).detail
