"""The OpenAPI document: valid, and every operation tells what a client needs."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from support.running import Server


@pytest.fixture
def document(server: Server) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/openapi.json", trust_env=False, timeout=60)
    loaded: dict[str, Any] = answer.json()
    return loaded


def test_the_document_is_valid_and_says_what_every_operation_does(document: dict[str, Any]) -> None:
    validate(document)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation.get("summary"), where
            assert operation.get("description"), where
            if operation.get("security"):
                assert "401" in operation["responses"], where
            assert _has_example([operation.get("parameters"), operation.get("requestBody")], document) or _has_example(
                [one for status, one in operation["responses"].items() if status < "3"], document
            ), where
            has_errors = any(status >= "4" for status in operation["responses"])
            assert has_errors or path in {"/ping", "/healthz", "/metrics"}, where


def _has_example(part: Any, document: dict[str, Any], followed: frozenset[str] = frozenset()) -> bool:
    """Whether a part of the document, or a schema that it refers to, shows an example."""
    match part:
        case {"example": _} | {"examples": _}:
            return True
        case {"$ref": str(name)} if name not in followed:
            schema = document["components"]["schemas"][name.rpartition("/")[2]]
            return _has_example(schema, document, followed | {name})
        case dict():
            return any(_has_example(one, document, followed) for one in part.values())
        case list():
            return any(_has_example(one, document, followed) for one in part)
        case _:
            return False


def test_every_error_is_a_problem_document(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                # How the server is is no error of the request: it is told in one form, well or not.
                if int(status) >= 400 and (path, status) != ("/health", "503"):
                    assert set(response["content"]) == {"application/problem+json"}, f"{method} {path} {status}"


def test_the_document_names_the_scope_that_a_key_needs(server: Server, document: dict[str, Any]) -> None:
    scopes = {"read", "send", "ask", "control"}
    good, bad = {}, {}
    for scope in scopes | {"admin"}:
        good[scope] = _key(server, scope)
        # Who may send may ask, and who may ask may bring a message to the same door.
        bad[scope] = _key(server, *(scopes - ({"send", "ask"} if scope in {"send", "ask"} else {scope})))
    for path, methods in document["paths"].items():
        address = re.sub(r"{\w+}", "none", path)
        for method, operation in methods.items():
            if not operation.get("security"):
                continue
            ((scope,),) = operation["security"][0].values()
            assert f"scope `{scope}`" in operation["description"]
            for key, is_refused in ((good[scope], False), (bad[scope], True)):
                with server.http.stream(method, address, headers={"X-Api-Key": key}) as answer:
                    assert (answer.status_code == 403) is is_refused, f"{method} {path} with {scope}: {not is_refused}"


def _key(server: Server, *scopes: str) -> str:
    made = server.http.post("/api/keys", json={"name": "test", "scopes": scopes})
    return str(made.json()["key"])


def test_every_answer_has_a_schema_and_a_file_comes_before_the_json_in_its_place(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                where, content = f"{method} {path} {status}", response.get("content", {})
                assert all(one.get("schema") for one in content.values()), where
                is_file = [one["schema"].get("format") == "binary" for one in content.values()]
                assert is_file == sorted(is_file, reverse=True), where
    files = document["paths"]["/api/files/{session}/{id}"]["get"]["responses"]["200"]["content"]
    assert files == {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def test_the_reference_page_needs_no_foreign_host(server: Server) -> None:
    page = httpx.get(f"{server.url}/docs", trust_env=False, timeout=60)
    assert page.status_code == 200
    assert "https://" not in page.text
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f'"docs/{name}"' in page.text
        assert len(httpx.get(f"{server.url}/docs/{name}", trust_env=False, timeout=60).content) > 10_000
