"""The generated documents say what the code says."""

from __future__ import annotations

import re

import pytest
from docs.generate import HERE, REFERENCE, documents

from tuntas.api.app import routes


def test_each_document_is_what_is_generated_and_there_is_no_other() -> None:
    made = documents()
    for name, text in made.items():
        path = HERE / name
        assert path.is_file(), f"{name} is missing: run `make docs`"
        assert path.read_text(encoding="utf-8") == text, f"{name} is old: run `make docs`"
    left = {f"{REFERENCE}/{path.name}" for path in (HERE / REFERENCE).iterdir()} - set(made)
    assert not left, f"no longer made: {left}; run `make docs`"


@pytest.mark.parametrize("name", ["from-waha.md", "from-whatsapp-web-js.md", "from-wwebjs-api.md"])
def test_each_request_that_a_guide_names_exists(name: str) -> None:
    known = {
        f"{method.upper()} {_without_names(path)}"
        for path, methods in routes("0").openapi()["paths"].items()
        for method in methods
    }
    named = re.findall(r"`(GET|POST|PUT|DELETE) (/api/[^`?]*)", (HERE / name).read_text(encoding="utf-8"))
    assert named
    assert {f"{method} {_without_names(path)}" for method, path in named} <= known


def test_each_promise_of_security_names_tests_that_there_are_and_no_test_of_security_is_without_a_promise() -> None:
    tests = HERE.parent / "tests"
    named = set(re.findall(r"`tests/([\w/]+\.py)`", (HERE / "security.md").read_text(encoding="utf-8")))
    assert named
    assert {name for name in named if not (tests / name).is_file()} == set()
    assert {f"security/{path.name}" for path in (tests / "security").glob("test_*.py")} <= named


def test_the_readme_stays_short() -> None:
    assert len((HERE.parent / "README.md").read_text(encoding="utf-8").splitlines()) < 120


def _without_names(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)
