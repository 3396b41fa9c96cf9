"""The stream of pages on which nothing moves: it only says that the server is there, and when a sign-in has ended."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from tuntas.dashboard.pieces import Piece, follow
from tuntas.dashboard.visit import Visit


async def live(visit: Visit) -> Response:
    """Stream nothing, for as long as the page is open."""

    async def look() -> Sequence[Piece]:
        return []

    return follow(visit, look)
