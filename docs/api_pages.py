"""Turns the OpenAPI document into pages for people: one a tag, one of all shapes, and an index.

It reads nothing but the document and the table of errors, so a new route needs no edit here.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tuntas.api import errors

WIDTH = 118
MODELS = "models.md"
BEHIND_EACH = "Generated from the routes by `make docs`; the same as a machine reads it is at `/openapi.json`."

Schema = Mapping[str, Any]


def pages(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the pages by file name."""
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    by_tag: dict[str, list[list[str]]] = {}
    index: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = operation["tags"][0]
            by_tag.setdefault(tag, []).append(list(_operation(path, method, operation, schemas)))
            deprecated = " (deprecated)" if operation.get("deprecated") else ""
            link = f"[{operation['summary']}]({tag}.md#{_anchor(operation['summary'])})"
            index.setdefault(tag, []).append(f"- `{method.upper()} {path}` {link}{deprecated}")
    made = {
        f"{tag}.md": _page([f"# {tag.capitalize()}", "", BEHIND_EACH, *(line for one in found for line in one)])
        for tag, found in by_tag.items()
    }
    made[MODELS] = _page(list(_models(schemas)))
    made["README.md"] = _page(list(_index(index)))
    return made


def _page(lines: Sequence[str]) -> str:
    return "\n".join([*lines, ""])


def _index(by_tag: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from ["# The HTTP API", "", BEHIND_EACH, ""]
    yield "Send your key in `X-Api-Key`. Shapes that go in and out are in [models.md](models.md)."
    for tag, lines in by_tag.items():
        yield from ["", f"## {tag.capitalize()}", "", *lines]
    yield from ["", "## Errors", ""]
    yield from _wrapped(
        "Every error is `application/problem+json`, the shape [Problem](models.md#problem), with a `code` that never "
        "changes. A `Retry-After` says when to ask again. Besides those below: 401 `key_missing_or_wrong`, 403 "
        "`key_not_sufficient`, 404 `not_found`, 405 `method_not_allowed`, 422 `invalid_input` (its `errors` name the "
        "fields), 500 `internal_error`, 501 `not_supported` (its `detail` says why)."
    )
    yield from ["", "| status | code | meaning |", "|---|---|---|"]
    for status, code, title in sorted(errors.TABLE.values()):
        yield f"| {status} | `{code}` | {title} |"


def _operation(path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Schema]) -> Iterator[str]:
    yield from ["", f"## {operation['summary']}", "", f"`{method.upper()} {path}`"]
    if operation.get("deprecated"):
        yield from ["", "Deprecated."]
    for paragraph in operation["description"].split("\n\n"):
        yield from ["", *_wrapped(paragraph)]
    if parameters := operation.get("parameters"):
        yield from ["", "Parameters:", ""]
        for one in parameters:
            yield from _field(one["name"], one["schema"], is_required=one.get("required", False), place=one["in"])
    if body := operation.get("requestBody"):
        (schema,) = (content["schema"] for content in body["content"].values())
        yield from ["", f"Body: {_type(schema)}{'' if body.get('required') else ' (may be left out)'}"]
        yield from ["", "```json", *_json(_example(schema, schemas)), "```"]
        yield from ["", *_fields(_resolved(schema, schemas))]
    yield from ["", "Answers:", ""]
    failures = []
    for status, response in operation["responses"].items():
        if status >= "400":
            failures.append(status)
            continue
        shapes = [
            _type(content["schema"]) if kind == "application/json" else f"`{kind}`"
            for kind, content in response.get("content", {}).items()
        ]
        said = "" if response["description"] == "Successful Response" else response["description"]
        yield from _item(f"{status}: {' or '.join(shapes) or 'nothing'}{'. ' + said if said else ''}")
    if failures:
        yield from _item(f"[Errors](README.md#errors): {', '.join(failures)}")


def _models(schemas: Mapping[str, Schema]) -> Iterator[str]:
    yield from ["# Shapes", "", BEHIND_EACH]
    for name, schema in sorted(schemas.items()):
        yield from ["", f"## {name}"]
        if said := schema.get("description"):
            for paragraph in said.split("\n\n"):
                yield from ["", *_wrapped(" ".join(paragraph.split()))]
        yield ""
        if "properties" in schema:
            yield from _fields(schema)
        else:
            yield from _wrapped(f"{_type(schema)}.")


def _fields(schema: Schema) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield from _field(name, field, is_required=name in required, place=None)


def _field(name: str, schema: Schema, *, is_required: bool, place: str | None) -> Iterator[str]:
    words = [place] if place else []
    words.append(_type(schema))
    if is_required:
        words.append("required")
    elif schema.get("default") is not None and not isinstance(schema["default"], dict | list):
        words.append(f"default `{json.dumps(schema['default'])}`")
    words += _limits(schema)
    text = f"`{name}` ({', '.join(words)})"
    if said := schema.get("description"):
        text += f": {' '.join(said.split())}"
    yield from _item(text)


def _item(text: str) -> list[str]:
    return textwrap.wrap(f"- {text}", WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False)


def _type(schema: Schema) -> str:
    """Say in words what ``schema`` allows."""
    if reference := schema.get("$ref"):
        name = reference.rsplit("/", 1)[-1]
        return f"[{name}]({MODELS}#{_anchor(name)})"
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_type(one) for one in schema[several]))
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(one)}`" for one in schema["enum"])
    match schema.get("type"):
        case "array":
            return f"list of {_type(schema.get('items', {}))}"
        case "object":
            values = schema.get("additionalProperties")
            return f"object of {_type(values)}" if isinstance(values, dict) and values else "object"
        case "string" if form := schema.get("format"):
            return str(form)
        case str(name):
            return name
        case _:
            return "anything"


def _limits(schema: Schema) -> list[str]:
    """Say which values of the type are taken."""
    signs = {"minimum": "≥", "maximum": "≤", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
    units = {"minLength": "at least {} characters", "maxLength": "at most {} characters",
             "minItems": "at least {}", "maxItems": "at most {}"}  # fmt: skip
    said = []
    for one in (schema, *schema.get("anyOf", ())):
        said += [f"{sign} {one[name]}" for name, sign in signs.items() if name in one]
        said += [words.format(one[name]) for name, words in units.items() if name in one]
        if "pattern" in one:
            said.append(f"pattern `{one['pattern']}`".replace("|", "\\|"))
    return said


def _resolved(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """Follow references, and of several shapes take the first that is not null."""
    while True:
        if reference := schema.get("$ref"):
            schema = schemas[reference.rsplit("/", 1)[-1]]
        elif "anyOf" in schema and not schema.get("examples"):
            schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
        else:
            return schema


def _example(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    """Return a value of the required fields, and of the others that have an example of their own."""
    schema = _resolved(schema, schemas)
    if examples := schema.get("examples"):
        return examples[0]
    if "default" in schema:
        return schema["default"]
    if "properties" in schema:
        required = schema.get("required", ())
        return {
            name: _example(field, schemas)
            for name, field in schema["properties"].items()
            if name in required or field.get("examples")
        }
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "array":
            return [_example(schema["items"], schemas)]
        case "boolean":
            return True
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "string":
            return ""
        case _:
            return {}


def _json(value: Any) -> list[str]:
    """Write on one line what fits there, else with a line for each entry."""
    line = json.dumps(value, ensure_ascii=False)
    return [line] if len(line) <= WIDTH else json.dumps(value, ensure_ascii=False, indent=2).splitlines()


def _anchor(title: str) -> str:
    """Return the anchor that Markdown readers give a heading."""
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter in "-_")
