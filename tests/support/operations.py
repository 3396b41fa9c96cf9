"""Every operation of the document, and how it is asked in a way that fits: made from the document alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tuntas.api.app import routes

DOCUMENT = routes("0").openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
# Where a schema cannot say which of its fields go together.
WHOLE = {
    "FileInput": {"data": "QUJD"},
    "ToConvert": {"data": "QUJD"},
    "Contact": {"fullName": "Budi", "phoneNumber": "+62 811 1000 222"},
    "Terminate": {"which": "all"},
}


@dataclass(frozen=True)
class Operation:
    """One of the document's, and how it is asked."""

    method: str
    path: str
    document: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def scope(self) -> str | None:
        """Return the scope that it says it needs, None if it is open to all."""
        return self.scopes[0] if self.scopes else None

    @property
    def scopes(self) -> list[str]:
        """Return the scopes of which it says that it needs one."""
        return [str(scope) for one in self.document.get("security", ()) for (scope,) in one.values()]

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return list(self.document.get("parameters", ()))

    @property
    def body(self) -> dict[str, Any] | None:
        content = self.document.get("requestBody", {}).get("content", {})
        found: dict[str, Any] | None = content.get("application/json", {}).get("schema")
        return found

    def names_a_session(self) -> bool:
        body = resolved(self.body) if self.body else {}
        by_body = {"session", "name"} if self.path.startswith("/api/sessions") else {"session"}
        return "session" in {one["name"] for one in self.parameters} or bool(by_body & set(body.get("properties", ())))

    def address(self, session: str) -> str:
        """Return its path, with the examples of the document and this session."""
        values = {one["name"]: value_of(one["schema"]) for one in self.parameters if one["in"] == "path"}
        return self.path.format(**{**values, "session": session})

    def query(self, session: str) -> dict[str, Any]:
        found = {
            one["name"]: value_of(one["schema"])
            for one in self.parameters
            if one["in"] == "query" and (one.get("required") or one["name"] == "session")
        }
        return {name: session if name == "session" else value for name, value in found.items()}


OPERATIONS = [
    Operation(method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
CLOSED = [one for one in OPERATIONS if one.scope is not None]
STREAMS = [
    one.path for one in OPERATIONS if "text/event-stream" in one.document["responses"].get("200", {}).get("content", {})
]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in schema:
        return resolved(schema["anyOf"][0])
    if "$ref" in schema:
        return resolved(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    return schema


def value_of(schema: dict[str, Any]) -> Any:
    """Return a value that fits: the example where there is one, else what has to be there."""
    if "$ref" in schema and (name := schema["$ref"].rpartition("/")[2]) in WHOLE:
        return WHOLE[name]
    schema = resolved(schema) | {name: schema[name] for name in ("examples", "default") if name in schema}
    if schema.get("examples"):
        return schema["examples"][0]
    if "default" in schema:
        return schema["default"]
    match schema.get("type"):
        case "object":
            return {name: value_of(schema["properties"][name]) for name in schema.get("required", ())}
        case "array":
            return [value_of(schema["items"])] * max(1, schema.get("minItems", 0))
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return schema.get("enum", ["x"])[0]
