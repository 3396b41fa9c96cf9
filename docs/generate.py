"""Writes the documents that are made from declarations: states, settings, the HTTP API. Run it with ``make docs``.

A test compares the files with what this makes, so they cannot drift from the code.
"""

from __future__ import annotations

from pathlib import Path

from docs.api_pages import pages

from tuntas import __version__
from tuntas.api.app import routes
from tuntas.config import Settings
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
    lines = [
        "# Settings",
        "",
        "Generated from `src/tuntas/config.py` by `make docs`. Each is an environment variable, or the name in lower",
        "case without `TUNTAS_` in `tuntas.toml` in the current folder (`TUNTAS_CONFIG` names another file). A",
        "command-line option comes before the environment, the environment before the file.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "-" if field.default is None else f"`{field.default}`"
        lines.append(f"| `TUNTAS_{name.upper()}` | {default} | {field.description} |")
    return "\n".join([*lines, ""])


def documents() -> dict[str, str]:
    """Return every generated document by its path in this folder."""
    reference = {f"{REFERENCE}/{name}": page for name, page in pages(routes(__version__).openapi()).items()}
    return {"state-machine.md": state_machine(), "configuration.md": configuration(), **reference}


if __name__ == "__main__":
    made = documents()
    (HERE / REFERENCE).mkdir(exist_ok=True)
    for old in (HERE / REFERENCE).glob("*.md"):
        if f"{REFERENCE}/{old.name}" not in made:
            old.unlink()
    for name, text in made.items():
        (HERE / name).write_text(text, encoding="utf-8")
