"""Runs in the environment of PyPI's ``waha``: asks a server as its users do. Its own models read each answer.

Prints a JSON object: for each question, null or what did not fit. Left out is what it asks at addresses and in shapes
that WAHA itself does not have (``/api/chats``, ``/api/groups``, polls, cards and previews).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from waha import WahaClient
from waha.types import Base64File

url, key, session, customer, picture = sys.argv[1:]
chat = f"{customer}@c.us"
found: dict[str, str | None] = {}


def ask(name: str, question: Callable[[], Any]) -> Any:
    """Ask, and note what did not fit."""
    try:
        answer = question()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        found[name] = f"{type(error).__name__}: {error}"
        return None
    found[name] = None
    return answer


with WahaClient(base_url=url, api_key=key) as client:
    ask("sessions", client.sessions.list)
    ask("session", lambda: client.sessions.get(session))
    ask("me", lambda: client.sessions.get_me(session))
    sent = ask("text", lambda: client.messages.send_text(chat_id=chat, text="halo", session=session))
    file = Base64File(mimetype="image/png", filename="dot.png", data=picture)
    ask("picture", lambda: client.messages.send_image(chat_id=chat, file=file, caption="dot", session=session))
    ask("file", lambda: client.messages.send_file(chat_id=chat, file=file, session=session))
    place = {"latitude": -6.1754, "longitude": 106.8272, "title": "Monas"}
    ask("place", lambda: client.messages.send_location(chat_id=chat, session=session, **place))
    if sent is not None:
        ask("reaction", lambda: client.messages.react(message_id=sent.id, reaction="👍", session=session))
        ask("star", lambda: client.messages.star(message_id=sent.id, star=True, session=session))
        ask("copy", lambda: client.messages.forward_message(chat_id=chat, message_id=sent.id, session=session))
        ask("seen", lambda: client.messages.send_seen(chat_id=chat, message_id=sent.id, session=session))
    ask("typing", lambda: client.messages.start_typing(chat_id=chat, session=session))
    ask("no typing", lambda: client.messages.stop_typing(chat_id=chat, session=session))
    read = ask("messages", lambda: client.chats.get_messages(chat_id=chat, session=session, limit=20))
    found["what was sent is read"] = None if any(one.body == "halo" for one in read or ()) else "it is not there"
    ask("check-exists", lambda: client.contacts.check_exists(phone=customer, session=session))
    ask("profile", lambda: client.profile.get(session))
    ask("name", lambda: client.profile.set_name(name="Toko", session=session))
sys.stdout.write(json.dumps(found))
