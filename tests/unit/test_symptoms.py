"""Each kind of trouble is in ``docs/symptoms.md``, and has words in each language of the dashboard."""

from __future__ import annotations

import pytest

from support.symptoms import codes, told_by_fault
from tuntas.dashboard import languages, words
from tuntas.sandbox.fault_kinds import KINDS
from tuntas.sessions.commands import CommandKind

# What a session's story says though nothing is wrong.
ORDINARY = {
    *(kind.value for kind in CommandKind),
    *("created", "server_started", "server_stopping", "restart_after_fault", "page_changed", "qr_shown", "qr_asked"),
    *("passkey_code_shown", "scanned", "account_loaded", "connected"),
}


def test_each_fault_of_the_sandbox_is_told_of_and_no_other() -> None:
    assert set(told_by_fault()) == set(KINDS) - {"clear"}


def test_each_reason_that_somebody_may_ask_about_is_explained() -> None:
    assert set(words.REASONS) >= ORDINARY
    assert set(words.REASONS) - ORDINARY - codes() == set()


def test_what_is_told_of_faults_are_reasons_with_words() -> None:
    assert {code for told in told_by_fault().values() for code in told} <= set(words.REASONS)


@pytest.mark.parametrize("code", sorted(words.REASONS))
def test_each_reason_has_words_in_each_language(code: str) -> None:
    said = [language.say(words.REASONS[code]) for language in languages.load().values()]
    assert len(said) > 1
    assert all(said)
    assert len(set(said)) == len(said), "it is translated"
