"""What may be done to a message in the sandbox, who learns of it, and that it outlives a restart."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tuntas.sandbox import media as media_module
from tuntas.sandbox.acts import Act, EditAct, PinAct, ReactAct, RevokeAct, StarAct, VoteAct
from tuntas.sandbox.content import Content, Media, Poll
from tuntas.sandbox.errors import ActRefusedError, UnknownFileError, UnknownMessageError
from tuntas.sandbox.media import MediaFiles
from tuntas.sandbox.model import SENT, DeviceKeys, PhoneMessage
from tuntas.sandbox.phones import Phones

ANI, BUDI, CITRA = "628111000111", "628222000222", "628333000333"
POLL = Content(poll=Poll(name="When?", options=["Monday", "Tuesday"]))


def world(content: Content | None = None) -> Phones:
    """Return Ani with two devices and Budi with one, and a message M1 from her to him."""
    phones = Phones()
    for number in (ANI, BUDI, CITRA):
        phones.put(number, number)
    for device, number in (("a1", ANI), ("a2", ANI), ("b1", BUDI)):
        phones.link(DeviceKeys(device, f"noise-{device}", f"identity-{device}"), number)
    phones.send(PhoneMessage("M1", ANI, BUDI, "halo", 1_700_000_000, SENT, content=content or Content()), origin="a1")
    return phones


@pytest.mark.parametrize(
    "act", [ReactAct(do="react", text="👍"), EditAct(do="edit", text="new"), RevokeAct(do="revoke")]
)
def test_both_sides_learn_of_an_act_except_the_device_that_did_it(act: Act) -> None:
    phones = world()
    assert phones.act(ANI, "M1", act, 1, origin="a1")[1] == {"a2", "b1"}


def test_an_act_that_is_repeated_changes_nothing() -> None:
    phones = world()
    pin = PinAct(do="pin", on=True)
    for act in (ReactAct(do="react", text="👍"), StarAct(do="star", on=True), EditAct(do="edit", text="new"), pin):
        assert phones.act(ANI, "M1", act, 1)[1]
        assert not phones.act(ANI, "M1", act, 2)[1]


def test_only_the_own_devices_learn_of_a_star() -> None:
    phones = world()
    assert phones.act(ANI, "M1", StarAct(do="star", on=True), 1)[1] == {"a1", "a2"}
    assert phones.messages_of(BUDI)[0].describe()["starred"] == [ANI]


@pytest.mark.parametrize("act", [EditAct(do="edit", text="never said"), RevokeAct(do="revoke")])
def test_nobody_changes_what_somebody_else_wrote(act: Act) -> None:
    phones = world()
    with pytest.raises(ActRefusedError):
        phones.act(BUDI, "M1", act, 1)
    assert phones.messages_of(ANI)[0].text == "halo"


def test_a_message_that_was_revoked_is_empty_and_takes_no_more() -> None:
    phones = world(POLL)
    message, _ = phones.act(ANI, "M1", RevokeAct(do="revoke"), 1)
    assert "poll" not in message.describe()
    for act in (ReactAct(do="react", text="👍"), VoteAct(do="vote", options=["Monday"])):
        with pytest.raises(ActRefusedError):
            phones.act(BUDI, "M1", act, 2)


def test_a_vote_names_options_of_a_poll() -> None:
    phones = world(POLL)
    message, _ = phones.act(BUDI, "M1", VoteAct(do="vote", options=["Tuesday"]), 1)
    assert message.describe()["votes"] == {BUDI: ["Tuesday"]}
    with pytest.raises(ActRefusedError):
        phones.act(BUDI, "M1", VoteAct(do="vote", options=["Sunday"]), 2)
    with pytest.raises(ActRefusedError):
        world().act(BUDI, "M1", VoteAct(do="vote", options=[]), 1)


def test_a_strangers_message_is_unknown() -> None:
    with pytest.raises(UnknownMessageError):
        world().act(CITRA, "M1", ReactAct(do="react", text="👍"), 1)


def test_content_and_what_became_of_it_outlive_a_restart() -> None:
    file = Media(file="0" * 32, kind="document", mimetype="text/plain", filename="a.txt", size=3)
    phones = world(Content(mentions=[BUDI], forwarded=True, media=file))
    phones.act(BUDI, "M1", ReactAct(do="react", text="👍"), 1)
    phones.act(ANI, "M1", EditAct(do="edit", text="new"), 1)
    phones.act(ANI, "M1", StarAct(do="star", on=True), 1)
    again = Phones.from_json(json.loads(json.dumps(phones.to_json())))
    assert again.messages_of(ANI) == phones.messages_of(ANI)
    assert again.messages_of(ANI)[0].content.media == file


def test_files_outlive_a_restart_where_there_is_a_folder_and_the_oldest_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_module, "KEPT_BYTES", 10)

    async def story() -> None:
        first = await MediaFiles(tmp_path).put(b"123456")
        files = MediaFiles(tmp_path)
        assert await files.get(first) == b"123456"
        second = await files.put(b"1234567")
        with pytest.raises(UnknownFileError):
            await files.get(first)
        assert await files.get(second) == b"1234567"
        in_memory = MediaFiles()
        assert await in_memory.get(await in_memory.put(b"x")) == b"x"

    asyncio.run(story())
    assert len(list((tmp_path / "media").iterdir())) == 1
