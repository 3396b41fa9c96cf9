"""The sets of states say what their names say, and the one error says the whole story."""

from __future__ import annotations

import pytest

from tuntas.sessions.machine import ENDING, LIVE, WITH_BROWSER, ImpossibleTransition, State, Trigger


def test_a_browser_can_be_there_in_every_state_but_the_resting_ones() -> None:
    resting = {State.STOPPED, State.WAITING, State.FAILED, State.REMOVED}
    assert set(State) - resting == WITH_BROWSER


def test_live_is_with_a_browser_that_nobody_is_ending() -> None:
    assert {State.STOPPING, State.RECOVERING} == ENDING
    assert {
        State.STARTING,
        State.SCAN_QR_CODE,
        State.PASSKEY_REQUIRED,
        State.PASSKEY_CONFIRMATION_REQUIRED,
        State.PAIRING,
        State.WORKING,
        State.RECONNECTING,
    } == LIVE


@pytest.mark.parametrize(("story", "told"), [((), "-"), (("a → b", "b → c"), "a → b, b → c")])
def test_the_error_of_an_unlisted_pair_reads_well(story: tuple[str, ...], told: str) -> None:
    error = ImpossibleTransition(State.STOPPED, Trigger.CONNECTED, story)
    assert str(error) == f"'connected' cannot happen in state 'stopped'; before it: {told}"
