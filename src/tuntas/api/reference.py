"""``/docs``: the API's reference as a page, from our own files; FastAPI's own would load them from a foreign host."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Literal

from fastapi import Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from tuntas.api.json_requests import json_router

router = json_router(include_in_schema=False)

_TYPES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}


@router.get("/docs")
async def docs() -> HTMLResponse:
    """Show the reference."""
    # Relative to the page, so that they are found under a sub-path too.
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Tuntas API",
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="data:,",
        swagger_ui_parameters={"validatorUrl": None},  # else it asks a foreign host for a badge
    )


@router.get("/docs/{name}")
async def asset(name: Literal["swagger-ui-bundle.js", "swagger-ui.css"]) -> Response:
    """Return one of the page's files."""
    with as_file(files("tuntas.api").joinpath("assets", name)) as path:
        return Response(path.read_bytes(), media_type=_TYPES[name], headers={"Cache-Control": "max-age=86400"})
