"""The control API under ``/_sandbox``: phones, scans, messages, faults, and a look at the state.

For tests and for people who build bots. Errors are ``{"error": code, "message": text}``; bad input changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Annotated

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tuntas.sandbox.body import Body, body_of
from tuntas.sandbox.errors import SandboxError
from tuntas.sandbox.exchange import Exchange
from tuntas.sandbox.fault_control import FaultControl
from tuntas.sandbox.fault_kinds import Number, Seconds
from tuntas.sandbox.guard import require_local
from tuntas.sandbox.message_control import MessageControl
from tuntas.sandbox.model import PHONE_OPTIONS
from tuntas.sandbox.social_control import SocialControl


class PhoneBody(Body):
    """A phone to add or rename."""

    number: Number
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    lid_migrated: bool | None = None
    business: bool | None = None
    """Whether the account knows everybody by hidden ids; a page learns of it when it connects."""
    number_hidden: bool | None = None
    """Whether others know it by its hidden id only."""
    refuses_groups: bool | None = None
    """Whether its owner is in groups by invitation only."""


class ScanBody(Body):
    """A QR's text."""

    qr: Annotated[str, StringConstraints(max_length=2_000)]


class UnlinkBody(Body):
    """Which device to log out; all of the phone's by default."""

    device: str | None = None


class TimesBody(Body):
    """How long things take from now on, in seconds; what is not said stays as it is."""

    first_ref_seconds: Seconds | None = None
    next_ref_seconds: Seconds | None = None
    refs_in_a_round: Annotated[int, Field(ge=1, le=100)] | None = None
    pairing_seconds: Seconds | None = None
    reconnect_seconds: Seconds | None = None
    mutex_seconds: Seconds | None = None


Handler = Callable[["Control", Request], Awaitable[Response]]


class Control:
    """The handlers of one sandbox."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> list[Route]:
        """Return what is to be mounted."""
        phone = "/_sandbox/phones/{number}"
        exchange = self._exchange
        controls = (MessageControl(exchange), SocialControl(exchange), FaultControl(exchange))
        handlers = {route: handler for control in controls for route, handler in control.handlers().items()}
        parts = [
            Route(path, self._guarded_part(handler), methods=[method]) for (method, path), handler in handlers.items()
        ]
        return [
            *parts,
            Route("/_sandbox/phones", self._guarded(Control._put_phone), methods=["POST"]),
            Route(f"{phone}/scan", self._guarded(Control._scan), methods=["POST"]),
            Route(f"{phone}/unlink", self._guarded(Control._unlink), methods=["POST"]),
            Route("/_sandbox/times", self._guarded(Control._times), methods=["POST"]),
            Route("/_sandbox/state", self._guarded(Control._state), methods=["GET"]),
        ]

    def _guarded_part(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        return self._guarded(lambda _control, request: handler(request))

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                require_local(request.scope)
                return await handler(self, request)
            except SandboxError as error:
                return JSONResponse({"error": error.code, "message": str(error)}, error.status)

        return endpoint

    async def _put_phone(self, request: Request) -> Response:
        body = await body_of(request, PhoneBody)
        options = body.model_dump(include=set(PHONE_OPTIONS), exclude_none=True)
        created = self._exchange.phones.put(body.number, body.name or body.number, options)
        self._exchange.on_change()
        return JSONResponse(self._exchange.phones.phone(body.number).describe(), 201 if created else 200)

    async def _scan(self, request: Request) -> Response:
        body = await body_of(request, ScanBody)
        number = request.path_params["number"]
        keys = self._exchange.scan(number, body.qr)
        return JSONResponse({"number": number, "device": keys.device})

    async def _unlink(self, request: Request) -> Response:
        body = await body_of(request, UnlinkBody)
        return JSONResponse({"unlinked": sorted(self._exchange.unlink(request.path_params["number"], body.device))})

    async def _times(self, request: Request) -> Response:
        body = await body_of(request, TimesBody)
        exchange = self._exchange
        exchange.settings = dataclasses.replace(exchange.settings, **body.model_dump(exclude_none=True))
        return JSONResponse({name: getattr(exchange.settings, name) for name in TimesBody.model_fields})

    async def _state(self, _request: Request) -> Response:
        exchange = self._exchange
        now = exchange.clock.monotonic()
        connections = exchange.connections()
        linked = {device.keys.device: device for phone in exchange.phones.all_phones()
                  for device in exchange.phones.devices_of(phone.number)}  # fmt: skip
        devices = []
        for device_id in linked | connections:
            connection, device = connections.get(device_id), linked.get(device_id)
            ref = exchange.refs.held_by(device_id)
            devices.append(
                {
                    "device": device_id,
                    "number": None if device is None else device.number,
                    "linked": device is not None,
                    "connected": connection is not None,
                    "state": "disconnected" if connection is None else connection.state,
                    "ref": None if ref is None else ref.text,
                    "ref_seconds_left": None if ref is None else round(ref.expires - now, 3),
                    "waiting_events": 0 if device is None else len(device.inbox),
                }
            )
        return JSONResponse(
            {
                "phones": [phone.describe() for phone in exchange.phones.all_phones()],
                "devices": devices,
                "faults": exchange.faults.describe(now),
                "counters": exchange.traffic.describe(),
                "not_imitated": exchange.traffic.not_imitated(),
                "browser_flags": exchange.browser_flags,
            }
        )
