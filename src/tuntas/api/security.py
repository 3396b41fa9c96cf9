"""Who may come in and do what: the ``X-Api-Key`` header, as WAHA has it, and what its key is good for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyHeader

from tuntas.api.context import Gateway
from tuntas.sessions.access import Caller, Scope

_header = APIKeyHeader(
    name="X-Api-Key",
    auto_error=False,
    description="Printed once at the first start, or what TUNTAS_API_KEY says; more by `tuntas keys create`.",
)


async def identify(gateway: Gateway, key: str | None) -> Caller:
    """Return who has this key.

    Raises:
        HTTPException: 401.
    """
    challenge = {"WWW-Authenticate": "ApiKey"}
    if not key:
        raise HTTPException(401, "Send your key in the X-Api-Key header.", headers=challenge)
    caller = await gateway.keys.identify(key)
    if caller is None:
        raise HTTPException(401, "This key is not known here.", headers=challenge)
    return caller


def require(caller: Caller, scope: Scope) -> None:
    """Raise HTTPException (403) unless the caller's key is good for ``scope``."""
    if not caller.may(scope):
        has = ", ".join(sorted(caller.scopes))
        raise HTTPException(403, f"This key is good for {has} only; this needs {scope}.")


def needs(scope: Scope, *, to_look: Scope | None = None) -> Any:
    """Return the dependency of routes that need a key for ``scope``; their GETs need one for ``to_look``."""

    look = scope if to_look is None else to_look
    # The document gets both; ``document`` leaves the one that the method needs.
    header: str | None = Security(_header, scopes=list(dict.fromkeys([scope.value, look.value])))

    async def check(request: Request, key: str | None = header) -> None:
        caller = await identify(request.app.state.gateway, key)
        require(caller, look if request.method in {"GET", "HEAD"} else scope)
        request.state.caller = caller

    checked: Callable[..., Awaitable[None]] = check
    return Depends(checked)
