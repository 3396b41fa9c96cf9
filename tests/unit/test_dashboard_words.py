"""There are plain words for everything that the code can say: states, reasons, errors, checks."""

from __future__ import annotations

import re
from pathlib import Path

import tuntas
from tuntas.api.errors import TABLE
from tuntas.cleanup import leftovers
from tuntas.dashboard import words
from tuntas.events import EventName
from tuntas.profiles import Reason
from tuntas.server.doctor import CHECKS, Level
from tuntas.sessions import recycling
from tuntas.sessions.access import Scope
from tuntas.sessions.capabilities import Capability
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.lifecycle import SILENCE_REASON
from tuntas.sessions.machine import State, Status

SOURCES = Path(tuntas.__file__).parent


def test_each_state_status_event_and_capability_has_words() -> None:
    assert set(words.STATES) == set(words.MEANINGS) == set(State)
    assert set(words.STATUSES) == {status.value for status in Status}
    assert set(words.EVENTS) == {name.value for name in EventName}
    assert set(words.SCOPES) == set(Scope)
    assert set(words.CAPABILITIES) == set(Capability)


def test_each_reason_that_the_code_names_has_words() -> None:
    named = {recycling.REASON, *SILENCE_REASON.values(), *(kind.value for kind in CommandKind)}
    for folder in ("sessions", "whatsapp"):
        for path in (SOURCES / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            named |= set(re.findall(r'(?:PageLost|LaunchRefused)\(\s*"(\w+)"', text))
            named |= set(re.findall(r'\bmove\(Trigger\.\w+, "(\w+)"', text))
    assert {"page_crashed", "browser_did_not_start", "scanned"} <= named
    assert named - {"none"} <= set(words.REASONS)


def test_each_error_has_words_and_the_status_that_the_api_gives_it() -> None:
    assert {kind: status for kind, (status, _) in words.ERRORS.items()} == {
        kind: status for kind, (status, _, _) in TABLE.items() if kind.__module__ == "tuntas.sessions.errors"
    }


def test_each_reason_for_what_is_left_has_words() -> None:
    assert set(words.LEFT) == set(Reason)
    codes = {value for name, value in vars(leftovers).items() if name.isupper() and isinstance(value, str)}
    assert codes <= set(words.KEPT)


def test_each_check_of_the_doctor_has_words() -> None:
    assert set(words.CHECKS) == {name for name, _ in CHECKS}
    assert set(words.LEVELS) == {level.value for level in Level}


def test_what_is_not_known_is_shown_as_it_is() -> None:
    assert words.reason("something_newer") == "something_newer"
    assert words.event("engine.event") == "engine.event"
