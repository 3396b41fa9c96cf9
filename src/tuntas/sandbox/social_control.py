"""The control API's part for people and groups: what a phone's owner does besides writing and reading."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tuntas.sandbox.body import Body, body_of
from tuntas.sandbox.calls import Decision
from tuntas.sandbox.channel_frames import ChannelRequest
from tuntas.sandbox.errors import InvalidRequestError
from tuntas.sandbox.exchange import Exchange
from tuntas.sandbox.presence import IS_ONLINE, State
from tuntas.sandbox.social_frames import About, ContactRequest, GroupRequest, LabelRequest, Number, Picture

Asked = GroupRequest | LabelRequest | ContactRequest | ChannelRequest
asked: TypeAdapter[Asked] = TypeAdapter(Annotated[Asked, Field(discriminator="kind")])
Handler = Callable[[Request], Awaitable[Response]]


class AboutBody(Body):
    """What somebody says about themselves."""

    text: About


class PictureBody(Body):
    """A JPEG as base64, or null for none."""

    data: Picture | None = None


class PresenceBody(Body):
    """What somebody is doing: there or not, or something in a chat."""

    state: State
    chat: str | None = None


class CallBody(Body):
    """Whom to call."""

    to: Number
    video: bool = False


class DecideBody(Body):
    """What to do with a call that rings."""

    do: Decision


class LinkBody(Body):
    """A code that a page shows."""

    code: Annotated[str, StringConstraints(min_length=8, max_length=9)]


class ChallengeBody(Body):
    """What a page was asked to have signed: the ``challenge`` of its request options."""

    challenge: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,200}$")]


class SocialControl:
    """The handlers of one sandbox."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """Return what is to be mounted, by method and path."""
        phone = "/_sandbox/phones/{number}"
        return {
            ("GET", f"{phone}/groups"): self._groups,
            ("POST", f"{phone}/groups/{{kind}}"): self._act,
            ("POST", f"{phone}/labels/{{kind}}"): self._act,
            ("POST", f"{phone}/contacts/{{kind}}"): self._act,
            ("GET", f"{phone}/contacts"): self._contacts,
            ("POST", f"{phone}/channels/{{kind}}"): self._act,
            ("GET", f"{phone}/channels"): self._channels,
            ("GET", f"{phone}/calls"): self._calls,
            ("POST", f"{phone}/call"): self._call,
            ("POST", f"{phone}/call/{{id}}"): self._decide,
            ("POST", f"{phone}/link"): self._link,
            ("GET", f"{phone}/passkey"): self._passkey,
            ("POST", f"{phone}/passkey"): self._sign,
            ("GET", f"{phone}/presence"): self._presence,
            ("POST", f"{phone}/presence"): self._show_presence,
            ("POST", f"{phone}/about"): self._about,
            ("POST", f"{phone}/picture"): self._picture,
        }

    async def _passkey(self, request: Request) -> Response:
        number = self._exchange.phones.phone(request.path_params["number"]).number
        return JSONResponse(self._exchange.passkeys.of(number).describe())

    async def _sign(self, request: Request) -> Response:
        body = await body_of(request, ChallengeBody)
        number = self._exchange.phones.phone(request.path_params["number"]).number
        return JSONResponse(self._exchange.passkeys.of(number).sign(body.challenge))

    async def _presence(self, request: Request) -> Response:
        number = self._exchange.phones.phone(request.path_params["number"]).number
        return JSONResponse(asdict(self._exchange.presences.of(number)))

    async def _show_presence(self, request: Request) -> Response:
        body = await body_of(request, PresenceBody)
        if (body.chat is None) is not (body.state in IS_ONLINE):
            message = "chat: somebody composes, records or pauses in a chat, and is available or not in general"
            raise InvalidRequestError(message)
        self._exchange.show_presence(request.path_params["number"], body.state, body.chat)
        return JSONResponse({"state": body.state})

    async def _groups(self, request: Request) -> Response:
        return JSONResponse(self._exchange.phones.groups.of(request.path_params["number"]))

    async def _calls(self, request: Request) -> Response:
        return JSONResponse(self._exchange.calls.of(request.path_params["number"]))

    async def _call(self, request: Request) -> Response:
        body = await body_of(request, CallBody)
        at = int(self._exchange.clock.now().timestamp())
        call = self._exchange.calls.ring(request.path_params["number"], body.to, at, video=body.video)
        return JSONResponse(asdict(call))

    async def _decide(self, request: Request) -> Response:
        body = await body_of(request, DecideBody)
        call = self._exchange.calls.decide(request.path_params["number"], request.path_params["id"], body.do)
        return JSONResponse(asdict(call))

    async def _channels(self, request: Request) -> Response:
        return JSONResponse(self._exchange.phones.channels.of(request.path_params["number"]))

    async def _contacts(self, request: Request) -> Response:
        return JSONResponse(self._exchange.phones.people.saved_by(request.path_params["number"]))

    async def _act(self, request: Request) -> Response:
        number, kind = request.path_params["number"], request.path_params["kind"]
        text = await request.body()
        try:
            values = json.loads(text or b"{}")
            frame = asked.validate_python({"request": 0, "kind": kind} | values)
        except ValidationError as error:
            first = error.errors()[0]
            message = f"{kind}: {'.'.join(str(part) for part in first['loc'][1:])}: {first['msg']}"
            raise InvalidRequestError(message) from error
        except (ValueError, TypeError) as error:
            message = f"{kind}: the body is no JSON object"
            raise InvalidRequestError(message) from error
        return JSONResponse(self._exchange.social(number, frame))

    async def _link(self, request: Request) -> Response:
        body = await body_of(request, LinkBody)
        number = request.path_params["number"]
        keys = self._exchange.link_with_code(number, body.code)
        return JSONResponse({"number": number, "device": keys.device})

    async def _about(self, request: Request) -> Response:
        body = await body_of(request, AboutBody)
        self._exchange.phones.people.set_about(request.path_params["number"], body.text)
        self._exchange.on_change()
        return JSONResponse({"text": body.text})

    async def _picture(self, request: Request) -> Response:
        body = await body_of(request, PictureBody)
        number = request.path_params["number"]
        try:
            base64.b64decode(body.data or "", validate=True)
        except binascii.Error as error:
            message = f"data: {error}"
            raise InvalidRequestError(message) from error
        people = self._exchange.phones.people
        people.set_picture(number, body.data)
        self._exchange.on_change()
        return JSONResponse({"path": people.picture_path(number)})
