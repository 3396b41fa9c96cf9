"""Writes the documents that are made from declarations: the state machine and the settings. Run it with ``make docs``.

A test compares the files with what this makes, so they cannot drift from the code.
"""

from __future__ import annotations

from pathlib import Path

from tuntas.config import Settings
from tuntas.sessions.machine import STATUS_OF, TRANSITIONS, State

HERE = Path(__file__).parent


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


DOCUMENTS = {"state-machine.md": state_machine, "configuration.md": configuration}

if __name__ == "__main__":
    for name, make in DOCUMENTS.items():
        (HERE / name).write_text(make(), encoding="utf-8")
