"""Runs in the environment of PyPI's ``waha-python``: asks a server as its users do.

Prints a JSON object: for each question, null or why it was refused. Left out is what it asks wrongly: its lists of
sessions, of groups and of members go to no address of WAHA's, and its new groups have no name.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from waha_python import WAHAClient

url, key, session, customer, picture = sys.argv[1:]
chat = f"{customer}@c.us"
found: dict[str, str | None] = {}


def ask(name: str, question: Callable[[], Any]) -> Any:
    """Ask, and note why it was refused."""
    try:
        answer = question()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        found[name] = f"{type(error).__name__}: {error}"
        return {}
    found[name] = None
    return answer


client = WAHAClient(base_url=url, api_key=key)
sent = ask("text", lambda: client.messages.send_text(session=session, chat_id=chat, text="halo"))
message = sent.get("id", "")
ask("answer", lambda: client.messages.send_text(session=session, chat_id=chat, text="lagi", reply_to=message))
file = {"mimetype": "image/png", "filename": "dot.png", "data": picture}
ask("picture", lambda: client.messages.send_image(session=session, chat_id=chat, file=file, caption="dot"))
ask("file", lambda: client.messages.send_file(session=session, chat_id=chat, file=file))
ask("seen", lambda: client.messages.send_seen(session=session, chat_id=chat))
ask("star", lambda: client.messages.star_message(session=session, message_id=message, chat_id=chat, star=True))
ask("edit", lambda: client.messages.edit_message(session=session, chat_id=chat, message_id=message, text="hai"))
ask("pin", lambda: client.messages.pin_message(session=session, chat_id=chat, message_id=message))
ask("unpin", lambda: client.messages.unpin_message(session=session, chat_id=chat, message_id=message))
ask("chats", lambda: client.chats.list(session))
ask("overview", lambda: client.chats.get_overview(session))
ask("messages", lambda: client.chats.get_messages(session=session, chat_id=chat))
ask("message", lambda: client.chats.get_message(session=session, chat_id=chat, message_id=message))
ask("archive", lambda: client.chats.archive(session, chat))
ask("unarchive", lambda: client.chats.unarchive(session, chat))
ask("contacts", lambda: client.contacts.list_all(session))
ask("check-exists", lambda: client.contacts.check_exists(session, customer))
ask("about", lambda: client.contacts.get_about(session, chat))
ask("deletion", lambda: client.messages.delete_message(session=session, chat_id=chat, message_id=message))
sys.stdout.write(json.dumps(found))
