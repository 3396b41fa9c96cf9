"""The plan: from what is wanted and what is observed to the one next act. Pure, total, and the only recovery code.

After any crash the plan is computed again from what the store says; it never matters how a session came to be where
it is. Order of importance: an end that was asked for comes before everything, keys go before a new start.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from tuntas.sessions.machine import State


class Desired(StrEnum):
    """What a person asked for."""

    RUNNING = "running"
    STOPPED = "stopped"
    REMOVED = "removed"


class Act(StrEnum):
    """What an actor does next."""

    REST = "rest"  # wait for a message or the deadline
    LAUNCH = "launch"
    CATCH_UP = "catch_up"  # ask the page for what came while nobody listened
    PROBE = "probe"  # ask a working page for life
    LOG_OUT = "log_out"  # tell WhatsApp, before the browser is ended
    BEGIN_STOP = "begin_stop"  # an end was asked for: leave the live states
    BEGIN_RECOVERY = "begin_recovery"  # a deadline passed: leave the live states
    BEGIN_RECYCLING = "begin_recycling"  # the browser grew too large: leave the live states for a fresh one
    END_BROWSER = "end_browser"
    DISCARD_PROFILE = "discard_profile"
    SETTLE = "settle"
    GIVE_UP = "give_up"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the plan looks at. Times are monotonic seconds."""

    state: State
    desired: Desired
    discard_profile: bool  # the keys in the profile are to go: logout, unlinking, removal
    profile_gone: bool  # the profile has been removed as far as it can be in the foreground
    linked: bool  # the page is logged in, so a logout means something
    start_asked: bool  # a person asked again, after we gave up
    end_asked: bool  # a restart, a logout or the server's shutdown wants this browser's end
    log_out_tried: bool
    faults: int  # in a row, since the last stable run
    fault_budget: int
    permanent_fault: bool  # a restart cannot help
    due_at: float | None  # the deadline of a live state, or the next start
    probe_at: float | None  # when a live page is to be asked for life again
    behind: bool  # what came while nobody listened was not asked for yet
    overgrown: bool  # the browser takes more memory than it should
    in_use: bool  # somebody's call into the page is under way
    recycle_at: float | None  # an overgrown browser's calls are waited for no longer than this
    shutting_down: bool


def next_act(situation: Situation, now: float) -> Act:
    """Return the next act for a session in ``situation`` at monotonic time ``now``."""
    match situation.state:
        case State.STARTING | State.SCAN_QR_CODE | State.PAIRING | State.WORKING | State.RECONNECTING:
            return _with_live_browser(situation, now)
        case State.STOPPING:
            if situation.linked and situation.discard_profile and not situation.log_out_tried:
                return Act.LOG_OUT
            return Act.END_BROWSER
        case State.RECOVERING:
            return Act.BEGIN_STOP if _end_is_wanted(situation) else Act.END_BROWSER
        case State.STOPPED | State.WAITING | State.FAILED:
            return _without_browser(situation, now)
        case State.REMOVED:
            return Act.REST
        case _:
            assert_never(situation.state)


def _end_is_wanted(situation: Situation) -> bool:
    return situation.end_asked or situation.shutting_down or situation.desired is not Desired.RUNNING


def _with_live_browser(situation: Situation, now: float) -> Act:
    if _end_is_wanted(situation):
        return Act.BEGIN_STOP
    if situation.due_at is not None and now >= situation.due_at:
        return Act.BEGIN_RECOVERY
    if situation.behind and situation.state is State.WORKING:
        return Act.CATCH_UP
    if situation.overgrown and situation.state is State.WORKING and _may_recycle(situation, now):
        return Act.BEGIN_RECYCLING
    if situation.probe_at is not None and now >= situation.probe_at:
        return Act.PROBE
    return Act.REST


def _may_recycle(situation: Situation, now: float) -> bool:
    return not situation.in_use or (situation.recycle_at is not None and now >= situation.recycle_at)


def _without_browser(situation: Situation, now: float) -> Act:
    if situation.desired is Desired.REMOVED:
        return Act.FORGET if situation.profile_gone else Act.DISCARD_PROFILE
    if situation.discard_profile:
        return Act.DISCARD_PROFILE
    if situation.shutting_down:
        return Act.REST
    if situation.desired is Desired.STOPPED:
        return Act.REST if situation.state is State.STOPPED else Act.SETTLE
    if situation.state is State.FAILED:
        return Act.LAUNCH if situation.start_asked else Act.REST
    if situation.state is State.WAITING:
        if situation.permanent_fault or situation.faults > situation.fault_budget:
            return Act.GIVE_UP
        if situation.due_at is not None and now < situation.due_at:
            return Act.REST
    return Act.LAUNCH
