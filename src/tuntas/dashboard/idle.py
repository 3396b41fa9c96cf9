"""The stream of pages on which nothing moves: it only says that the server is there, and when a sign-in has ended."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from tuntas.dashboard.fragments import Fragment, follow
from tuntas.dashboard.page_request import PageRequest


async def live(request: PageRequest) -> Response:
    """Stream nothing, for as long as the page is open."""

    async def look() -> Sequence[Fragment]:
        return []

    return follow(request, look)
