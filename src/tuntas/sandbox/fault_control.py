"""The control API's part for faults: what is asked for becomes a standing fault, or strikes the pages at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import inf
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tuntas.sandbox import fault_kinds as kinds
from tuntas.sandbox.errors import InvalidRequestError
from tuntas.sandbox.exchange import Exchange
from tuntas.sandbox.fault_kinds import AnyFault, fault_of
from tuntas.sandbox.faults import FaultScope

Handler = Callable[[Request], Awaitable[Response]]
MISSING = "missing_module"


class FaultControl:
    """The handler of one sandbox."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """Return what is to be mounted, by method and path."""
        return {("POST", "/_sandbox/faults"): self._fault}

    async def _fault(self, request: Request) -> Response:
        fault = fault_of(await request.body())
        scope = FaultScope(getattr(fault, "number", None), getattr(fault, "device", None))
        if scope.number is not None:
            self._exchange.phones.phone(scope.number)
        devices = self._apply(fault, scope)
        answer: dict[str, Any] = {"kind": fault.kind}
        if devices is not None:
            answer["devices"] = devices
        if not isinstance(fault, (kinds.HangPage, kinds.CrashPage, kinds.Deaf, kinds.Replaced, kinds.DropSocket)):
            answer["faults"] = self._exchange.faults.describe(self._exchange.clock.monotonic())
        return JSONResponse(answer)

    def _apply(self, fault: AnyFault, scope: FaultScope) -> list[str] | None:
        """Do it; return the ids of the connected devices that it meets now, None where it meets none by its nature."""
        exchange = self._exchange
        match fault:
            case kinds.HangPage() | kinds.CrashPage():
                return exchange.effects.strike(fault.kind, scope)
            case kinds.Deaf():
                return exchange.effects.deafen(scope)
            case kinds.Replaced():
                return exchange.effects.replace(scope)
            case kinds.Clear():
                exchange.effects.clear(self._known(fault.fault))
                return None
            case kinds.RemoveModule(module=None):
                exchange.faults.remove(MISSING)
                return None
            case kinds.RemoveModule() | kinds.MissingModule():
                self._put(MISSING, FaultScope(scope.number, module=fault.module), fault)
                return None
            case kinds.LateModule():
                self._put(fault.kind, FaultScope(scope.number, module=fault.module), fault)
                return None
            case kinds.PageVersion(version=None):
                exchange.faults.remove(fault.kind)
                return None
            case kinds.NetworkDown(mode="dns"):
                message = (
                    "mode: a name is looked up by the browser, not by this server; start the browser with "
                    "--host-resolver-rules=MAP * ~NOTFOUND, or give it an address whose name nobody has"
                )
                raise InvalidRequestError(message)
            case _:
                self._put(fault.kind, scope, fault)
                return exchange.effects.meet(fault.kind, scope)

    def _put(self, kind: str, scope: FaultScope, fault: AnyFault) -> None:
        seconds: float | None = getattr(fault, "seconds", None)
        # What takes seconds as a delay says so among its values, and lasts until it is cleared.
        is_delay = "seconds" in fault.values() or kind in ("slow", "ciphertext_first")
        until = inf if seconds is None or is_delay else self._exchange.clock.monotonic() + seconds
        values = fault.values() | ({"seconds": seconds} if kind == "slow" else {})
        self._exchange.faults.put(kind, scope, values, until)

    def _known(self, kind: str | None) -> str | None:
        if kind is not None and kind not in kinds.KINDS:
            message = f"fault: there is no fault {kind!r}; there are {', '.join(kinds.KINDS)}"
            raise InvalidRequestError(message)
        return MISSING if kind == "remove_module" else kind
