"""The pages' own style, script and symbol, and htmx from its npm package. Read once; an address names its content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

_FILES = {
    "base.css": ("static", "text/css"),
    "parts.css": ("static", "text/css"),
    "inbox.css": ("static", "text/css"),
    "plots.css": ("static", "text/css"),
    "dashboard.js": ("static", "text/javascript"),
    "icon.svg": ("static", "image/svg+xml"),
    "htmx.js": ("assets", "text/javascript"),
    "htmx-sse.js": ("assets", "text/javascript"),
}


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """All files, by name."""

    contents: Mapping[str, bytes]

    @property
    def addresses(self) -> dict[str, str]:
        """Return each file's address; it changes with the content, so that a browser may keep the file for good."""
        return {
            name: f"/dashboard/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"
            for name, content in self.contents.items()
        }

    async def serve(self, request: Request) -> Response:
        """Return one file."""
        name = str(request.path_params["name"])
        if name not in self.contents:
            return Response(status_code=404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(self.contents[name], media_type=_FILES[name][1], headers=headers)


def load() -> StaticFiles:
    """Read all files from the package."""
    room = files("tuntas.dashboard")
    return StaticFiles({name: room.joinpath(folder, name).read_bytes() for name, (folder, _) in _FILES.items()})
