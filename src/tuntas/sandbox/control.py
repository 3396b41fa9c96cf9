"""The control API under ``/_sandbox``: phones, scans, messages, faults, and a look at the state.

For tests and for people who build bots. Errors are ``{"error": code, "message": text}``; bad input changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tuntas.sandbox.body import Body, body_of
from tuntas.sandbox.errors import InvalidRequestError, SandboxError
from tuntas.sandbox.exchange import Exchange
from tuntas.sandbox.faults import Scope
from tuntas.sandbox.guard import require_local
from tuntas.sandbox.message_control import MessageControl
from tuntas.sandbox.social_control import SocialControl

Number = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{4,14}$")]
"""A phone number in international form, digits only: ``628111000111``."""
Seconds = Annotated[float, Field(ge=0, le=86_400)]
ModuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]{1,100}$")]


class PhoneBody(Body):
    """A phone to add or rename."""

    number: Number
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None


class ScanBody(Body):
    """A QR's text."""

    qr: Annotated[str, StringConstraints(max_length=2_000)]


class UnlinkBody(Body):
    """Which device to log out; all of the phone's by default."""

    device: str | None = None


class FaultBody(Body):
    """A fault to switch on, for everybody, for the devices of one phone, or for one device."""

    kind: Literal["hang_page", "crash_page", "drop_socket", "slow", "remove_module", "stall_load", "clear"]
    number: Number | None = None
    device: str | None = None
    seconds: Seconds | None = None
    module: ModuleId | None = None


Handler = Callable[["Control", Request], Awaitable[Response]]


class Control:
    """The handlers of one sandbox."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> list[Route]:
        """Return what is to be mounted."""
        phone = "/_sandbox/phones/{number}"
        handlers = MessageControl(self._exchange).handlers() | SocialControl(self._exchange).handlers()
        parts = [
            Route(path, self._guarded_part(handler), methods=[method]) for (method, path), handler in handlers.items()
        ]
        return [
            *parts,
            Route("/_sandbox/phones", self._guarded(Control._put_phone), methods=["POST"]),
            Route(f"{phone}/scan", self._guarded(Control._scan), methods=["POST"]),
            Route(f"{phone}/unlink", self._guarded(Control._unlink), methods=["POST"]),
            Route("/_sandbox/faults", self._guarded(Control._fault), methods=["POST"]),
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
        created = self._exchange.phones.put(body.number, body.name or body.number)
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

    async def _fault(self, request: Request) -> Response:
        body = await body_of(request, FaultBody)
        return JSONResponse({"kind": body.kind} | self._apply(body, Scope(body.number, body.device)))

    def _apply(self, body: FaultBody, scope: Scope) -> dict[str, Any]:
        faults = self._exchange.faults
        match body.kind:
            case "hang_page" | "crash_page":
                return {"devices": self._exchange.strike(body.kind, scope)}
            case "drop_socket":
                return {"devices": self._exchange.drop(scope, body.seconds or 0.0)}
            case "slow":
                if body.seconds is None:
                    message = "seconds: a slow sandbox needs to know how slow (0 ends it)"
                    raise InvalidRequestError(message)
                faults.slow_seconds[scope] = body.seconds
            case "remove_module":
                _refuse_scope(scope)
                if body.module is None:
                    faults.removed_modules.clear()
                else:
                    faults.removed_modules.add(body.module)
            case "stall_load":
                _refuse_scope(scope)
                faults.stall_seconds = math.inf if body.seconds is None else body.seconds
            case "clear":
                faults.clear()
                self._exchange.loads_go_on()
        return faults.describe(self._exchange.clock.monotonic())

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


def _refuse_scope(scope: Scope) -> None:
    if not scope.everybody:
        message = "number: a page that is only being loaded belongs to no phone yet; leave number and device out"
        raise InvalidRequestError(message)
