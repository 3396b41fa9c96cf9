"""How a route reads its body: counted while it comes, and plain values only.

Every router here is made by ``json_router``, so that no route can read a body in another way.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from tuntas.api.inputs import telling_ignored
from tuntas.foundation.plain_values import NotPlain, plain_from_json
from tuntas.foundation.request_body import BodyRefused

# What is read takes up to a hundred times as much memory as what came, and each value can be an error of its own.
MOST_VALUES = 10_000


class BodyNotPlain(HTTPException):
    """A body that is no JSON, or holds what cannot be stored and shown again; ``where`` names the place."""

    def __init__(self, where: str, problem: str) -> None:
        """Answer 422."""
        super().__init__(HTTPStatus.UNPROCESSABLE_ENTITY, f"{where}: {problem}")
        self.where = where
        self.problem = problem


class JsonRequest(Request):
    """A request as FastAPI reads it."""

    async def body(self) -> bytes:
        """Return the body. Raises HTTPException where it is refused on the way."""
        try:
            return await super().body()
        except BodyRefused as error:
            raise HTTPException(error.status, str(error)) from None

    async def json(self) -> Any:
        """Return the body's value. Raises BodyNotPlain."""
        if not hasattr(self, "_json"):
            try:
                self._json = plain_from_json(await self.body(), max_values=MOST_VALUES, name="body")
            except NotPlain as error:
                raise BodyNotPlain(error.where, error.problem) from None
        return self._json


class JsonRoute(APIRoute):
    """A route that reads ``JsonRequest``s."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, with our request in front of it."""
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return telling_ignored(handle_json, frozenset(_in_query(self.dependant)))


def _in_query(dependant: Dependant) -> Iterator[str]:
    """Yield what a route and all that it depends on read from the query."""
    yield from (one.alias for one in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _in_query(inner)


def json_router(**options: Any) -> APIRouter:
    """Return a router whose routes are ``JsonRoute``s."""
    return APIRouter(route_class=JsonRoute, **options)
