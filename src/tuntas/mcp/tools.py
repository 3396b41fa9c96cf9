"""What an agent can do: each tool is one call of the client. What the key may not do, the API refuses.

What comes back is made small: an agent pays for each word. What is wrong is one sentence that it can act on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field

from tuntas.client import AsyncClient, Call, File, Message, WaitsForApproval

CONTACTS_AT_ONCE = 1000

Answer = dict[str, Any]


class Arguments(BaseModel):
    """What a tool is called with."""

    model_config = ConfigDict(extra="forbid")


class NoArguments(Arguments):
    """Nothing."""


class OfSession(Arguments):
    """A session."""

    session: str = Field(description="The session's name, as list_sessions gives it.", pattern=r"^[A-Za-z0-9_-]{1,64}$")


class Chats(OfSession):
    """Which chats."""

    limit: int = Field(20, ge=1, le=100, description="At most so many, the newest first.")


class Messages(OfSession):
    """Which messages."""

    chat: str = Field(min_length=1, description="The chat's id, or a phone number with its country code.")
    limit: int = Field(20, ge=1, le=100, description="At most so many, the newest first.")


class Search(OfSession):
    """Which contacts."""

    query: str = Field(min_length=1, description="A part of a name or of a number.")
    limit: int = Field(20, ge=1, le=100, description="At most so many.")


class Number(OfSession):
    """A phone number."""

    number: str = Field(min_length=1, description="The phone number with its country code.")


class OneMessage(OfSession):
    """A message."""

    message: str = Field(min_length=1, description="The message's id.")


class Text(OfSession):
    """A text to send."""

    chat: str = Field(min_length=1, description="The chat's id, or a phone number with its country code.")
    text: str = Field(min_length=1, max_length=65536, description="What it says.")
    reply_to: str | None = Field(None, description="The id of the message that it answers.")


class FileByUrl(OfSession):
    """A file to send."""

    chat: str = Field(min_length=1, description="The chat's id, or a phone number with its country code.")
    url: AnyHttpUrl = Field(description="Where the file is; the server fetches it.")
    filename: str | None = Field(None, description="What it is called.")
    mimetype: str | None = Field(None, description="Its type; a picture is sent as a picture.")
    caption: str | None = Field(None, description="The words below it.")


class OneApproval(Arguments):
    """An approval."""

    approval: str = Field(description="The approval's id, as a send gave it.", pattern=r"^[0-9a-z]{26}$")


async def list_sessions(client: AsyncClient, _: NoArguments) -> Answer:
    """List the WhatsApp accounts (sessions) that this key may use, with their status."""
    return {"sessions": [{"name": one.name, "status": one.status, "account": one.account}
                         for one in await client.sessions()]}  # fmt: skip


async def list_chats(client: AsyncClient, given: Chats) -> Answer:
    """List a session's newest chats with their last message."""
    found = await _get(client, f"/api/{given.session}/chats/overview", limit=given.limit)
    return {"chats": [{"id": one["id"], "name": one["name"], "last": _shown(one["lastMessage"])} for one in found]}


async def read_messages(client: AsyncClient, given: Messages) -> Answer:
    """Read the newest messages of a chat."""
    address = f"/api/{given.session}/chats/{_part(given.chat)}/messages"
    found = await _get(client, address, limit=given.limit, downloadMedia=False)
    return {"messages": [_shown(one) for one in found]}


async def search_contacts(client: AsyncClient, given: Search) -> Answer:
    """Search the account's contacts by a part of their name or number."""
    wanted, offset = given.query.casefold().lstrip("+"), 0
    found: list[Answer] = []
    while len(found) < given.limit:
        page = await _get(client, "/api/contacts/all", session=given.session, limit=CONTACTS_AT_ONCE, offset=offset)
        for one in page:
            words = (str(one.get(name) or "").casefold() for name in ("id", "name", "pushname", "number"))
            if any(wanted in word for word in words):
                found.append({"id": one["id"], "name": one.get("name") or one.get("pushname")})
        offset += CONTACTS_AT_ONCE
        if len(page) < CONTACTS_AT_ONCE:
            break
    return {"contacts": found[: given.limit]}


async def check_number(client: AsyncClient, given: Number) -> Answer:
    """Say whether a phone number is on WhatsApp, and its chat's id."""
    return dict(await _get(client, "/api/contacts/check-exists", session=given.session, phone=given.number))


async def message_timeline(client: AsyncClient, given: OneMessage) -> Answer:
    """Say what became of a message: when it was asked for, sent, received and read."""
    found = await _get(client, f"/api/{given.session}/messages/{_part(given.message)}/timeline")
    return {"steps": [{"at": one["at"], "step": one["step"], "ack": (one["payload"] or {}).get("ackName")}
                      for one in found["steps"]]}  # fmt: skip


async def send_text(client: AsyncClient, given: Text) -> Answer:
    """Send a text. Where the key may only ask, a person has to approve it first: then the answer names the approval."""
    return await _sent(client.send_text(given.session, given.chat, given.text, reply_to=given.reply_to))


async def send_file(client: AsyncClient, given: FileByUrl) -> Answer:
    """Send a file that is on the web. Where the key may only ask, a person has to approve it first, as of a text."""
    file = File(url=str(given.url), filename=given.filename, mimetype=given.mimetype)
    return await _sent(client.send_file(given.session, given.chat, file, caption=given.caption))


async def approval_status(client: AsyncClient, given: OneApproval) -> Answer:
    """Say whether a person has approved a message that waits, and whether it was sent."""
    found = await client.approval(given.approval)
    return {"id": found.id, "status": found.status, "message": found.message_id, "error": found.error}


@dataclass(frozen=True, slots=True)
class ToolKind:
    """A tool. ``sends``: it is there only for keys that may send or ask."""

    arguments: type[Arguments]
    run: Callable[[AsyncClient, Any], Awaitable[Answer]]
    sends: bool = False

    @property
    def description(self) -> str:
        """What it does, for the agent."""
        return (self.run.__doc__ or "").strip()


TOOLS: Mapping[str, ToolKind] = {
    "list_sessions": ToolKind(NoArguments, list_sessions),
    "list_chats": ToolKind(Chats, list_chats),
    "read_messages": ToolKind(Messages, read_messages),
    "search_contacts": ToolKind(Search, search_contacts),
    "check_number": ToolKind(Number, check_number),
    "message_timeline": ToolKind(OneMessage, message_timeline),
    "send_text": ToolKind(Text, send_text, sends=True),
    "send_file": ToolKind(FileByUrl, send_file, sends=True),
    "approval_status": ToolKind(OneApproval, approval_status, sends=True),
}


async def _get(client: AsyncClient, path: str, **parameters: object) -> Any:
    named = {name: str(value) for name, value in parameters.items()}
    return (await client.ask(Call("GET", path, parameters=named, repeats=True))).json()


async def _sent(sending: Awaitable[Message]) -> Answer:
    try:
        return {"sent": (await sending).id}
    except WaitsForApproval as waits:
        return {"waits for approval": waits.approval.id, "told": f"Not sent yet. {waits}"}


def _part(text: str) -> str:
    return quote(text, safe="@")


def _shown(document: Mapping[str, Any] | None) -> Answer | None:
    if document is None:
        return None
    message = Message.of(document)
    shown: Answer = {
        "id": message.id,
        "from": "me" if message.from_me else message.sender,
        "at": datetime.fromtimestamp(message.timestamp, UTC).isoformat(),
        "text": message.text,
    }
    if message.media is not None:
        shown["file"] = message.media.filename or message.media.mimetype
    return shown
