"""Reads what a form sends. Small by nature: a longer body is refused before it is read whole."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

LONGEST_BYTES = 256 * 1024
MOST_FIELDS = 100


class Form:
    """The fields of a form. A field that was not sent is the empty text."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        """Hold ``fields`` as they were sent."""
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        return next((value for key, value in self._fields if key == name), "")

    def all(self, name: str) -> list[str]:
        """Return every value of a field that may come more than once."""
        return [value for key, value in self._fields if key == name]


async def read_form(request: Request) -> Form:
    """Return the request's form.

    Raises:
        HTTPException: 413 too long, 422 not a form.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BYTES:
            raise HTTPException(413)
    try:
        return Form(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError as error:
        raise HTTPException(422) from error
