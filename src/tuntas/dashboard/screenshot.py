"""What a session's browser shows, as a picture that is taken when somebody asks."""

from __future__ import annotations

from starlette.responses import Response

from tuntas.dashboard.session import name_in
from tuntas.dashboard.visit import Visit
from tuntas.foundation.identifiers import ulid


async def frame(visit: Visit) -> Response:
    """Answer with the place of a fresh picture, so that its loading and its failure are the page's own."""
    record = visit.desk.sessions.get(name_in(visit))
    return visit.page("screenshot.html", session=record, taken=ulid())


async def picture(visit: Visit) -> Response:
    """Return the picture itself."""
    png = await visit.desk.sessions.screenshot(name_in(visit))
    return Response(png, media_type="image/png")
