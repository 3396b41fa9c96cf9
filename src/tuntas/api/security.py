"""Who may come in and do what: the ``X-Api-Key`` header, as WAHA has it, and what its key is good for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyHeader
from starlette.datastructures import Headers, QueryParams
from starlette.types import Scope as AsgiScope

from tuntas.api import secrets
from tuntas.api.context import ApiContext
from tuntas.api.sending import takes_asks
from tuntas.foundation.identifiers import fingerprint
from tuntas.sessions.access import Caller, Scope

_LOOKS = frozenset({"GET", "HEAD"})
_CHALLENGE = {"WWW-Authenticate": "ApiKey"}
_header = APIKeyHeader(
    name="X-Api-Key",
    auto_error=False,
    description="Printed once at the first start, or what TUNTAS_API_KEY says; more by `tuntas keys create`.",
)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a router's operations need: a key for ``scope``, their GETs one for ``to_look``.

    ``takes_file``: a request may carry a file, and so be as large as one.
    ``is_stream``: a browser may follow it, and so its key may be in the query, or a ticket in its place.
    """

    scope: Scope
    to_look: Scope | None = None
    takes_file: bool = False
    is_stream: bool = False

    def scope_for(self, method: str, route: object) -> Scope:
        """Return what a request to ``route`` with this method needs.

        Which routes a key for asking may come to is nowhere declared, and so cannot be forgotten or be wrong.
        """
        if self.scope is Scope.SEND and takes_asks(route):
            return Scope.ASK
        return self.to_look if self.to_look is not None and method in _LOOKS else self.scope

    def dependency(self) -> Any:
        """Return the dependency that says so in the document, and looks once more at what the door has let in."""
        # The document gets both; ``document`` leaves the one that the method needs.
        both = dict.fromkeys([self.scope.value, (self.to_look or self.scope).value])
        header: str | None = Security(_header, scopes=list(both))

        async def check(request: Request, _key: str | None = header) -> Caller:
            caller: Caller | None = getattr(request.state, "caller", None)
            if caller is None:
                raise HTTPException(401, "Send your key in the X-Api-Key header.", headers=_CHALLENGE)
            require(caller, self.scope_for(request.method, request.scope["route"]))
            secrets.show_to(caller)
            return caller

        return Depends(check)


async def identify(context: ApiContext, key: str | None, scope: AsgiScope) -> Caller:
    """Return who has this key, and write it down in the state of the request: ``caller``, and the key's ``mark``.

    A wrong key is answered late, the later the more of them have come from the same address.

    Raises:
        HTTPException: 401; 429 where too many wait for their answer.
    """
    if not key:
        raise HTTPException(401, "Send your key in the X-Api-Key header.", headers=_CHALLENGE)
    caller = await context.keys.identify(key)
    if caller is None:
        raise await _late_refusal(context, scope, "This key is not known here.")
    return _noted(scope, caller, fingerprint(key))


async def identify_follower(context: ApiContext, scope: AsgiScope) -> Caller:
    """Return who follows a stream, as ``identify``: here the key may be in the query, or a ticket in its place.

    A key counts before a ticket, which then stays good.
    """
    query = QueryParams(scope["query_string"])
    key = key_of(Headers(scope=scope)) or query.get("x-api-key")
    ticket = query.get("ticket")
    if key or not ticket:
        return await identify(context, key, scope)
    mark = context.tickets.redeem(ticket)
    caller = None if mark is None else await context.keys.recognise(mark)
    if mark is None or caller is None:
        raise await _late_refusal(context, scope, "This ticket is not known here, was used, or is too old.")
    return _noted(scope, caller, mark)


def _noted(scope: AsgiScope, caller: Caller, mark: str) -> Caller:
    scope.setdefault("state", {}).update(caller=caller, mark=mark)
    return caller


async def _late_refusal(context: ApiContext, scope: AsgiScope, detail: str) -> HTTPException:
    if not await context.wrong_keys.slow(scope.setdefault("state", {}).get("peer", "")):
        return HTTPException(429, "Too many wrong keys came. Try again later.", headers={"Retry-After": "10"})
    return HTTPException(401, detail, headers=_CHALLENGE)


def require(caller: Caller, scope: Scope) -> None:
    """Raise HTTPException (403) unless the caller's key is good for ``scope``."""
    if not caller.may(scope):
        has = ", ".join(sorted(caller.scopes))
        needed = f"{Scope.SEND} or {Scope.ASK}" if scope is Scope.ASK else scope
        raise HTTPException(403, f"This key is good for {has} only; this needs {needed}.")


def key_of(headers: Headers) -> str | None:
    """Return the key that a request bears: in ``X-Api-Key``, or as a bearer's token, as clients for agents send it."""
    if key := headers.get("x-api-key"):
        return key
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
