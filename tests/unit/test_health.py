"""What ``/health`` says, in the form and with the status that WAHA's clients know."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tuntas.api.context import ApiContext
from tuntas.api.health import health


def context_with(obstacle: str | None) -> ApiContext:
    async def say() -> str | None:
        return obstacle

    async def counts(_sessions: Any) -> dict[str, int]:
        return {"waiting": 0, "delivered": 1, "dead": 0}

    sessions = SimpleNamespace(all=list, allowed=lambda names: names)
    found = SimpleNamespace(sessions=sessions, open_removals=list, obstacle=say, outbox=SimpleNamespace(counts=counts))
    return cast(ApiContext, found)


@pytest.mark.parametrize(("obstacle", "status"), [(None, 200), ("The disk is full.", 503)])
def test_a_server_that_cannot_work_says_so_by_its_status_too(obstacle: str | None, status: int) -> None:
    answer = asyncio.run(health(context_with(obstacle)))
    document = json.loads(bytes(answer.body))
    server = {"status": "up"} if obstacle is None else {"status": "down", "message": obstacle}
    assert answer.status_code == status
    assert document["status"] == ("ok" if obstacle is None else "error")
    assert document["details"] == {"server": server}
    assert document["info"] == ({"server": server} if obstacle is None else {})
    assert document["error"] == ({} if obstacle is None else {"server": server})
    assert document["deliveries"]["delivered"] == 1
