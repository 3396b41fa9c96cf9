"""Files into the page and out of it, in parts: one call must not carry a whole video through a pipe."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from tuntas.events import Message
from tuntas.foundation.identifiers import ulid
from tuntas.sessions.errors import PageUnavailable
from tuntas.sessions.ports import WhatsAppPage

PART_BYTES = 384 * 1024
"""Half a mebibyte as base64; divisible by three, so that no part is padded."""


async def send_file(page: WhatsAppPage, content: Mapping[str, Any], data: bytes, token: str) -> Message:
    """Bring ``data`` into the page and send it; the page forgets it, whatever happens."""
    file = ulid()
    try:
        for at in range(0, len(data), PART_BYTES):
            part = base64.b64encode(data[at : at + PART_BYTES]).decode("ascii")
            await page.ask("uploadPart", {"file": file, "data": part})
        return await page.send("file", {**content, "file": file, "size": len(data)}, token=token)
    finally:
        await _drop(page, "dropUpload", file)


class Download:
    """A message's file, opened in the page."""

    def __init__(self, page: WhatsAppPage, file: str, opened: Mapping[str, Any]) -> None:
        """Describe what ``openDownload`` opened."""
        self._page = page
        self._file = file
        self.size = int(opened["size"])
        self.mimetype = str(opened["mimetype"] or "")
        self.filename: str | None = opened["filename"]

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes, oldest first."""
        for offset in range(0, self.size, PART_BYTES):
            asked = {"file": self._file, "offset": offset, "length": PART_BYTES}
            yield base64.b64decode(await self._page.ask("downloadPart", asked))


@contextlib.asynccontextmanager
async def download(page: WhatsAppPage, message_id: str, size: int) -> AsyncIterator[Download]:
    """Have the page download a message's file of about ``size`` bytes; it is forgotten in the end."""
    file = ulid()
    try:
        opened = await page.ask("openDownload", {"messageId": message_id, "file": file, "size": size})
        yield Download(page, file, opened)
    finally:
        await _drop(page, "dropDownload", file)


async def _drop(page: WhatsAppPage, name: str, file: str) -> None:
    # A page that is gone has forgotten all by itself.
    with contextlib.suppress(PageUnavailable):
        await page.ask(name, {"file": file})
