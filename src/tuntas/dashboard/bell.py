"""What needs somebody, for a page that nobody looks at: it has no stream then, and asks from time to time."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from tuntas.dashboard.page_request import PageRequest


async def show(request: PageRequest) -> Response:
    """Answer with what is wrong now, as a page shows it."""
    found = request.troubles
    sub_path = request.dashboard.rendering.sub_path.path
    return JSONResponse(
        [{"key": one.key, "sentence": one.sentence, "address": sub_path + one.address} for one in found]
    )
