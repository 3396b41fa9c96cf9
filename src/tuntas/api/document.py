"""The OpenAPI document: what FastAPI makes of the routes, with the problems and the scope that each key needs."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from tuntas.api.errors import Problem, problems
from tuntas.sessions.access import Scope


def install(app: FastAPI) -> None:
    """Make ``app`` tell the whole truth at ``/openapi.json``; made once, when it is first asked for."""
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        document = generated()
        if "Problem" not in document["components"]["schemas"]:
            _add_problem(document["components"]["schemas"])
            _add_scopes(document["paths"])
            _add_approvals(document["paths"])
            _add_refused_bodies(document["paths"])
            _add_missing_capabilities(document["paths"])
            _put_files_first(document["paths"])
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
            # Said of each, for a document without it asks the same of all.
            operation.setdefault("security", [])
            for requirement in operation["security"]:
                ((scheme, scopes),) = requirement.items()
                scope = scopes[-1] if method == "get" else scopes[0]
                requirement[scheme] = [scope]
                operation["description"] += f"\n\nNeeds a key with the scope `{scope}`."
                if scope == Scope.ASK:  # whoever may send may ask
                    operation["description"] += " Or `send`."
                    operation["security"] = [{scheme: [scope]}, {scheme: [Scope.SEND.value]}]


def _add_approvals(paths: dict[str, Any]) -> None:
    """Say of whatever sends that a key for asking may come too, and what it gets."""
    waits = {
        "description": "Accepted: the key may only ask, and the message waits for a person.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ApprovalOut"}}},
    }
    for methods in paths.values():
        for operation in methods.values():
            if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ())):
                (scheme,) = operation["security"][0]
                operation["security"].append({scheme: [Scope.ASK.value]})
                operation["description"] += " With `ask` it waits until a person approves it."
                operation["responses"]["202"] = waits


def _add_missing_capabilities(paths: dict[str, Any]) -> None:
    """Say that whatever asks a page something may find that this page cannot do it."""
    for path, methods in paths.items():
        for operation in methods.values():
            asks_page = path.startswith("/api/") and not path.startswith("/api/sessions")
            if "503" in operation["responses"] and asks_page:
                operation["responses"].setdefault("501", problems(501)[501])


def _put_files_first(paths: dict[str, Any]) -> None:
    """Name a file before the JSON that may be had in its place: generated clients take what comes first."""
    for methods in paths.values():
        for operation in methods.values():
            for response in operation["responses"].values():
                if content := response.get("content"):
                    response["content"] = dict(sorted(content.items(), key=lambda one: one[0] == "application/json"))


def _add_refused_bodies(paths: dict[str, Any]) -> None:
    """Say what every operation with a body may answer while the body arrives."""
    for methods in paths.values():
        for operation in methods.values():
            if "requestBody" in operation:
                for status in (408, 413):
                    operation["responses"].setdefault(str(status), problems(status)[status])
