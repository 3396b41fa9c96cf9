"""Messages, people and numbers as they truly are: what a bot that only knows the usual case gets wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.sandbox_pages import ANI, BUDI, BUDI_CHAT, World, soon

LISTEN = "window.types = []; WPP.whatsapp.MsgStore.on('add', (m) => types.push([m.type, m.subtype ?? null])); 0"
UNREAD = f"WPP.whatsapp.ChatStore.get('{BUDI_CHAT}').unreadCount"


@pytest.mark.parametrize(
    ("type_", "subtype"),
    [
        ("e2e_notification", "encrypt"),
        ("notification_template", None),
        ("protocol", "ephemeral_setting"),
        ("call_log", None),
        ("pinned_message", None),
        ("keep_in_chat", None),
    ],
)
def test_what_whatsapp_itself_writes_into_a_chat_has_a_type_of_its_own(
    play: Callable[..., None], type_: str, subtype: str | None
) -> None:
    async def story(world: World) -> None:
        async with world.page() as page:
            await world.pair(page)
            await page.evaluate(LISTEN)
            await world.ask(f"phones/{ANI}/notice", chat=BUDI, type=type_, subtype=subtype)
            await world.ask(f"phones/{BUDI}/send", to=ANI, text="a message of somebody's")
            assert await page.evaluate(soon("types.length >= 2", "types")) == [[type_, subtype], ["chat", None]]
            counted = 2 if type_ == "keep_in_chat" else 1  # the page's own list of types that do not count lacks it
            assert await page.evaluate(UNREAD) == counted
            stored = f"WPP.chat.getMessages('{BUDI_CHAT}', {{count: 9}}).then((all) => all.map((m) => m.type))"
            assert await page.evaluate(stored) == [type_, "chat"]
            assert page.errors == []

    play(story)


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("551187654321", "5511987654321"),
        ("5511987654321", "551187654321"),
        ("5215512345678", "525512345678"),
        ("5491123456789", "541123456789"),
    ],
)
def test_a_number_in_its_other_form_is_answered_with_the_one_that_whatsapp_knows(
    play: Callable[..., None], known: str, asked: str
) -> None:
    async def story(world: World) -> None:
        await world.ask("phones", number=known, name="Maria")
        async with world.page() as page:
            await world.pair(page)
            exists = f"WPP.contact.queryExists('{asked}@c.us').then((found) => String(found.wid))"
            assert await page.evaluate(exists) == f"{known}@c.us"
            # Who writes to the other form all the same has a chat that nobody is in.
            ghost = await page.send("hello?", to=f"{asked}@c.us")
            assert ghost["to"] == f"{asked}@c.us"
            assert ghost["ack"] == -1
            assert await world.messages(known) == []
            assert (await page.send("hello", to=f"{known}@c.us"))["ack"] >= 1

    play(story)


def test_somebody_may_be_known_by_the_hidden_id_only(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        budi = await world.ask("phones", number=BUDI, name="Budi", number_hidden=True)
        lid = f"{budi['lid']}@lid"
        async with world.page() as page:
            await world.pair(page)
            await world.ask(f"phones/{BUDI}/send", to=ANI, text=f"I am {BUDI}")
            heard: dict[str, Any] = await page.told("chat.new_message")
            assert (heard["from"], heard["body"]) == (lid, f"I am {BUDI}")
            known = f"WPP.whatsapp.functions.getPhoneNumber(WPP.whatsapp.WidFactory.createWid('{lid}'))"
            assert await page.evaluate(known) is None
            assert await page.evaluate(f"WPP.contact.get('{lid}').then((contact) => contact.pushname)") == "Budi"
            sent = await page.send("who are you?", to=lid)
            await page.told("chat.msg_ack_change", lambda said: (said["ids"], said["ack"]) == ([sent["id"]], 2))
            group = await world.ask(f"phones/{BUDI}/groups/group_create", subject="Friends", numbers=[ANI])
            group_id = group["group"]["id"]
            await page.evaluate(soon(f"WPP.chat.get('{group_id}')"))
            members = f"WPP.group.getParticipants('{group_id}').then((all) => all.map((one) => String(one.id)).sort())"
            assert await page.evaluate(members) == sorted([lid, f"{ANI}@c.us"])
            assert page.errors == []
        assert [each["text"] for each in await world.messages(BUDI)] == [f"I am {BUDI}", "who are you?"]

    play(story)


def test_who_is_in_groups_by_invitation_only_is_not_added_but_invited(play: Callable[..., None]) -> None:
    async def story(world: World) -> None:
        await world.ask("phones", number="628333000333", name="Citra", refuses_groups=True)
        async with world.page() as page:
            await world.pair(page)
            made = await page.evaluate(
                f"WPP.group.create('Team', ['{BUDI_CHAT}', '628333000333@c.us'])"
                ".then(({gid, participants}) => ({gid: String(gid), participants}))"
            )
            refused = made["participants"]["628333000333@c.us"]
            assert refused["code"] == 403
            assert refused["invite_code"]
            added = await page.evaluate(f"WPP.group.addParticipants('{made['gid']}', ['628333000333@c.us'])")
            assert added["628333000333@c.us"]["code"] == 403
            joined = await world.ask(
                "phones/628333000333/groups/group_join", code=added["628333000333@c.us"]["invite_code"]
            )
            assert {each["number"] for each in joined["group"]["members"]} == {ANI, BUDI, "628333000333"}

    play(story)
