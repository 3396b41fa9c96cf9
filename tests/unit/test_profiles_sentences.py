from __future__ import annotations

from tuntas.processes.holder import Holder
from tuntas.profiles import sentences
from tuntas.profiles.model import Reason


def test_the_three_sentences_are_said_word_for_word() -> None:
    assert sentences.SESSION_BUSY == ("Session is busy. Files may still be in use. Please try again in a few moments.")
    assert sentences.files_may_remain("ani") == (
        "Session ani files may not be fully deleted. Manual cleanup may be required."
    )
    assert sentences.cleanup_attempt(2, 3, "ani") == "Cleanup attempt 2/3 for session ani"


def test_what_is_left_names_the_holder_and_the_command() -> None:
    holder = Holder(42, "clamscan", "open file", "/p/ani/Default/Cookies")
    said = sentences.left_behind("ani", Reason.IN_USE, (holder,), "tuntas cleanup --session ani")
    assert said.startswith("Session ani files may not be fully deleted. Manual cleanup may be required.")
    assert "clamscan (pid 42, open file /p/ani/Default/Cookies)" in said
    assert said.endswith("Run: tuntas cleanup --session ani")


def test_many_holders_are_counted_rather_than_listed() -> None:
    holders = [Holder(pid, "grep", "open file", "/p/f") for pid in range(1, 9)]
    assert "and 3 more" in sentences.held_by(holders)
    assert sentences.held_by([]) == ""


def test_every_reason_has_its_sentence() -> None:
    assert all(sentences.why(reason).endswith(".") for reason in Reason)
