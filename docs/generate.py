"""Writes the documents that are made from declarations: states, settings, the HTTP API. Run it with ``make docs``.

A test compares the files with what this makes, so they cannot drift from the code.
"""

from __future__ import annotations

import re
from pathlib import Path

from docs.api_pages import pages
from docs.waha import OPERATIONS
from docs.waha_bodies import BODIES, WITHOUT_EFFECT
from fastapi.routing import APIRoute
from starlette.routing import Match

from tuntas import __version__
from tuntas.api import not_supported
from tuntas.api.app import ROUTERS, TOOLS_PATH, routes
from tuntas.config import Settings, secret_names
from tuntas.sessions.machine import STATUS_OF, TRANSITIONS, State

HERE = Path(__file__).parent
REFERENCE = "reference"


def state_machine() -> str:
    """Return ``state-machine.md``."""
    lines = [
        "# The state machine",
        "",
        "Generated from `src/tuntas/sessions/machine.py` by `make docs`. Clients see the status; `GET",
        "/api/sessions/{name}` and its history also give the state. Where the status is *as before*, nothing is said",
        "until the end is proven.",
        "",
        "| state | status | what leads out of it |",
        "|---|---|---|",
    ]
    for state in State:
        status = STATUS_OF[state]
        ways = ", ".join(f"{trigger.value} → {after.value}" for trigger, after in TRANSITIONS[state].items())
        lines.append(f"| {state.value} | {status.value if status else '*as before*'} | {ways or 'nothing: the end'} |")
    lines += ["", "```mermaid", "stateDiagram-v2"]
    for state, ways_out in TRANSITIONS.items():
        lines += [
            f"    {state.value} --> {after.value}: {trigger.value}"
            for trigger, after in ways_out.items()
            if trigger.value != "booted" and after is not state
        ]
    lines += [
        "```",
        "",
        "`booted` leads from every state to `stopped`: a server that starts plans everything anew.",
        "",
    ]
    return "\n".join(lines)


def configuration() -> str:
    """Return ``configuration.md``."""
    in_files = [f"`TUNTAS_{one.upper()}_FILE`" for one in sorted(secret_names())]
    lines = [
        "# Settings",
        "",
        "Generated from `config/settings.py` by `make docs`. Each is an environment variable, or the name in lower",
        "case without `TUNTAS_` in `tuntas.toml` in the current folder (`TUNTAS_CONFIG` names another file). A",
        "command-line option comes before the environment, the environment before the file. `tuntas config show`",
        "prints what is in force and where it came from, secrets masked. A name that begins with `TUNTAS_` and is not",
        "listed here is refused.",
        "",
        "A secret may stand in a file instead: " + ", ".join(in_files) + ".",
        "Where ours are unset, [WAHA's names](from-waha.md#environment) are read.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "-" if field.default is None else f"`{field.default}`"
        lines.append(f"| `TUNTAS_{name.upper()}` | {default} | {field.description} |")
    return "\n".join([*lines, ""])


def waha_operations() -> str:
    """Return ``waha-operations.md``."""
    refused = {
        (method, path): reason for method, path, reason in (*not_supported.OF_SESSIONS, *not_supported.OF_THE_SERVER)
    }
    lines = [
        "# WAHA's operations, one by one",
        "",
        "Generated from `docs/waha.py`, `docs/waha_bodies.py` and our routes by `make docs`; `tests/conformance` asks",
        "for each. What is not supported answers 501 with the sentence that stands here. *Body*: those that WAHA's",
        "document shows are taken as they are; named is what of them means nothing here.",
        "",
        "| operation | here | body |",
        "|---|---|---|",
    ]
    shown = {operation for operation, _ in BODIES}
    for method, path in OPERATIONS:
        if path == TOOLS_PATH:
            lines.append(f"| `{method} {path}` | yes | the Model Context Protocol's: [agents](mcp.md) |")
            continue
        route = _route_for(method, path)
        here = refused.get((method, route.path)) or ("an older form" if route.deprecated else "yes")
        idle = ", ".join(f"`{name}`" for name in WITHOUT_EFFECT.get(f"{method} {path}", ()))
        taken = f"taken; without effect: {idle}" if idle else "taken"
        body = taken if f"{method} {path}" in shown and not refused.get((method, route.path)) else ""
        lines.append(f"| `{method} {path}` | {here} | {body} |")
    return "\n".join([*lines, ""])


def _route_for(method: str, path: str) -> APIRoute:
    """Return the route that answers; as the routers declare it: an application hides it behind a type of its own."""
    scope = {"type": "http", "method": method, "path": re.sub(r"\{\w+\}", "x", path)}
    declared = (route for router, _ in ROUTERS for route in router.routes if isinstance(route, APIRoute))
    return next(route for route in declared if route.matches(scope)[0] is Match.FULL)


def documents() -> dict[str, str]:
    """Return every generated document by its path in this folder."""
    reference = {f"{REFERENCE}/{name}": page for name, page in pages(routes(__version__).openapi()).items()}
    return {
        "state-machine.md": state_machine(),
        "configuration.md": configuration(),
        "waha-operations.md": waha_operations(),
        **reference,
    }


if __name__ == "__main__":
    made = documents()
    (HERE / REFERENCE).mkdir(exist_ok=True)
    for old in (HERE / REFERENCE).glob("*.md"):
        if f"{REFERENCE}/{old.name}" not in made:
            old.unlink()
    for name, text in made.items():
        (HERE / name).write_text(text, encoding="utf-8")
