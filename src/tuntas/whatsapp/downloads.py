"""A message's file out of the page, in parts. Its size is asked before a byte of it is loaded."""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from tuntas.foundation.identifiers import ulid
from tuntas.sessions.errors import PageUnavailable
from tuntas.sessions.page_calls import PageCall
from tuntas.whatsapp.calls import Bridge, unusable
from tuntas.whatsapp.fetching import FileLimits
from tuntas.whatsapp.uploads import PART_BYTES

MOST_BYTES = 2**50
LONGEST_NAME = 255

Size = Annotated[int, Field(ge=0, le=MOST_BYTES)]
# What a sender calls a file is no reason not to have it.
Cut = BeforeValidator(lambda value: value[:LONGEST_NAME] if isinstance(value, str) else value)
Model = TypeVar("Model", bound=BaseModel)


class _Described(BaseModel):
    size: Size | None


class _Opened(BaseModel):
    size: Size
    mimetype: Annotated[str | None, Cut]
    filename: Annotated[str | None, Cut]


class PageDownload:
    """A message's file, opened in the page. Implements ``tuntas.sessions.ports.Download``."""

    def __init__(self, bridge: Bridge, name: str, opened: _Opened) -> None:
        """Describe what was opened under the page's ``name``."""
        self._bridge = bridge
        self._name = name
        self.size_bytes = opened.size
        self.mimetype = opened.mimetype or ""
        self.filename = opened.filename

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes in their order. Raises PageUnavailable where the page gives others than it said."""
        for offset in range(0, self.size_bytes, PART_BYTES):
            length = min(PART_BYTES, self.size_bytes - offset)
            asked = {"file": self._name, "offset": offset, "length": length}
            part = _bytes_of(await self._bridge.call(PageCall.DOWNLOAD_PART, asked))
            if len(part) != length:
                raise unusable(PageCall.DOWNLOAD_PART, f"{len(part)} bytes in place of {length}")
            yield part


@contextlib.asynccontextmanager
async def download(bridge: Bridge, message_id: str, limits: FileLimits) -> AsyncIterator[PageDownload]:
    """Have the page download a message's file; it is forgotten in the end."""
    described = await _ask(bridge, PageCall.DESCRIBE_FILE, {"messageId": message_id}, _Described)
    limits.require_size(described.size or 0)
    name = ulid()
    try:
        asked = {"messageId": message_id, "file": name}
        opened = await _ask(bridge, PageCall.OPEN_DOWNLOAD, asked, _Opened, size_bytes=described.size or 0)
        limits.require_size(opened.size)  # what a message says of its file is its sender's word
        yield PageDownload(bridge, name, opened)
    finally:
        # A page that is gone has forgotten all by itself.
        with contextlib.suppress(PageUnavailable):
            await bridge.call(PageCall.DROP_DOWNLOAD, {"file": name})


async def _ask(
    bridge: Bridge, call: PageCall, asked: dict[str, Any], model: type[Model], *, size_bytes: int = 0
) -> Model:
    answer = await bridge.call(call, asked, size_bytes=size_bytes)
    try:
        return model.model_validate(answer)
    except ValidationError:
        raise unusable(call, "it does not say what the file is") from None


def _bytes_of(answer: Any) -> bytes:
    try:
        return base64.b64decode(answer, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise unusable(PageCall.DOWNLOAD_PART, "it is no base64") from None
