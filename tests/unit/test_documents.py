"""The generated documents say what the code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def _generator() -> dict[str, object]:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    documents: dict[str, object] = module.DOCUMENTS
    return documents


@pytest.mark.parametrize("name", ["state-machine.md", "configuration.md"])
def test_document_matches_what_is_generated(name: str) -> None:
    make = _generator()[name]
    assert callable(make)
    assert (DOCS / name).read_text(encoding="utf-8") == make(), "run `make docs`"
