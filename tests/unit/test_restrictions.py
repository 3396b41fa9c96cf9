"""What WhatsApp does not let an account do: kept with the account, told when it changes, forgotten by nobody."""

from __future__ import annotations

import json
import time

import pytest

from support.played_session import ME, PlayedSession
from tuntas.events import Capping, Me, Restriction, Timelock
from tuntas.sessions import commands
from tuntas.sessions.errors import AccountRestricted, NotTaken
from tuntas.sessions.machine import State, Status
from tuntas.sessions.model import Connected, Disconnected, PageLost, RestrictionsSeen
from tuntas.whatsapp.calls import _refusal
from tuntas.whatsapp.translate import UnknownReport, observation_of

ENDS = 1_784_477_333
LOCKED = Timelock(is_active=True, ends=ENDS, enforcement_type="DEFAULT")
FREE = Timelock(is_active=False)
CAPPED = Capping("CAPPED", 10, 10, cycle_end=ENDS)


def working() -> PlayedSession:
    it = PlayedSession()
    it.reach(State.WORKING)
    return it


def test_a_timelock_is_kept_and_told_and_its_end_too() -> None:
    it = working()
    since = it.memory.working_since
    it.now += 5.0
    it.observe(RestrictionsSeen(LOCKED, None))
    assert it.stored.me is not None
    assert it.stored.me.timelock == LOCKED
    told = it.told[-1]
    assert (told.reason, told.detail) == ("reachout_timelock", "until 2026-07-19 16:08:53 UTC (DEFAULT)")
    assert told.data == {"reachoutTimelock": LOCKED.payload(), "messageCapping": None}
    assert (it.state(), it.stored.status, it.memory.working_since) == (State.WORKING, Status.WORKING, since)
    it.observe(RestrictionsSeen(FREE, None))
    assert (it.told[-1].reason, it.told[-1].data) == (
        "restriction_lifted",
        {"reachoutTimelock": None, "messageCapping": None},
    )


def test_what_is_known_already_is_not_told_again() -> None:
    it = working()
    it.observe(RestrictionsSeen(FREE, Capping("NONE", 10, 1)))
    lines = len(it.told)
    it.observe(RestrictionsSeen(FREE, Capping("NONE", 10, 2)))
    assert len(it.told) == lines, "a chat more is no news"
    assert it.stored.me is not None
    assert it.stored.me.capping == Capping("NONE", 10, 2), "and it is kept"
    it.observe(RestrictionsSeen(FREE, Capping("NONE", 10, 2)))
    assert it.todo == ()


def test_what_a_page_does_not_know_is_not_forgotten() -> None:
    it = working()
    it.observe(RestrictionsSeen(LOCKED, CAPPED))
    it.observe(RestrictionsSeen(None, None))
    assert it.stored.me is not None
    assert (it.stored.me.timelock, it.stored.me.capping) == (LOCKED, CAPPED)


@pytest.mark.parametrize(
    ("timelock", "capping", "reason"),
    [
        (LOCKED, CAPPED, Restriction.TIMELOCK),
        (FREE, CAPPED, Restriction.CAPPING),
        (None, Capping("SECOND_WARNING", 10, 9), Restriction.CAPPING_WARNING),
        (FREE, Capping("NONE", 10, 0), None),
        (None, None, None),
    ],
)
def test_the_hardest_restriction_is_the_one_that_is_told(
    timelock: Timelock | None, capping: Capping | None, reason: Restriction | None
) -> None:
    assert Me("1@c.us", None, None, timelock, capping).restriction[0] is reason


def test_a_page_that_connects_anew_keeps_what_is_known_of_the_account_and_says_it_with_the_status() -> None:
    it = working()
    it.observe(RestrictionsSeen(LOCKED, CAPPED))
    it.observe(Disconnected("told so"))
    it.observe(Connected(ME))
    assert it.stored.me == Me(ME.id, ME.push_name, None, LOCKED, CAPPED)
    assert it.told[-1].data == {"reachoutTimelock": LOCKED.payload(), "messageCapping": CAPPED.payload()}
    other = Me("628999@c.us", "Other")
    it.observe(Disconnected("told so"))
    it.observe(Connected(other))
    assert it.stored.me == other
    assert it.told[-1].data is None, "another account is not restricted by it"


def test_what_is_seen_while_the_connection_is_lost_is_kept_without_a_line() -> None:
    it = working()
    it.observe(Disconnected("told so"))
    lines = len(it.told)
    it.observe(RestrictionsSeen(LOCKED, None))
    assert len(it.told) == lines
    assert it.stored.me is not None
    assert it.stored.me.timelock == LOCKED


def test_before_there_is_an_account_nothing_is_kept() -> None:
    it = PlayedSession()
    it.reach(State.STARTING)
    it.observe(RestrictionsSeen(LOCKED, None))
    assert (it.stored.me, it.todo) == (None, ())


def test_a_restriction_outlives_the_page_and_the_server() -> None:
    it = working()
    it.observe(RestrictionsSeen(LOCKED, None))
    it.observe(PageLost("page_crashed", "told so"))
    it.rest()
    assert it.stored.me is not None
    assert it.stored.me.timelock == LOCKED
    again = PlayedSession(record=it.stored)
    again.take(commands.Booted("server_started"))
    again.rest()
    assert again.stored.me == it.stored.me


def test_the_page_s_report_is_read_and_bounded() -> None:
    timelock = {"isActive": True, "ends": ENDS, "type": "DEFAULT"}
    capping = {"status": "CAPPED", "totalQuota": 10, "usedQuota": 10, "cycleEnd": ENDS}
    report = {"kind": "restrictions", "timelock": timelock, "capping": capping}
    assert observation_of(json.dumps(report)) == RestrictionsSeen(LOCKED, CAPPED)
    assert observation_of('{"kind": "restrictions", "timelock": null}') == RestrictionsSeen(None, None)
    for wrong in ({"isActive": "perhaps"}, {"isActive": True, "ends": 2**40}, {"isActive": True, "type": "\x00"}):
        with pytest.raises(UnknownReport):
            observation_of(json.dumps({"kind": "restrictions", "timelock": wrong}))


def test_a_refusal_says_what_restricts_and_when_to_come_again() -> None:
    refused = _refusal(f"Error: restricted: timelock {int(time.time()) + 600}")
    assert isinstance(refused, AccountRestricted)
    assert refused.restriction is Restriction.TIMELOCK
    assert 590 <= refused.retry_after_seconds <= 601
    for told in ("capping 0", "capping", "capping -5", "capping 99999999999", "capping ١٢"):
        unknown = _refusal(f"Error: restricted: {told}")
        assert isinstance(unknown, AccountRestricted)
        assert (unknown.restriction, unknown.retry_after_seconds) == (Restriction.CAPPING, 3600.0)
    assert type(_refusal("Error: not_taken: told so")) is NotTaken
