"""A passkey between the scan and the linking: how a session goes through it, and which answers are none."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from support.played_session import CHALLENGE, LIMITS, ME, PlayedSession
from tuntas.sessions import passkeys
from tuntas.sessions.faults import Blame
from tuntas.sessions.machine import State, Status
from tuntas.sessions.model import Connected, PageLost, PasskeyAsked, PasskeyCodeShown, PasskeyRefused, QrShown, Scanned
from tuntas.whatsapp.translate import UnknownReport, observation_of


@pytest.mark.parametrize("state", [State.STARTING, State.SCAN_QR_CODE, State.PAIRING])
def test_a_passkey_is_told_with_what_it_has_to_sign(state: State) -> None:
    it = PlayedSession()
    it.reach(state)
    it.observe(PasskeyAsked(CHALLENGE))
    assert (it.state(), it.stored.status) == (State.PASSKEY_REQUIRED, Status.PASSKEY_REQUIRED)
    assert (it.told[-1].reason, it.told[-1].data, it.memory.data) == ("passkey_asked", CHALLENGE, CHALLENGE)
    assert it.memory.qr is None


def test_a_code_follows_and_ends_with_its_status() -> None:
    it = PlayedSession()
    it.reach(State.PASSKEY_REQUIRED)
    it.observe(PasskeyCodeShown("1A2B"))
    assert (it.state(), it.memory.data) == (State.PASSKEY_CONFIRMATION_REQUIRED, {"code": "1A2B"})
    assert it.told[-1].reason == "passkey_code_shown"
    it.observe(Scanned())
    assert (it.state(), it.memory.data, it.told[-1].data) == (State.PAIRING, None, None)


@pytest.mark.parametrize("state", [State.PASSKEY_REQUIRED, State.PASSKEY_CONFIRMATION_REQUIRED])
def test_what_is_refused_leads_to_a_new_qr_on_the_same_page(state: State) -> None:
    it = PlayedSession()
    it.reach(state)
    it.observe(PasskeyRefused("server_error"))
    assert (it.state(), it.told[-1].reason, it.told[-1].detail) == (State.STARTING, "passkey_refused", "server_error")
    assert it.memory.due_at == it.now + LIMITS.start_seconds
    assert it.has_browser
    assert it.restarts == []
    it.observe(QrShown("another"))
    assert (it.state(), it.memory.qr) == (State.SCAN_QR_CODE, "another")


@pytest.mark.parametrize("state", [State.PASSKEY_REQUIRED, State.PASSKEY_CONFIRMATION_REQUIRED])
def test_nobody_answers_is_no_fault_of_ours(state: State) -> None:
    it = PlayedSession()
    it.reach(state)
    it.now += LIMITS.passkey_seconds - 1
    it.rest()
    assert it.state() is state
    it.now += 1
    it.look()
    assert (it.memory.last_fault.reason, it.memory.blame, it.memory.faults) == ("passkey_not_answered", Blame.WORLD, 0)


@pytest.mark.parametrize("state", [State.PASSKEY_REQUIRED, State.PASSKEY_CONFIRMATION_REQUIRED])
def test_a_page_that_waits_for_a_passkey_is_asked_for_life_and_may_be_lost(state: State) -> None:
    it = PlayedSession()
    it.reach(state)
    assert it.memory.probe_at == it.now + LIMITS.liveness_interval_seconds
    it.observe(PageLost("page_crashed", "told so"))
    assert (it.state(), it.memory.data) == (State.RECOVERING, None)


@pytest.mark.parametrize("seen", [PasskeyAsked(CHALLENGE), PasskeyCodeShown("1"), PasskeyRefused("no")])
def test_a_word_about_a_passkey_at_another_time_changes_nothing(
    seen: PasskeyAsked | PasskeyCodeShown | PasskeyRefused,
) -> None:
    it = PlayedSession()
    it.reach(State.WORKING)
    before = it.memory
    it.observe(seen)
    assert it.memory == before
    it.observe(Connected(ME))
    assert it.state() is State.WORKING


def answer(**more: Any) -> dict[str, Any]:
    client = {"type": "webauthn.get", "challenge": "Y2hhbGxlbmdl", "origin": "https://web.whatsapp.com"} | more
    encoded = base64.urlsafe_b64encode(json.dumps(client).encode()).rstrip(b"=").decode()
    return {
        "id": "aWQ",
        "rawId": "aWQ",
        "response": {"clientDataJSON": encoded, "authenticatorData": "YQ", "signature": "cw"},
    }


def test_the_answer_to_the_open_challenge_is_good_with_and_without_padding() -> None:
    assert passkeys.fault_in(answer(), "Y2hhbGxlbmdl") is None
    assert passkeys.fault_in(answer(challenge="Y2hhbGxlbmdlcw"), "Y2hhbGxlbmdlcw==") is None


@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        (answer(type="webauthn.create"), "no answer to a challenge"),
        (answer(challenge="b2xk"), "another challenge"),
        (answer(origin="https://example.org"), "another address"),
        (answer() | {"rawId": "?"}, "its rawId is no base64"),
        (answer() | {"id": 7}, "its id is no base64"),
        (answer() | {"response": None}, "no response"),
        (answer() | {"response": answer()["response"] | {"signature": ""}}, "its signature is no base64"),
        (answer() | {"response": answer()["response"] | {"clientDataJSON": "YQ"}}, "clientDataJSON cannot be read"),
        (answer() | {"response": answer()["response"] | {"clientDataJSON": "e30"}}, "clientDataJSON cannot be read"),
        (answer() | {"response": answer()["response"] | {"clientDataJSON": "W10"}}, "clientDataJSON cannot be read"),
    ],
)
def test_what_is_no_answer_is_told_by_what_is_wrong_with_it(spoiled: dict[str, Any], told: str) -> None:
    assert told in (passkeys.fault_in(spoiled, "Y2hhbGxlbmdl") or "")


def test_the_page_s_words_are_taken_by_their_models() -> None:
    options = {"challenge": "YQ", "timeout": 600000, "rpId": "whatsapp.com", "allowCredentials": [{"id": "aWQ"}]}
    seen = observation_of(json.dumps({"kind": "passkey", "options": options}))
    assert isinstance(seen, PasskeyAsked)
    assert seen.options["allowCredentials"] == [{"id": "aWQ", "type": "public-key", "transports": []}]
    assert observation_of('{"kind": "passkey_code", "code": "1A2B-3C4D"}') == PasskeyCodeShown("1A2B-3C4D")
    assert observation_of('{"kind": "passkey_refused", "reason": "timeout"}') == PasskeyRefused("timeout")
    for spoiled in ('{"kind": "passkey", "options": {}}', '{"kind": "passkey_code", "code": "<b>"}'):
        with pytest.raises(UnknownReport):
            observation_of(spoiled)
