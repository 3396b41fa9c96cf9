"""The control API's part for messages: what a phone's owner sends, does to messages, and sees."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tuntas.sandbox.acts import any_act
from tuntas.sandbox.body import Body, body_of
from tuntas.sandbox.content import Card, Content, Digits, Location, Media, MediaKind, Occasion, Poll, Words
from tuntas.sandbox.errors import InvalidRequestError
from tuntas.sandbox.exchange import Exchange
from tuntas.sandbox.media import LARGEST_BYTES

Address = Annotated[str, StringConstraints(pattern=r"^([1-9][0-9]{4,14}|[0-9-]{4,40}@g\.us|status@broadcast)$")]
"""A phone's number, a group's id, or that of status posts."""
Handler = Callable[[Request], Awaitable[Response]]


class MediaBody(Body):
    """A file with its bytes as base64."""

    kind: MediaKind
    mimetype: Words
    filename: Words | None = None
    data: Annotated[str, StringConstraints(max_length=LARGEST_BYTES * 4 // 3 + 4)]


class SendBody(Body):
    """A message to another phone: a text, or what it carries, with the text as the caption of a file."""

    to: Address
    text: Words = ""
    quoted: Annotated[str, StringConstraints(max_length=64)] | None = None
    """The id of the message this one answers."""
    mentions: list[Digits] = Field(default_factory=list)
    location: Location | None = None
    contacts: list[Card] = Field(default_factory=list)
    poll: Poll | None = None
    occasion: Occasion | None = None
    media: MediaBody | None = None


class NoticeBody(Body):
    """What WhatsApp itself writes into a chat of the phone: no message of anybody's."""

    chat: Address
    type: Literal[
        "broadcast_notification",
        "call_log",
        "debug",
        "e2e_notification",
        "gp2",
        "keep_in_chat",
        "notification",
        "notification_template",
        "oversized",
        "pinned_message",
        "protocol",
        "request_phone_number",
        "unknown",
    ]
    subtype: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,60}$")] | None = None
    text: Words = ""


class ReadBody(Body):
    """Whose messages to read."""

    chat: Address


class MessageControl:
    """The handlers of one sandbox."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """Return what is to be mounted, by method and path."""
        phone = "/_sandbox/phones/{number}"
        return {
            ("POST", f"{phone}/send"): self._send,
            ("POST", f"{phone}/notice"): self._notice,
            ("POST", f"{phone}/read"): self._read,
            ("GET", f"{phone}/messages"): self._messages,
            ("POST", f"{phone}/messages/{{id}}"): self._act,
            ("GET", f"{phone}/typing"): self._typing,
        }

    async def _send(self, request: Request) -> Response:
        body = await body_of(request, SendBody)
        media = None if body.media is None else await self._kept(body.media)
        content = Content(
            mentions=body.mentions,
            location=body.location,
            contacts=body.contacts,
            poll=body.poll,
            occasion=body.occasion,
            media=media,
        )
        if content.is_only_text and not body.text:
            message = "text: a message needs a text or something that it carries"
            raise InvalidRequestError(message)
        sent = self._exchange.send(request.path_params["number"], body.to, body.text, body.quoted, content)
        return JSONResponse(sent.describe())

    async def _kept(self, body: MediaBody) -> Media:
        try:
            data = base64.b64decode(body.data, validate=True)
        except binascii.Error as error:
            message = f"media.data: {error}"
            raise InvalidRequestError(message) from error
        file = await self._exchange.media.put(data)
        return Media(file=file, kind=body.kind, mimetype=body.mimetype, filename=body.filename, size=len(data))

    async def _notice(self, request: Request) -> Response:
        body = await body_of(request, NoticeBody)
        notice = {"type": body.type, "subtype": body.subtype}
        told = self._exchange.notice(request.path_params["number"], body.chat, body.text, notice)
        return JSONResponse({"id": told})

    async def _read(self, request: Request) -> Response:
        body = await body_of(request, ReadBody)
        return JSONResponse({"read": self._exchange.read(request.path_params["number"], body.chat)})

    async def _messages(self, request: Request) -> Response:
        messages = self._exchange.phones.messages_of(request.path_params["number"])
        return JSONResponse([message.describe() for message in messages])

    async def _act(self, request: Request) -> Response:
        try:
            act = any_act.validate_json(await request.body())
        except ValidationError as error:
            first = error.errors()[0]
            text = f"{'.'.join(str(part) for part in first['loc']) or 'body'}: {first['msg']}"
            raise InvalidRequestError(text) from error
        message = self._exchange.act(request.path_params["number"], request.path_params["id"], act)
        return JSONResponse(message.describe())

    async def _typing(self, request: Request) -> Response:
        return JSONResponse(self._exchange.phones.typing_to(request.path_params["number"]))
