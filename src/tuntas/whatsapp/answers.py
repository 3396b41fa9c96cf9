"""What a page answers is checked like what it reports: messages by their model, lists for being lists.

In a list what is no message, or no object, is left out, so that one that is spoiled does not hide the others. What else
an answer says is judged by those who show it.
"""

from __future__ import annotations

from typing import Any

import structlog

from tuntas.events import Message
from tuntas.foundation.metrics import REPORTS_REFUSED
from tuntas.sessions.page_calls import PageCall
from tuntas.whatsapp.calls import unusable
from tuntas.whatsapp.translate import UnknownReport, message_from

_MESSAGE = frozenset({PageCall.MESSAGE, PageCall.EDIT, PageCall.FORWARD, PageCall.SEND})
_MESSAGES = frozenset({PageCall.MESSAGES, PageCall.CHANNEL_MESSAGES})
_CHATS = frozenset({PageCall.CHATS, PageCall.CHAT_OVERVIEW, PageCall.LABELLED_CHATS})
_LISTS = (
    _MESSAGES
    | _CHATS
    | {
        PageCall.CONTACTS,
        PageCall.LIDS,
        PageCall.GROUPS,
        PageCall.PRESENCES,
        PageCall.CHANGE_PARTICIPANTS,
        PageCall.JOIN_REQUESTS,
        PageCall.DECIDE_JOIN_REQUESTS,
        PageCall.LABELS,
        PageCall.CHANNELS,
        PageCall.CHAT_LABELS,
    }
)

log = structlog.get_logger(__name__)


def checked(call: PageCall, answer: Any) -> Any:
    """Return the answer to a call, without what is spoiled in it.

    Raises:
        PageUnavailable: it cannot be used.
    """
    if call is PageCall.MESSAGES_SINCE:
        if not isinstance(answer, dict) or not isinstance(answer.get("isAll"), bool):
            raise unusable(call, "it is no part of what came")
        return {**answer, "messages": checked(PageCall.MESSAGES, answer.get("messages"))}
    if call in _MESSAGE:
        message_answered(call, answer)
    if call not in _LISTS:
        return answer
    if not isinstance(answer, list):
        raise unusable(call, "it is no list")
    good = [one for one in answer if isinstance(one, dict) and (call not in _MESSAGES or _is_message(one))]
    if len(good) < len(answer):
        REPORTS_REFUSED.labels("invalid").inc(len(answer) - len(good))
        log.warning("answers_left_out", call=call.value, count=len(answer) - len(good))
    return [_with_last_message(one) for one in good] if call in _CHATS else good


def message_answered(call: PageCall, answer: Any) -> Message:
    """Return the message that a call was answered with.

    Raises:
        PageUnavailable: it is none.
    """
    try:
        return message_from(answer)
    except UnknownReport as error:
        raise unusable(call, str(error)) from None


def _with_last_message(chat: dict[str, Any]) -> dict[str, Any]:
    last = chat.get("lastMessage")
    return chat if last is None or _is_message(last) else {**chat, "lastMessage": None}


def _is_message(plain: Any) -> bool:
    try:
        message_from(plain)
    except UnknownReport:
        return False
    return True
