"""What a file that somebody attaches goes out as, judged by its bytes: names and types are often wrong. Pure."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from tuntas.dashboard.words import N_
from tuntas.sessions.outgoing import FileSource, MessageKind

UNKNOWN = "application/octet-stream"
_NO_BYTES = N_("The file is empty.")
_NO_PICTURE = N_("This is no picture, although its name says so. Open it on this device, save it anew and try again.")
_NO_VIDEO = N_("This is no video, although its name says so. Open it on this device, save it anew and try again.")
_SIGNS = ((0, b"\xff\xd8\xff", "image/jpeg"), (0, b"\x89PNG\r\n\x1a\n", "image/png"), (4, b"ftyp", "video/mp4"))
_SHOWN = {"image/jpeg": MessageKind.IMAGE, "image/png": MessageKind.IMAGE, "video/mp4": MessageKind.VIDEO}


class Unsendable(Exception):
    """A file that is not what it says; the message is one of the catalogue."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as a form has brought it."""

    name: str
    mimetype: str
    data: bytes = field(repr=False)

    def as_message(self) -> tuple[MessageKind, FileSource]:
        """Return what it is sent as: a picture, a video, or a file that arrives byte for byte.

        Raises:
            Unsendable: it is empty, or another kind of thing than it says.
        """
        if not self.data:
            raise Unsendable(_NO_BYTES)
        says = self.mimetype.partition(";")[0].strip().lower()
        found = next((kind for at, sign, kind in _SIGNS if self.data[at:].startswith(sign)), None)
        if found == "video/mp4" and not says.startswith("video/"):
            found = None  # its sign is that of phones' pictures and recordings, too
        if says in _SHOWN and found is None:
            raise Unsendable(_NO_PICTURE if _SHOWN[says] is MessageKind.IMAGE else _NO_VIDEO)
        kind = MessageKind.DOCUMENT if found is None else _SHOWN[found]
        data = base64.b64encode(self.data).decode()
        return kind, FileSource(found or says or UNKNOWN, self.name, data)
