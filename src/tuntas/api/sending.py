"""How every route that sends does it: with the caller's ``Idempotency-Key``, in the session's line.

A caller who may only ask to send gets an approval in place of its message: nothing is sent before a person has agreed.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Annotated

from fastapi import Header, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from tuntas.api.context import ApiContext
from tuntas.api.page_answers import from_page
from tuntas.api.schemas import MessageOut
from tuntas.sessions.access import Caller, Scope
from tuntas.sessions.approvals import Approval, Asker
from tuntas.sessions.outgoing import OutgoingMessage
from tuntas.sessions.sending import SendRequest

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


class WaitsForApproval(Exception):
    """The message was not sent: it waits for a person. It is what the request is answered with; see ``approvals``."""

    def __init__(self, approval: Approval, *, is_repeated: bool) -> None:
        """Keep the approval; ``is_repeated``: it was asked for before, with the same Idempotency-Key."""
        super().__init__(approval.id)
        self.approval = approval
        self.is_repeated = is_repeated


async def until_gone(request: Request) -> None:
    """Return when whoever made this request has hung up; its body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        continue


class SendDoor:
    """What a sending route needs of its request. A dependency: its parameters are the route's."""

    def __init__(self, request: Request, response: Response, key: IdempotencyKey = None) -> None:
        """Take the request's key."""
        self._request = request
        self._response = response
        self._key = key

    async def send(self, context: ApiContext, session: str, body: BaseModel, message: OutgoingMessage) -> MessageOut:
        """Send ``message`` with ``session``; ``body`` is what the request asked, for telling two requests apart.

        Where it has an ``id``, that is the last part of the message's own.

        Raises:
            WaitsForApproval: the caller may only ask for it.
        """
        asked = f"{self._request.url.path}\n{body.model_dump_json()}"
        token = getattr(body, "id", None)
        request = SendRequest(message, hashlib.sha256(asked.encode()).hexdigest(), self._key, token=token)
        caller: Caller = self._request.state.caller
        if not caller.may(Scope.SEND):
            asker = Asker(self._request.state.mark, caller.name)
            approval, is_repeated = await context.approvals.ask(asker, session, request)
            raise WaitsForApproval(approval, is_repeated=is_repeated)
        sent = await context.sessions.send(session, request, partial(until_gone, self._request))
        if sent.is_repeated:
            self._response.headers["Idempotent-Replayed"] = "true"
        return from_page(MessageOut, sent.message.payload())


def takes_asks(route: object) -> bool:
    """Say whether all that this route sends goes through a ``SendDoor``, so that a key for asking may come to it."""
    return isinstance(route, APIRoute) and any(one.call is SendDoor for one in route.dependant.dependencies)
