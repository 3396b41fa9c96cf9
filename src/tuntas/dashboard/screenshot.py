"""What a session's browser shows, as a picture that is taken when somebody asks."""

from __future__ import annotations

from starlette.responses import Response

from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.session import name_in
from tuntas.foundation.identifiers import ulid


async def frame(request: PageRequest) -> Response:
    """Answer with the place of a fresh picture, so that its loading and its failure are the page's own."""
    record = request.context.sessions.get(name_in(request))
    return request.page("screenshot.html", session=record, taken=ulid())


async def picture(request: PageRequest) -> Response:
    """Return the picture itself."""
    png = await request.context.sessions.screenshot(name_in(request))
    return Response(png, media_type="image/png")
