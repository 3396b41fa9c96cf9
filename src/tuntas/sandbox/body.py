"""The body of a control request: one model each, and one kind of error for what does not fit."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from tuntas.sandbox.errors import InvalidRequestError
from tuntas.sandbox.media import LARGEST_BYTES

MOST_BYTES = LARGEST_BYTES * 4 // 3 + 1024 * 1024
"""A message with a file as base64 is the longest."""


class Body(BaseModel):
    """What a control request says. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


BodyType = TypeVar("BodyType", bound=Body)


async def body_of(request: Request, model: type[BodyType]) -> BodyType:
    """Return the body of a request; an empty one has no fields. Raises ``InvalidRequestError``."""
    text = await bounded(request, MOST_BYTES)
    try:
        return model.model_validate_json(text or b"{}")
    except ValidationError as error:
        raise InvalidRequestError(message_of(error)) from error


async def bounded(request: Request, most_bytes: int) -> bytes:
    """Return a body that is counted while it comes. Raises ``InvalidRequestError`` for a longer one."""
    text = bytearray()
    async for part in request.stream():
        text += part
        if len(text) > most_bytes:
            message = f"body: more than {most_bytes} bytes"
            raise InvalidRequestError(message)
    return bytes(text)


def message_of(error: ValidationError) -> str:
    """Say which field is wrong, and why."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "body"
    return f"{field}: {first['msg']}"
