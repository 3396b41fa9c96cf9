"""compose.yaml, alone and with PostgreSQL: of the form that Compose reads, and in step with the image."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from compose_spec import PyCompose

ROOT = Path(__file__).parents[2]


def read(name: str) -> dict[str, Any]:
    """Read one as Compose does where no variable is set; what it does not know is an error."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / name).read_text(encoding="utf-8"))
    PyCompose.from_yaml(text)
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def test_it_is_closed_and_has_time_to_stop() -> None:
    service = read("compose.yaml")["services"]["tuntas"]
    assert service["ports"] == ["127.0.0.1:3000:3000"]
    assert service["volumes"] == ["tuntas-data:/data"]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert "no-new-privileges:true" in service["security_opt"]
    assert int(service["stop_grace_period"].removesuffix("s")) > 30
    assert service["environment"]["TUNTAS_API_KEY_FILE"] == "/run/secrets/api-key"


def test_what_postgresql_adds_fits() -> None:
    first, second = read("compose.yaml"), read("compose.postgresql.yaml")
    assert first["services"].keys() & second["services"].keys() == {"tuntas"}
    secrets = first["secrets"] | second["secrets"]
    for service in [*first["services"].values(), *second["services"].values()]:
        assert set(service.get("secrets", [])) <= secrets.keys()
        for name, value in service["environment"].items():
            if name.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in secrets, name
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/secrets/", "/.env"} <= set(ignored)
