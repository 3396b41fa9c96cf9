"""How every route that sends does it: with the caller's ``Idempotency-Key``, in the session's line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Header, Request, Response
from pydantic import BaseModel

from tuntas.api.context import Gateway
from tuntas.api.schemas import MessageOut
from tuntas.sessions.sending import Send, SendRequest

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Yours, a new one for each message. Asked again with it, nothing is sent again: the answer is the "
        "same, with the header `Idempotent-Replayed: true`. Kept for TUNTAS_EVENT_RETENTION_DAYS.",
        examples=["order-4711-paid"],
    ),
]


class SendDoor:
    """What a sending route needs of its request. A dependency: its parameters are the route's."""

    def __init__(self, request: Request, response: Response, key: IdempotencyKey = None) -> None:
        """Take the request's key."""
        self._request = request
        self._response = response
        self._key = key

    async def send(
        self, gateway: Gateway, session: str, body: BaseModel, kind: str, content: Mapping[str, Any]
    ) -> MessageOut:
        """Send ``content`` with ``session``; ``body`` is what the request asked, for telling two requests apart."""
        return await self.act(gateway, session, body, lambda page, token: page.send(kind, content, token=token))

    async def act(self, gateway: Gateway, session: str, body: BaseModel, act: Send) -> MessageOut:
        """Send by ``act``, which is given the page and the token of the message to be."""
        asked = f"{self._request.url.path}\n{body.model_dump_json()}"
        request = SendRequest(hashlib.sha256(asked.encode()).hexdigest(), self._key)
        sent = await gateway.sessions.send(session, request, act)
        if sent.is_repeated:
            self._response.headers["Idempotent-Replayed"] = "true"
        return MessageOut.model_validate(sent.message.payload())
