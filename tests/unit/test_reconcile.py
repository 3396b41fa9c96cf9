"""The plan, driven against the transition table in a small model world: it converges from wherever it is put."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tuntas.sessions.machine import LIVE, WITH_BROWSER, State, Trigger, next_state
from tuntas.sessions.reconcile import Act, Desired, Situation, next_act

CALM = Situation(
    state=State.STOPPED,
    desired=Desired.STOPPED,
    discard_profile=False,
    profile_gone=False,
    linked=False,
    start_asked=False,
    end_asked=False,
    log_out_tried=False,
    faults=0,
    fault_budget=3,
    permanent_fault=False,
    due_at=None,
    probe_at=None,
    behind=False,
    overgrown=False,
    in_use=False,
    recycle_at=None,
    shutting_down=False,
)

situations = st.builds(
    Situation,
    state=st.sampled_from([state for state in State if state is not State.REMOVED]),
    desired=st.sampled_from(Desired),
    discard_profile=st.booleans(),
    profile_gone=st.just(False),
    linked=st.booleans(),
    start_asked=st.booleans(),
    end_asked=st.booleans(),
    log_out_tried=st.booleans(),
    faults=st.integers(0, 9),
    fault_budget=st.just(3),
    permanent_fault=st.booleans(),
    due_at=st.one_of(st.none(), st.floats(0, 20)),
    probe_at=st.one_of(st.none(), st.floats(0, 20)),
    behind=st.booleans(),
    overgrown=st.booleans(),
    in_use=st.booleans(),
    recycle_at=st.one_of(st.none(), st.floats(0, 200)),
    shutting_down=st.booleans(),
)


def perform(at: Situation, act: Act) -> Situation:
    """What the actor does for an act, in the model: the table moves, flags are set, nothing fails."""

    def go(trigger: Trigger) -> Situation:
        return replace(at, state=next_state(at.state, trigger))

    match act:
        case Act.LAUNCH:
            fresh = replace(go(Trigger.LAUNCHED), start_asked=False, profile_gone=False, overgrown=False)
            return replace(fresh, due_at=None, probe_at=None)
        case Act.BEGIN_STOP:
            return go(Trigger.END_ASKED)
        case Act.BEGIN_RECOVERY:
            return replace(go(Trigger.FAULT), faults=at.faults + 1)
        case Act.BEGIN_RECYCLING:
            return replace(go(Trigger.RECYCLED), overgrown=False)
        case Act.LOG_OUT:
            return replace(at, log_out_tried=True)
        case Act.END_BROWSER:
            gone = go(Trigger.BROWSER_GONE)
            return replace(
                gone, linked=False, end_asked=False, log_out_tried=False, profile_gone=False, due_at=None, probe_at=None
            )
        case Act.DISCARD_PROFILE:
            return replace(at, discard_profile=False, profile_gone=True)
        case Act.SETTLE:
            return go(Trigger.SETTLED)
        case Act.GIVE_UP:
            return go(Trigger.GAVE_UP)
        case Act.FORGET:
            return go(Trigger.FORGOTTEN)
        case Act.CATCH_UP:
            return replace(at, behind=False)
        case Act.PROBE:
            return replace(at, probe_at=None)
        case Act.REST:
            return at


def settle(at: Situation, now: float) -> Situation:
    for _ in range(20):
        act = next_act(at, now)
        if act is Act.REST:
            return at
        at = perform(at, act)
    message = f"the plan does not come to rest: {at}"
    raise AssertionError(message)


@given(situations)
@settings(max_examples=600)
def test_from_any_situation_the_plan_reaches_what_is_wanted(start: Situation) -> None:
    end = settle(start, now=100.0)
    if start.desired is Desired.REMOVED:
        assert end.state is State.REMOVED
    elif start.shutting_down or start.desired is Desired.STOPPED:
        assert end.state not in WITH_BROWSER
        assert not end.discard_profile
    else:
        assert end.state in LIVE or end.state is State.FAILED
        assert not end.discard_profile or end.state in LIVE


@given(situations)
def test_keys_are_never_removed_under_a_live_browser(situation: Situation) -> None:
    if next_act(situation, 100.0) in (Act.DISCARD_PROFILE, Act.FORGET, Act.LAUNCH):
        assert situation.state not in WITH_BROWSER


@given(situations)
def test_every_act_is_allowed_by_the_table(situation: Situation) -> None:
    perform(situation, next_act(situation, 100.0))  # raises ImpossibleTransition otherwise


def test_a_wish_to_stop_wins_over_a_start_under_way() -> None:
    assert next_act(replace(CALM, state=State.STARTING, desired=Desired.STOPPED), 0.0) is Act.BEGIN_STOP


def test_a_linked_session_logs_out_before_its_keys_go() -> None:
    going = replace(CALM, state=State.STOPPING, desired=Desired.REMOVED, discard_profile=True, linked=True)
    assert next_act(going, 0.0) is Act.LOG_OUT
    assert next_act(replace(going, log_out_tried=True), 0.0) is Act.END_BROWSER


def test_a_plain_stop_keeps_the_link() -> None:
    assert next_act(replace(CALM, state=State.STOPPING, linked=True), 0.0) is Act.END_BROWSER


def test_a_browser_that_grew_is_replaced_once_its_calls_are_through_or_have_had_their_time() -> None:
    grown = replace(CALM, state=State.WORKING, desired=Desired.RUNNING, linked=True, overgrown=True)
    assert next_act(grown, 0.0) is Act.BEGIN_RECYCLING
    assert next_act(replace(grown, in_use=True, recycle_at=30.0), 29.9) is Act.REST
    assert next_act(replace(grown, in_use=True, recycle_at=30.0), 30.0) is Act.BEGIN_RECYCLING
    assert next_act(replace(grown, behind=True), 0.0) is Act.CATCH_UP, "what it missed is asked for first"
    assert next_act(replace(grown, desired=Desired.STOPPED), 0.0) is Act.BEGIN_STOP
    assert next_act(replace(grown, state=State.RECONNECTING), 0.0) is Act.REST


def test_restarts_wait_and_end_in_failed() -> None:
    waiting = replace(CALM, state=State.WAITING, desired=Desired.RUNNING, faults=1, due_at=5.0)
    assert next_act(waiting, 4.9) is Act.REST
    assert next_act(waiting, 5.0) is Act.LAUNCH
    assert next_act(replace(waiting, faults=4), 0.0) is Act.GIVE_UP


def test_a_fault_that_a_restart_cannot_mend_ends_in_failed_at_once() -> None:
    waiting = replace(CALM, state=State.WAITING, desired=Desired.RUNNING, faults=1, permanent_fault=True)
    assert next_act(waiting, 0.0) is Act.GIVE_UP


def test_failed_stays_until_a_person_asks() -> None:
    failed = replace(CALM, state=State.FAILED, desired=Desired.RUNNING, faults=9)
    assert next_act(failed, 1e9) is Act.REST
    assert next_act(replace(failed, start_asked=True), 0.0) is Act.LAUNCH


class OneSession(RuleBasedStateMachine):
    """Wishes and faults in any order: at most one browser, and the plan always comes to rest."""

    def __init__(self) -> None:
        super().__init__()
        self.at = CALM
        self.browsers = 0

    def step(self) -> None:
        act = next_act(self.at, 0.0)
        if act is Act.LAUNCH:
            self.browsers += 1
        if act is Act.END_BROWSER:
            self.browsers = 0
        self.at = perform(self.at, act)

    @rule(desired=st.sampled_from([Desired.RUNNING, Desired.STOPPED]))
    @precondition(lambda self: self.at.desired is not Desired.REMOVED)
    def wish(self, desired: Desired) -> None:
        self.at = replace(self.at, desired=desired, start_asked=desired is Desired.RUNNING)

    @rule()
    def remove(self) -> None:
        self.at = replace(self.at, desired=Desired.REMOVED, discard_profile=self.at.state is not State.REMOVED)

    @rule()
    @precondition(lambda self: self.at.state in LIVE)
    def fault(self) -> None:
        self.at = replace(self.at, state=next_state(self.at.state, Trigger.FAULT), faults=self.at.faults + 1)

    @rule()
    @precondition(lambda self: self.at.state in LIVE)
    def connected(self) -> None:
        self.at = replace(self.at, state=next_state(self.at.state, Trigger.CONNECTED), linked=True)

    @rule()
    @precondition(lambda self: self.at.state is State.WORKING)
    def grown(self) -> None:
        self.at = replace(self.at, overgrown=True)

    @rule()
    def act(self) -> None:
        self.step()

    @invariant()
    def at_most_one_browser(self) -> None:
        assert self.browsers <= 1
        assert (self.browsers == 1) == (self.at.state in WITH_BROWSER)

    def teardown(self) -> None:
        settle(self.at, now=0.0)


TestOneSession = OneSession.TestCase
TestOneSession.settings = settings(max_examples=150, stateful_step_count=40)
