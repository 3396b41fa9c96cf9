"""The body of a control request: one model each, and one kind of error for what does not fit."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from tuntas.sandbox.errors import InvalidRequestError


class Body(BaseModel):
    """What a control request says. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


BodyType = TypeVar("BodyType", bound=Body)


async def body_of(request: Request, model: type[BodyType]) -> BodyType:
    """Return the body of a request; an empty one has no fields. Raises ``InvalidRequestError``."""
    text = await request.body()
    try:
        return model.model_validate_json(text or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        message = f"{field}: {first['msg']}"
        raise InvalidRequestError(message) from error
