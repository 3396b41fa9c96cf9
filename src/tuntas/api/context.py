"""What the routes work with, handed in by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from tuntas.profiles import Removal
from tuntas.sessions.cleanup import CleanupWish
from tuntas.sessions.leftovers import Plan, Report
from tuntas.sessions.service import SessionService


@dataclass(frozen=True, slots=True)
class Gateway:
    """The running server, as far as the API needs it."""

    sessions: SessionService
    open_removals: Callable[[], Sequence[Removal]]
    accepts_key: Callable[[str], bool]
    outbox_counts: Callable[[], Awaitable[dict[str, int]]]
    clean_up: Callable[[CleanupWish, bool], Awaitable[tuple[Plan, Report]]]
    profiles_dir: Path
    version: str
    wa_js_version: str
    browser: str


def _gateway(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


GatewayHere = Annotated[Gateway, Depends(_gateway)]
