"""The OpenAPI document: what FastAPI makes of the routes, with the problems and the scope that each key needs."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from tuntas.api.errors import Problem


def install(app: FastAPI) -> None:
    """Make ``app`` tell the whole truth at ``/openapi.json``; made once, when it is first asked for."""
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        document = generated()
        if "Problem" not in document["components"]["schemas"]:
            _add_problem(document["components"]["schemas"])
            _add_scopes(document["paths"])
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _add_problem(schemas: dict[str, Any]) -> None:
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schemas["Problem"].pop("$defs", {})
    # FastAPI describes its own validation errors; ours are problems, for every route alike.
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)


def _add_scopes(paths: dict[str, Any]) -> None:
    """Leave the one scope that counts for the method, and say it in words; ``security.needs`` names the GETs' last."""
    for methods in paths.values():
        for method, operation in methods.items():
            for requirement in operation.get("security", ()):
                ((scheme, scopes),) = requirement.items()
                scope = scopes[-1] if method == "get" else scopes[0]
                requirement[scheme] = [scope]
                operation["description"] += f"\n\nNeeds a key with the scope `{scope}`."
