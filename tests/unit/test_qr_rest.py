"""A QR that nobody scans: the session rests without a browser, and comes back as soon as somebody asks for a QR."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.played_session import LIMITS, ME, PlayedSession
from tuntas.sessions import commands, effects
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.effects import Operation
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.model import Connected, PageLost, QrShown, Scanned

ASKED = commands.QrAsked("api")


def shown() -> PlayedSession:
    it = PlayedSession()
    it.reach(State.SCAN_QR_CODE)
    return it


def wait(it: PlayedSession, seconds: float) -> None:
    """Let time pass while the page renews its QR, as it does."""
    until = it.now + seconds
    while it.now < until:
        it.now = min(until, it.now + 20.0)
        if it.state() is State.SCAN_QR_CODE:
            it.observe(QrShown(f"qr at {it.now}"))
        it.rest()


def rested() -> PlayedSession:
    it = shown()
    wait(it, LIMITS.qr_rest_seconds)
    return it


def test_a_session_whose_qr_nobody_scans_rests_without_a_browser_and_without_a_fault() -> None:
    it = shown()
    wait(it, LIMITS.qr_rest_seconds - 1.0)
    assert it.state() is State.SCAN_QR_CODE
    wait(it, 1.0)
    assert (it.state(), it.stored.status, it.stored.desired) == (State.STOPPED, Status.STOPPED, Desired.STOPPED)
    assert (it.stored.reason, it.told[-2].asked_by) == ("qr_not_scanned", "system")
    assert not it.has_browser
    assert it.memory.rests
    assert (it.memory.faults, it.restarts) == (0, [])
    assert it.discarded == 0, "its profile stays"


def test_the_time_for_a_scan_begins_when_the_first_qr_is_shown_however_long_the_page_has_loaded() -> None:
    it = PlayedSession()
    it.reach(State.STARTING)
    it.now += LIMITS.start_seconds - 10.0
    it.observe(QrShown("qr"))
    wait(it, LIMITS.qr_rest_seconds - 1.0)
    assert it.state() is State.SCAN_QR_CODE
    wait(it, 1.0)
    assert it.memory.rests


def test_it_wakes_by_itself_when_the_time_has_come() -> None:
    it = shown()
    it.memory = replace(it.memory, due_at=None, probe_at=None)
    assert it.memory.wakes_at(it.now) == it.now + LIMITS.qr_rest_seconds


@pytest.mark.parametrize("ask", [ASKED, None], ids=["the QR", "a start"])
def test_whoever_asks_for_the_qr_or_a_start_brings_it_back(ask: commands.QrAsked | None) -> None:
    it = rested()
    if ask is None:
        it.ask(CommandKind.START)
    else:
        it.take(ask)
    it.rest()
    assert (it.state(), it.stored.desired) == (State.STARTING, Desired.RUNNING)
    assert (it.told[-1].reason, it.told[-1].asked_by) == (("qr_asked", "api") if ask else ("start_requested", "test"))
    it.observe(QrShown("qr"))
    wait(it, LIMITS.qr_rest_seconds - 1.0)
    assert it.state() is State.SCAN_QR_CODE, "it has its whole time again"


def test_asking_while_it_is_shown_gives_it_its_whole_time_again() -> None:
    it = shown()
    for ask in (lambda: it.take(ASKED), lambda: it.ask(CommandKind.START)):
        wait(it, LIMITS.qr_rest_seconds - 30.0)
        ask()
    wait(it, LIMITS.qr_rest_seconds - 30.0)
    assert it.state() is State.SCAN_QR_CODE
    wait(it, 60.0)
    assert it.memory.rests


def test_a_page_that_fails_meanwhile_gives_it_no_more_time() -> None:
    it = shown()
    for _ in range(3):
        wait(it, LIMITS.qr_rest_seconds / 4)
        it.observe(PageLost("page_crashed", "told so"))
        it.rest()
        it.now += 40.0
        it.rest()
        it.observe(QrShown("qr"))
    wait(it, LIMITS.qr_rest_seconds / 4)
    assert it.memory.rests


def test_a_page_that_starts_anew_meanwhile_is_not_ended_before_it_has_shown_its_qr() -> None:
    it = shown()
    wait(it, LIMITS.qr_rest_seconds - 41.0)
    it.observe(PageLost("page_crashed", "told so"))
    it.rest()
    it.now += 40.0
    it.rest()
    assert it.state() is State.STARTING
    it.now += 1.0
    it.rest()
    assert it.state() is State.STARTING, "its page may turn out to be linked"
    it.observe(QrShown("qr"))
    it.rest()
    assert it.memory.rests


@pytest.mark.parametrize("seen", [Scanned(), Connected(ME)])
def test_who_was_scanned_does_not_rest(seen: Scanned | Connected) -> None:
    it = shown()
    it.observe(seen)
    assert it.memory.rest_at is None
    wait(it, LIMITS.pairing_seconds - 20.0)
    assert it.state() in (State.PAIRING, State.WORKING)


def test_zero_is_for_ever() -> None:
    it = PlayedSession(replace(LIMITS, qr_rest_seconds=0.0))
    it.reach(State.SCAN_QR_CODE)
    it.take(ASKED)
    assert it.memory.rest_at is None
    wait(it, 10_000.0)
    assert it.state() is State.SCAN_QR_CODE


@pytest.mark.parametrize("kind", [CommandKind.STOP, CommandKind.REMOVE])
def test_a_qr_that_is_asked_for_never_undoes_a_stop_or_a_deletion(kind: CommandKind) -> None:
    it = shown()
    it.ask(kind)
    it.take(ASKED)
    it.rest()
    it.take(ASKED)
    it.rest()
    assert it.state() is (State.STOPPED if kind is CommandKind.STOP else State.REMOVED)
    assert not it.has_browser


def test_the_time_runs_out_while_the_page_is_asked_for_life() -> None:
    it = shown()
    it.now += LIMITS.liveness_interval_seconds
    it.look()
    assert it.begun is not None
    assert it.begun.operation is Operation.PROBE
    it.now += LIMITS.qr_rest_seconds
    it.look()
    assert it.state() is State.STOPPING
    assert effects.Cancel() in it.todo, "its browser is ended without waiting for an answer"
    it.rest()
    assert it.memory.rests


def test_a_server_that_starts_leaves_it_at_rest() -> None:
    it = rested()
    again = PlayedSession(record=it.stored)
    again.take(commands.Booted("server_started"))
    again.rest()
    assert again.memory.rests
    again.take(ASKED)
    again.rest()
    assert again.state() is State.STARTING
