"""``tuntas --help`` is there at once: no command loads what it runs with before it runs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = [
    "asyncio",
    "fastapi",
    "httpx",
    "psutil",
    "pydantic_settings",
    "rich",
    "segno",
    "sqlalchemy",
    "structlog",
    "uvicorn",
]
# What Typer itself loads to read a value that was typed, so that only the help of all can do without.
READS_VALUES = ["email", "importlib.metadata", "pydantic"]
LOADED = """
import json, sys
import tuntas.cli
sys.argv = ["tuntas", *{arguments!r}]
try:
    tuntas.cli.main()
finally:
    print(json.dumps([name for name in {heavy!r} if name in sys.modules]))
"""


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], [*HEAVY, *READS_VALUES]),
        (["--version"], HEAVY),
        (["sessions", "--help"], HEAVY),
        (["serve", "--help"], HEAVY),
    ],
)
def test_help_is_told_without_what_the_commands_run_with(arguments: list[str], heavy: list[str]) -> None:
    loaded = LOADED.format(arguments=arguments, heavy=heavy)
    told = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(told.stdout.splitlines()[-1]) == []


def test_a_list_of_commands_says_each_with_its_whole_sentence() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tuntas", "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert "a sandbox phone scans the QR." in " ".join(told.split())
    assert "..." not in told.partition("Commands:")[2]
