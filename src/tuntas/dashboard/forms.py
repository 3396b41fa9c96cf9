"""Reads what a form sends. Small by nature: a longer body, or a slow one, is refused before it is read whole.

A form with a file comes in parts (``multipart/form-data``), and may be as long as the file that it is for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from tuntas.dashboard.attachments import Attachment
from tuntas.foundation.request_body import BodyLimit, BodyRefused, CountedBody

LONGEST_BYTES = 256 * 1024
MOST_FIELDS = 2000
LONGEST_NAME = 255
_SECONDS = 30.0


class Form:
    """The fields of a form. A field that was not sent is the empty text. ``attachment``: its file, if it has one."""

    def __init__(self, fields: list[tuple[str, str]], attachment: Attachment | None = None) -> None:
        """Hold ``fields`` as they were sent."""
        self._fields = fields
        self.attachment = attachment

    def __getitem__(self, name: str) -> str:
        return next((value for key, value in self._fields if key == name), "")

    def all(self, name: str) -> list[str]:
        """Return every value of a field that may come more than once."""
        return [value for key, value in self._fields if key == name]


async def read_form(request: Request, file_bytes: int = 0) -> Form:
    """Return the request's form; ``file_bytes``: the size of the largest file that it may bring.

    Raises:
        HTTPException: 408 too slow, 413 too long, 422 not a form.
    """
    limit = BodyLimit(LONGEST_BYTES + file_bytes, seconds=_SECONDS, setting="a form")
    parts = _parts(CountedBody(request.receive, request.headers.raw, limit))
    try:
        if file_bytes and request.headers.get("content-type", "").startswith("multipart/form-data"):
            return await _with_file(request, parts)
        body = b"".join([part async for part in parts])
        return Form(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except BodyRefused as error:
        raise HTTPException(error.status) from error
    except (ValueError, MultiPartException) as error:
        raise HTTPException(422) from error


async def _parts(body: CountedBody) -> AsyncIterator[bytes]:
    while not body.is_over:
        yield (await body.receive()).get("body", b"")


async def _with_file(request: Request, parts: AsyncIterator[bytes]) -> Form:
    parser = MultiPartParser(request.headers, parts, max_files=1, max_fields=MOST_FIELDS, max_part_size=LONGEST_BYTES)  # type: ignore[arg-type]
    form = await parser.parse()
    try:
        fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        uploads = [value for value in form.values() if isinstance(value, UploadFile)]
        return Form(fields, await _attachment(uploads[0]) if uploads else None)
    finally:
        await form.close()


async def _attachment(upload: UploadFile) -> Attachment | None:
    """Return a file; None where none was chosen: browsers send a nameless one then."""
    if not upload.filename:
        return None
    name = upload.filename.replace("\\", "/").rpartition("/")[2]
    printable = "".join(letter for letter in name if letter.isprintable())
    return Attachment(printable[-LONGEST_NAME:] or "file", upload.content_type or "", await upload.read())
