"""Runs in waha-py's own environment: asks a server as its users do, and has its models read each answer.

Prints a JSON object: for each question, null or what did not fit.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter
from waha import WahaClient
from waha.generated import models

url, key, session, customer = sys.argv[1:]
client = WahaClient(url, api_key=key)
found: dict[str, str | None] = {}


def ask(name: str, model: Any, question: Callable[[], Any]) -> Any:
    """Ask, read the answer with the model, and note what did not fit."""
    answer = None
    try:
        answer = question()
        TypeAdapter(model).validate_python(answer)
        found[name] = None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        found[name] = f"{type(error).__name__}: {error}"
    return answer


chat = f"{customer}@c.us"
ask("sessions", list[models.SessionInfo], lambda: client.sessions.list())
ask("session", models.SessionInfo, lambda: client.sessions.get(session))
ask("me", models.MeInfo, lambda: client.sessions.get_me(session))
sent = ask(
    "sendText",
    models.WAMessage,
    lambda: client.chatting.send_text({"session": session, "chatId": chat, "text": "halo"}),
)
answering = ask(
    "sendText that answers",
    models.WAMessage,
    lambda: client.chatting.send_text(
        {"session": session, "chatId": chat, "text": "lagi", "reply_to": (sent or {}).get("id")}
    ),
)
ask("what it answers", models.ReplyToMessage, lambda: (answering or {})["replyTo"])
ask(
    "sendLocation",
    models.WAMessage,
    lambda: client.chatting.send_location(
        {"session": session, "chatId": chat, "latitude": -6.1754, "longitude": 106.8272, "title": "Monas"}
    ),
)
ask(
    "sendPoll",
    models.WAMessage,
    lambda: client.chatting.send_poll(
        {"session": session, "chatId": chat, "poll": {"name": "When?", "options": ["a", "b"], "multipleAnswers": None}}
    ),
)
ask("messages", list[models.WAMessage], lambda: client.chats.get_chat_messages(session, chat, params={"limit": 10}))
ask("overview", list[models.ChatSummary], lambda: client.chats.get_chats_overview(session))
ask(
    "check-exists",
    models.WANumberExistResult,
    lambda: client.contacts.check_exists(params={"phone": customer, "session": session}),
)
ask("profile", models.MyProfile, lambda: client.profile.get_my_profile(session))
ask("version", models.WAHAEnvironment, lambda: client.server.get())
ask("status", models.ServerStatusResponse, lambda: client.server.status())
ask("ping", models.PingResponse, lambda: client.ping.ping())
group = ask(
    "create group",
    dict[str, Any],
    lambda: client.groups.create_group(session, {"name": "Neighbours", "participants": [{"id": chat}]}),
)
group_id = (group or {}).get("id", "")
ask("group members", list[models.GroupParticipant], lambda: client.groups.get_group_participants(session, group_id))
ask("presences", list[models.WAHAChatPresences], lambda: client.presence.get_presence_all(session))
sys.stdout.write(json.dumps(found))
