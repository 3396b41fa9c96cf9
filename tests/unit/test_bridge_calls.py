"""The calls that Python knows are the calls that the bridge has, and nothing else."""

from __future__ import annotations

import re
from importlib.resources import files

from tuntas.sessions.page_calls import PageCall
from tuntas.whatsapp.scripts import BRIDGE

FOLDER = files("tuntas.whatsapp").joinpath("bridge")
SOURCES = {name: FOLDER.joinpath(name).read_text(encoding="utf-8") for name in BRIDGE}
BRIDGE_TEXT = "\n".join(SOURCES.values())
CALL = re.compile(r"^(?:calls|groupCalls)\.(\w+) = ", re.MULTILINE)
# What WA-JS itself needs for calls that we make.
WA_JS_NEEDS = {"conn.getAuthCode"}


def test_each_call_is_in_the_bridge_and_each_of_the_bridge_is_a_call() -> None:
    there = CALL.findall(BRIDGE_TEXT)
    assert sorted(there) == sorted(call.value for call in PageCall)


def test_every_file_of_the_bridge_is_put_into_the_page() -> None:
    assert sorted(BRIDGE) == sorted(one.name for one in FOLDER.iterdir() if one.name.endswith(".js"))


def test_what_must_be_there_is_what_the_bridge_uses() -> None:
    needed = re.search(r"const NEEDED = \{(.*?)\n\};", SOURCES["standing.js"], re.DOTALL)
    assert needed is not None
    names = set(re.findall(r'"([\w.]+)"', needed[1]))
    used = set(re.findall(r"WPP\.(\w+\.\w+)", BRIDGE_TEXT.replace(needed[0], "")))
    assert {"chat.sendTextMessage", "whatsapp.MsgStore"} <= names
    assert {name for name in names - used if not name.startswith("whatsapp.functions.")} == WA_JS_NEEDS


def test_each_kind_that_is_sent_has_its_function_in_the_bridge() -> None:
    senders = re.search(r"const senders = \{(.*?)\n\};", SOURCES["messages.js"], re.DOTALL)
    assert senders is not None
    kinds = {"text", "location", "contacts", "poll", "event", "preview", "file"}
    assert set(re.findall(r"^  (\w+): ", senders[1], re.MULTILINE)) == kinds
