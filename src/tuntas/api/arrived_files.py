"""Files that are fetched as their messages arrive. Implements ``tuntas.sessions.ports.ArrivedFiles``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tuntas.api.files import known_type
from tuntas.api.received_files import FileNote, ReceivedFiles, id_of
from tuntas.sessions.errors import PageUnavailable
from tuntas.sessions.model import SessionRecord
from tuntas.sessions.ports import WhatsAppPage


class FilesOnArrival:
    """Puts the files of messages where the API serves them."""

    def __init__(self, files: ReceivedFiles, base_url: str) -> None:
        """Keep among ``files``; they are served under ``base_url``, which ends with a slash."""
        self._files = files
        self._base_url = base_url

    async def fetch(
        self, record: SessionRecord, message_id: str, page: Callable[[], WhatsAppPage | None]
    ) -> Mapping[str, Any]:
        """Have the page download a message's file, unless it is there; return what is told of it."""
        file = await self._files.find(record.id, id_of(message_id))
        if file is None:
            if (opened := page()) is None:
                message = "The session's page is gone."
                raise PageUnavailable(message)
            async with opened.download(message_id) as found:
                note = FileNote(known_type(found.mimetype), found.filename, found.size_bytes, message_id)
                file = await self._files.keep(record.id, message_id, note, found.parts())
        return {"url": f"{self._base_url}api/files/{record.name}/{file.id}", "size": file.note.size}
