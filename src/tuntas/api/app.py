"""The web application: routes, the key at the door, problem documents."""

from __future__ import annotations

from fastapi import FastAPI

from tuntas.api import cleanup, errors, health, messages, pairing, reference, removals, sessions
from tuntas.api.context import Gateway
from tuntas.api.security import KeyRequired

DESCRIPTION = """
Runs WhatsApp Web sessions over HTTP, in the shapes of WAHA's API.

Send your key in `X-Api-Key`. Errors are `application/problem+json` with a stable `code`.
"""


def create_app(gateway: Gateway) -> FastAPI:
    """Build the application around a running server."""
    app = FastAPI(
        title="Tuntas",
        version=gateway.version,
        description=DESCRIPTION,
        license_info=_LICENSE,
        docs_url=None,
        redoc_url=None,
    )
    app.state.gateway = gateway
    errors.install(app)
    for router in (sessions.router, removals.router, cleanup.router, pairing.router, messages.router):
        app.include_router(router, dependencies=[KeyRequired])
    app.include_router(health.router)
    app.include_router(reference.router)
    generated = app.openapi

    def openapi() -> dict[str, object]:
        document = generated()
        schemas = document["components"]["schemas"]
        if "Problem" not in schemas:
            schemas["Problem"] = errors.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= schemas["Problem"].pop("$defs", {})
            # FastAPI describes its own validation errors; ours are problems, for every route alike.
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
    return app


_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
