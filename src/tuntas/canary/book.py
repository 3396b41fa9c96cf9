"""Keeps what is known of the page in a file, so that a server that is started often does not look at each start."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from tuntas.canary.course import Course, Known
from tuntas.canary.report import Verdict


class CanaryBook:
    """One file. What cannot be read counts as nothing known: it is only a look that comes earlier."""

    def __init__(self, path: Path) -> None:
        """Keep it at ``path``."""
        self._path = path

    def read(self) -> Course:
        """Return what was kept. Blocking."""
        try:
            return _course(json.loads(self._path.read_text()))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return Course()

    def write(self, course: Course) -> None:
        """Keep it. Blocking. Raises OSError."""
        fresh = self._path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(course), file, default=str)
        fresh.replace(self._path)


def _course(document: dict[str, Any]) -> Course:
    known = document["known"]
    return Course(
        tried_at=None if document["tried_at"] is None else datetime.fromisoformat(document["tried_at"]),
        problem=document["problem"],
        silent_looks=int(document["silent_looks"]),
        known=None if known is None else _known(known),
    )


def _known(document: dict[str, Any]) -> Known:
    return Known(
        verdict=Verdict(document["verdict"]),
        at=datetime.fromisoformat(document["at"]),
        since=datetime.fromisoformat(document["since"]),
        version=str(document["version"]),
        wa_js=str(document["wa_js"]),
        build=document["build"],
        lacks=tuple(map(str, document["lacks"])),
        missing={str(name): tuple(map(str, names)) for name, names in document["missing"].items()},
    )
