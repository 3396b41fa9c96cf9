"""When a session writes to itself, and what it makes of silence."""

from __future__ import annotations

import dataclasses

from support.played_session import LIMITS, ME, PlayedSession
from tuntas.sessions.commands import Echoed
from tuntas.sessions.effects import Operation
from tuntas.sessions.machine import State
from tuntas.sessions.model import Connected, Disconnected

LISTENING = dataclasses.replace(LIMITS, echo_interval_seconds=600.0, liveness_interval_seconds=10_000.0)


def working() -> PlayedSession:
    session = PlayedSession(LISTENING)
    session.reach(State.WORKING)
    return session


def echo(session: PlayedSession, *, is_heard: bool | None) -> None:
    session.now += LISTENING.echo_interval_seconds
    session.look()
    assert session.begun is not None
    assert session.begun.operation is Operation.ECHO
    session.end_operation(Echoed(is_heard))


def test_a_session_that_heard_and_hears_no_more_is_restarted_once() -> None:
    session = working()
    echo(session, is_heard=True)
    assert session.state() is State.WORKING
    echo(session, is_heard=False)
    assert (session.state(), session.told[-1].reason) == (State.RECOVERING, "deaf")
    assert session.told[-1].detail == "a message to itself was taken, and no receipt came"
    session.rest()
    assert session.memory.hears_echoes is False


def test_silence_from_the_beginning_is_no_fault_for_the_phone_may_be_away() -> None:
    session = working()
    for _ in range(3):
        echo(session, is_heard=False)
        assert session.state() is State.WORKING


def test_an_echo_that_could_not_be_sent_says_nothing() -> None:
    session = working()
    echo(session, is_heard=True)
    echo(session, is_heard=None)
    assert session.state() is State.WORKING
    assert session.memory.hears_echoes is True


def test_an_echo_that_ends_after_the_connection_was_lost_says_nothing_either() -> None:
    session = working()
    echo(session, is_heard=True)
    session.now += LISTENING.echo_interval_seconds
    session.look()
    session.observe(Disconnected("told so"))
    session.end_operation(Echoed(is_heard=False))
    assert (session.state(), session.memory.hears_echoes, session.memory.echo_at) == (State.RECONNECTING, True, None)


def test_the_next_echo_is_an_interval_after_the_last() -> None:
    session = working()
    echo(session, is_heard=True)
    session.now += LISTENING.echo_interval_seconds - 1
    session.look()
    assert session.begun is None
    echo_at = session.memory.echo_at
    assert echo_at == session.now + 1


def test_without_the_setting_a_session_never_writes_to_itself() -> None:
    session = PlayedSession()
    session.reach(State.WORKING)
    assert session.memory.echo_at is None


def test_a_session_that_is_not_connected_writes_to_nobody() -> None:
    session = working()
    session.observe(Disconnected("told so"))
    assert (session.state(), session.memory.echo_at) == (State.RECONNECTING, None)
    session.observe(Connected(ME))
    assert session.memory.wakes_at(session.now) == session.now + LISTENING.echo_interval_seconds
