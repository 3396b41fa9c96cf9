"""Commands, faults, crashes and time in any order: a session's promises hold, and it always comes to rest."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from support.played_session import LIMITS, ME, PlayedSession
from tuntas.events import Capping, Timelock
from tuntas.sessions import commands
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.effects import Operation
from tuntas.sessions.machine import LIVE, WITH_BROWSER, Desired, State
from tuntas.sessions.model import (
    Connected,
    Disconnected,
    Lacking,
    PageLost,
    PasskeyAsked,
    PasskeyCodeShown,
    PasskeyRefused,
    QrShown,
    RestrictionsSeen,
    Scanned,
    Unlinked,
    Weighed,
)

OBSERVATIONS = st.sampled_from(
    [
        QrShown("qr"),
        Scanned(),
        PasskeyAsked({"challenge": "c"}),
        PasskeyCodeShown("1"),
        PasskeyRefused("told so"),
        Connected(ME),
        Disconnected("told so"),
        Unlinked("told so"),
        PageLost("page_crashed", "told so"),
        Lacking("WPP.chat"),
        PageLost("temporary_ban", "told so", again_in_seconds=60.0),
        PageLost("page_unreachable", "told so"),
        Weighed(LIMITS.recycle_bytes + 1),
        Weighed(1),
        RestrictionsSeen(Timelock(is_active=True, ends=1_784_477_333), None),
        RestrictionsSeen(Timelock(is_active=False), Capping("NONE", 10, 1)),
        RestrictionsSeen(None, Capping("CAPPED", 10, 10)),
    ]
)


class AnyLife(RuleBasedStateMachine):
    """What is checked after each effect is in ``PlayedSession``; here is what holds between any two steps."""

    def __init__(self) -> None:
        super().__init__()
        self.it = PlayedSession()
        self.lost: set[int] = set()

    @rule(kind=st.sampled_from(CommandKind))
    def command(self, kind: CommandKind) -> None:
        self.it.ask(kind)

    @rule(seen=OBSERVATIONS, is_stale=st.booleans())
    def observation(self, seen: Connected, is_stale: bool) -> None:
        if is_stale:
            before = self.it.memory
            self.it.observe(seen, generation=before.generation - 1)
            assert self.it.memory == before
        elif self.it.has_browser:
            self.it.observe(seen)

    @rule()
    def look(self) -> None:
        self.it.look()

    @rule()
    @precondition(lambda self: self.it.begun is not None)
    def operation_ends(self) -> None:
        self.it.end_operation()

    @rule()
    @precondition(lambda self: self.it.begun is not None and self.it.begun.operation is Operation.LAUNCH)
    def launch_fails(self) -> None:
        begun = self.it.begun
        assert begun is not None
        self.it.observe(PageLost("browser_did_not_start", "told so"))
        self.it.begun = None
        self.it.take(commands.OperationDone(begun.number, commands.Launched(None)))

    @rule(seconds=st.floats(0.0, 400.0))
    def time_passes(self, seconds: float) -> None:
        self.it.now += seconds

    @rule()
    def page_changes(self) -> None:
        self.it.take(commands.PageChanged())

    @rule(is_away=st.booleans())
    def network(self, is_away: bool) -> None:
        if self.it.follows_network:
            self.it.take(commands.NetworkSeen(is_away))

    @rule()
    def qr_is_asked_for(self) -> None:
        self.it.take(commands.QrAsked("test"))

    @rule()
    @precondition(lambda self: self.it.state() is State.SCAN_QR_CODE)
    def nobody_scans(self) -> None:
        self.it.now += LIMITS.qr_rest_seconds

    @rule(is_any=st.booleans())
    def calls(self, is_any: bool) -> None:
        self.it.in_use = is_any
        if not is_any:
            self.it.take(commands.PageFree())

    @rule()
    @precondition(lambda self: self.it.state() is not State.REMOVED)
    def server_dies(self) -> None:
        """All that is not stored is forgotten; the next server ends the orphan before it does anything else."""
        before = self.it
        self.it = PlayedSession(record=before.stored)
        self.it.has_profile = before.has_profile
        self.it.now = before.now
        self.it.take(commands.Booted("server_started"))

    @invariant()
    def a_browser_is_there_exactly_where_the_state_says_so(self) -> None:
        assert self.it.has_browser == (self.it.state() in WITH_BROWSER)

    @invariant()
    def a_state_without_a_deadline_or_an_operation_is_one_to_rest_in(self) -> None:
        memory = self.it.memory
        if memory.record.state in LIVE - {State.STARTING} and not memory.end_is_wanted:
            assert memory.due_at is not None or memory.probe_at is not None or memory.operation is not Operation.REST

    @invariant()
    def nobody_starts_for_ever(self) -> None:
        assert not self.it.is_starting or self.it.state() is State.STARTING

    def teardown(self) -> None:
        wanted = self.it.memory.record.desired
        self.it.rest()
        record = self.it.memory.record
        match wanted:
            case Desired.REMOVED:
                assert record.state is State.REMOVED
                assert not self.it.has_profile
            case Desired.STOPPED | Desired.MOVED:
                assert record.state is State.STOPPED
                assert not record.discard_profile
            case Desired.RUNNING if self.it.memory.rests:
                assert not self.it.has_browser
            case Desired.RUNNING:
                assert record.state in LIVE | {State.WAITING, State.FAILED}
        if record.state is not State.WAITING:
            assert not self.it.open or record.state is State.FAILED, "somebody waits for an answer that never comes"


def test_any_life_keeps_its_promises() -> None:
    lives = settings(
        max_examples=200, stateful_step_count=40, suppress_health_check=[HealthCheck.filter_too_much], deadline=None
    )
    run_state_machine_as_test(AnyLife, settings=lives)
