"""What a page can do is declared once in the bridge and once here, and the two say the same."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from support.played_session import ME, PlayedSession
from tuntas.sessions import commands
from tuntas.sessions.capabilities import NOTHING_KNOWN, Capability, PageFacts, needed_for
from tuntas.sessions.commands import CommandKind
from tuntas.sessions.machine import State
from tuntas.sessions.memory import NO_FAULT
from tuntas.sessions.model import Connected, Lacking, PageKnown, PageLost
from tuntas.sessions.outgoing import STATUS, MessageKind, OutgoingMessage
from tuntas.sessions.page_calls import PageCall
from tuntas.whatsapp.translate import UnknownReport, observation_of

SOURCE = files("tuntas.whatsapp").joinpath("bridge", "capabilities.js").read_text(encoding="utf-8")
LACKS_POLLS = PageFacts("2.3000.1", "4.6.0", {Capability.POLLS: ("whatsapp.functions.sendVote",)})


def message(kind: MessageKind, chat: str = "628@c.us") -> OutgoingMessage:
    return OutgoingMessage(kind, {"chatId": chat})


def in_bridge() -> list[str]:
    declared = re.search(r"const CAPABILITIES = \{(.*?)\n\};", SOURCE, re.DOTALL)
    assert declared is not None
    return re.findall(r"^  (\w+): \[", declared[1], re.MULTILINE)


def test_the_bridge_looks_for_each_capability_and_no_other() -> None:
    assert sorted(in_bridge()) == sorted(one.value for one in Capability)


def test_the_page_on_capabilities_names_each_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "page.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+)`", page.split("The names: ")[1].split("\n\n")[0])
    assert sorted(named) == sorted(one.value for one in Capability)


def test_each_capability_has_something_that_needs_it() -> None:
    needed = {needed_for(one) for one in (*PageCall, *map(message, MessageKind))}
    assert set(Capability) == needed - {None}


def test_only_what_needs_a_missing_capability_is_refused() -> None:
    assert LACKS_POLLS.names_missing_for(message(MessageKind.POLL)) == (
        Capability.POLLS,
        ("whatsapp.functions.sendVote",),
    )
    assert LACKS_POLLS.names_missing_for(message(MessageKind.TEXT)) is None
    assert LACKS_POLLS.names_missing_for(PageCall.REACT) is None
    assert NOTHING_KNOWN.names_missing_for(message(MessageKind.POLL)) is None, "what is not known is not refused"


def test_what_is_posted_as_a_status_needs_status_posts_whatever_it_carries() -> None:
    assert needed_for(message(MessageKind.TEXT, STATUS)) is Capability.STATUS_POSTS
    assert needed_for(message(MessageKind.IMAGE, STATUS)) is Capability.STATUS_POSTS
    assert needed_for(message(MessageKind.IMAGE)) is Capability.FILES


def test_a_page_says_what_it_is_and_what_it_lacks() -> None:
    text = '{"kind": "page", "version": "2.3000.1", "waJs": "4.6.0", "lacking": {"polls": ["a.b"], "newer": ["c"]}}'
    seen = observation_of(text)
    assert seen == PageKnown(PageFacts("2.3000.1", "4.6.0", {Capability.POLLS: ("a.b",)}))
    early = observation_of('{"kind": "page", "version": "2.3000.1", "waJs": "", "lacking": null}')
    assert early == PageKnown(PageFacts("2.3000.1", ""))
    with pytest.raises(UnknownReport):
        observation_of('{"kind": "page", "version": "<b>", "waJs": "", "lacking": null}')


def test_a_session_tells_in_its_story_which_versions_are_at_work_and_forgets_them_with_the_page() -> None:
    session = PlayedSession()
    session.reach(State.STARTING)
    session.observe(PageKnown(LACKS_POLLS))
    session.observe(Connected(ME))
    assert session.told[-1].detail == "WhatsApp Web 2.3000.1, WA-JS 4.6.0"
    assert session.memory.facts == LACKS_POLLS
    session.ask(CommandKind.RESTART)
    session.rest()
    assert session.memory.facts == NOTHING_KNOWN


def test_a_page_without_what_each_session_needs_is_named_with_its_version() -> None:
    session = PlayedSession()
    session.reach(State.STARTING)
    session.observe(PageKnown(PageFacts("2.3000.7", "4.6.0")))
    session.observe(Lacking("whatsapp.MsgStore"))
    session.now += 61
    session.look()
    assert session.told[-1].detail == "WhatsApp Web 2.3000.7 does not have: whatsapp.MsgStore"


def failed(reason: str) -> PlayedSession:
    session = PlayedSession()
    session.reach(State.STARTING)
    while session.state() is not State.FAILED:
        if session.has_browser and session.begun is None:
            session.observe(PageLost(reason, "told so"))
        session.rest()
        session.now += 60
        session.rest()
    return session


@pytest.mark.parametrize("reason", ["whatsapp_web_changed", "update_required", "unsupported_browser"])
def test_another_build_of_the_page_is_tried_at_once(reason: str) -> None:
    session = failed(reason)
    session.take(commands.PageChanged())
    session.rest()
    assert session.state() is State.STARTING
    assert (session.told[-1].reason, session.told[-1].asked_by) == ("page_changed", "system")
    assert (session.memory.tries, session.memory.faults, session.memory.last_fault) == (0, 0, NO_FAULT)


def test_another_build_means_nothing_to_a_session_that_is_about_to_try_again_anyhow() -> None:
    session = PlayedSession()
    session.reach(State.STARTING)
    session.observe(PageLost("whatsapp_web_changed", "told so"))
    session.rest()
    before = session.memory
    session.take(commands.PageChanged())
    assert (session.state(), session.memory) == (State.WAITING, before)


def test_another_build_means_nothing_to_those_who_failed_for_another_reason() -> None:
    for session in (failed("page_crashed"), failed("temporary_ban")):
        session.take(commands.PageChanged())
        session.rest()
        assert session.state() is State.FAILED
