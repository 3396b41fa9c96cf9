"""Requests for the operations of an OpenAPI document: its examples, some of them replaced by what nobody expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from bench.attack import values

_MOST_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``scope``: what a key needs, None where none is needed."""

    method: str
    path: str
    scope: str | None
    parameters: tuple[tuple[str, str], ...]
    body: Any

    @property
    def name(self) -> str:
        """What it is called in a report."""
        return f"{self.method} {self.path}"

    @property
    def needs_key(self) -> bool:
        """Whether nobody gets in without a key."""
        return self.scope is not None

    def filled(self, chance: Random, names: Sequence[str]) -> tuple[str, Any]:
        """Return a path and a body: examples for the most part, the sessions' names from ``names``."""
        path, query = self.path, []
        for place, name in self.parameters:
            text = chance.choice(names) if name in {"session", "name"} else values.text(chance)
            if place == "path":
                path = path.replace(f"{{{name}}}", quote(text.encode("utf-8", "surrogatepass"), safe="") or "x")
            elif place == "query" and (chance.random() < 0.5 or name == "session"):
                query.append((name, text.encode("utf-8", "surrogatepass")))
        return f"{path}?{urlencode(query)}" if query else path, self._body(chance, names)

    def _body(self, chance: Random, names: Sequence[str]) -> Any:
        if not isinstance(self.body, dict):
            return values.value(chance) if self.body is not None or chance.random() < 0.1 else {}
        body = dict(self.body)
        for name in list(body):
            if name in {"session", "name"}:
                body[name] = chance.choice(names)
            elif chance.random() < 0.3:
                body[name] = values.value(chance)
        if chance.random() < 0.1:
            body[values.text(chance)] = values.value(chance)
        return body


_KNOWN: dict[int, list[Operation]] = {}


def operations(document: dict[str, Any]) -> list[Operation]:
    """Return the document's operations but those that would end sessions of others: they are an administrator's."""
    if id(document) not in _KNOWN:
        _KNOWN[id(document)] = [
            _operation(document, method.upper(), path, about)
            for path, methods in document["paths"].items()
            for method, about in methods.items()
            if path not in {"/api/sessions/terminate", "/api/cleanup"}
        ]
    return _KNOWN[id(document)]


def _operation(document: dict[str, Any], method: str, path: str, about: dict[str, Any]) -> Operation:
    scopes = [scopes for one in about.get("security", ()) for scopes in one.values()]
    content: dict[str, dict[str, Any]] = about.get("requestBody", {}).get("content", {})
    schema = next(iter(content.values()), {}).get("schema")
    return Operation(
        method,
        path,
        (scopes[0] or [None])[0] if scopes else None,
        tuple((one["in"], one["name"]) for one in about.get("parameters", ())),
        None if schema is None else _example(document, schema),
    )


def _example(document: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> Any:
    if "$ref" in schema:
        return _example(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], depth)
    if schema.get("examples"):
        return schema["examples"][0]
    if "default" in schema:
        return schema["default"]
    if "properties" in schema and depth < _MOST_DEPTH:
        return {name: _example(document, one, depth + 1) for name, one in schema["properties"].items()}
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _example(document, schema[several][0], depth + 1)
    plain: dict[str, Any] = {"string": "x", "integer": 1, "number": 1.0, "boolean": True, "array": [], "object": {}}
    return plain.get(str(schema.get("type", "")))
