"""Taking a folder away while an earlier rename of ours, given up for lost, answers after all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.removing import EPOCH
from tuntas.profiles import steps
from tuntas.profiles.model import Removal, RemovalState
from tuntas.profiles.purge import Bounds
from tuntas.profiles.store import ProfileStore

LATER = EPOCH.replace(year=2100)


@pytest.mark.parametrize("look", ["_is_still_meant", "refuse_outside", "refuse_dangerous", "_renamed"])
def test_a_rename_that_answers_between_two_looks_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    store = ProfileStore(tmp_path / "profiles")
    store.prepare()
    path = store.create("ani", "ani")
    removal = Removal("1", "ani", path, RemovalState.INTENT, LATER, LATER)
    looked: Callable[..., Any] = getattr(steps, look)

    def late(*arguments: Any) -> Any:
        if path.exists():
            path.rename(store.trash.path_of("1"))
        return looked(*arguments)

    monkeypatch.setattr(steps, look, late)
    result = steps.take_away(store, removal, Bounds(threading.Event(), 10.0))
    assert (result.state, result.trash_path) == (RemovalState.QUARANTINED, store.trash.path_of("1"))
