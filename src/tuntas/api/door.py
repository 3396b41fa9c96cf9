"""The door in front of the API's routes: who asks, and what they may, is known before a byte of the body is read.

Deny by default: an address that is not declared open needs a good key, also one that leads nowhere. What an operation
needs beyond that was declared with its router, from which the document is made, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from tuntas.api.context import ApiContext
from tuntas.api.errors import http_problem
from tuntas.api.json_requests import JsonRoute
from tuntas.api.security import Needs, identify, identify_follower, key_of, require
from tuntas.foundation.request_body import BodyRefused, CountedBody


@dataclass(frozen=True, slots=True)
class _Operation:
    route: APIRoute
    needs: Needs | None
    """None: open to all."""


class Door:
    """Judges requests before they reach the application."""

    def __init__(
        self,
        app: ASGIApp,
        context: ApiContext,
        routers: Iterable[tuple[APIRouter, Needs | None]],
        open_paths: Iterable[str],
    ) -> None:
        """Stand before ``app``; ``routers`` are its own, in its order, each with what it needs. None: open to all."""
        self._app = app
        self._context = context
        self._open_paths = frozenset(open_paths)
        self._operations = _operations(routers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)  # the one web socket asks for its key itself: it may be in the query
            return
        headers = Headers(scope=scope)
        operation = self._find(scope["method"], scope["path"])
        is_open = scope["path"] in self._open_paths if operation is None else operation.needs is None
        needs = None if operation is None else operation.needs
        limits = self._context.body_limits
        body = CountedBody(
            receive, headers.raw, limits.with_file if needs is not None and needs.takes_file else limits.usual
        )
        try:
            if not is_open:
                if needs is not None and needs.is_stream:
                    caller = await identify_follower(self._context, scope)
                else:
                    caller = await identify(self._context, key_of(headers), scope)
                if needs is not None:
                    require(caller, needs.scope_for(scope["method"], operation and operation.route))
            if scope["method"] in {"GET", "HEAD"}:
                await body.drop()  # it has no meaning, and what comes next must be the end of the connection
        except HTTPException as error:
            await http_problem(error)(scope, receive, send)
        except BodyRefused as error:
            await http_problem(HTTPException(error.status, str(error)))(scope, receive, send)
        else:
            await self._app(scope, body.receive, send)

    def _find(self, method: str, path: str) -> _Operation | None:
        return next((one for one in self._operations.get(method, ()) if one.route.path_regex.match(path)), None)


def _operations(routers: Iterable[tuple[APIRouter, Needs | None]]) -> Mapping[str, list[_Operation]]:
    found: dict[str, list[_Operation]] = {}
    for router, needs in routers:
        for route in router.routes:
            if not isinstance(route, APIRoute):
                continue  # a web socket
            assert isinstance(route, JsonRoute), f"{route.path} is not made by json_router"
            methods = set(route.methods or ())
            # Where HEAD is answered it is a GET without a body, and needs what that needs.
            for method in methods | ({"HEAD"} if "GET" in methods else set()):
                found.setdefault(method, []).append(_Operation(route, needs))
    return found
