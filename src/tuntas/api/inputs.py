"""What all bodies have in common: a misspelt field is refused, one that WAHA's clients send and means nothing is told.

A field of WAHA's document that has no effect here is taken and named in the answer's header ``X-Tuntas-Ignored`` and in
the log, so that nobody is refused for it and nobody is deceived; so is any parameter of a query that its route does not
know, for caches and browsers add their own. A null stands for a field that was not given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any, ClassVar

import structlog
from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

HEADER = "X-Tuntas-Ignored"
# What of a query is named: as many as somebody reads, and what can stand in a header.
_MOST_NAMED = 20
_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,64}")

log = structlog.get_logger(__name__)

_ignored: ContextVar[list[str] | None] = ContextVar("ignored", default=None)


class Input(BaseModel):
    """What comes in. Unknown fields are refused, so that a misspelt one is not silently without effect."""

    model_config = ConfigDict(extra="forbid")

    without_effect: ClassVar[frozenset[str]] = frozenset()
    """Fields that WAHA's clients may send and that mean nothing here."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        fields = {field.alias or name: field for name, field in cls.model_fields.items()}
        kept = {}
        for name, value in given.items():
            if name in cls.without_effect:
                if value is not None:
                    ignore(name)
            elif value is not None or name not in fields or fields[name].is_required():
                kept[name] = value
        return kept

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Name the fields without effect too, for they are taken."""
        schema = handler(core_schema)
        described = handler.resolve_ref_schema(schema)
        for name in sorted(cls.without_effect):
            described.setdefault("properties", {}).setdefault(
                name, {"title": name, "description": "Taken, and without effect here."}
            )
        return schema


def ignore(name: str) -> None:
    """Have the answer to the request under way name ``name``."""
    names = _ignored.get()
    if names is not None and name not in names:
        names.append(name)


def telling_ignored(
    handle: Callable[[Request], Coroutine[Any, Any, Response]], in_query: frozenset[str]
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """Return ``handle`` with a header that names what it left out of account; ``in_query`` is what it reads there."""

    async def handle_and_tell(request: Request) -> Response:
        names: list[str] = []
        token = _ignored.set(names)
        unknown = [name for name in request.query_params if name not in in_query and _NAME.fullmatch(name)]
        for name in unknown[:_MOST_NAMED]:
            ignore(name)
        try:
            response = await handle(request)
        finally:
            _ignored.reset(token)
        if names:
            response.headers[HEADER] = ", ".join(names)
            log.info("fields_ignored", path=request.url.path, fields=names)
        return response

    return handle_and_tell
