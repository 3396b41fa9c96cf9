"""Whom the events of one session go to. It outlives the session: a removal may end long after its row has gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tuntas.events.model import Me
from tuntas.events.subscription import Subscription


@dataclass(frozen=True, slots=True)
class Audience:
    """The receivers of one session and what every envelope tells them of it. Names can be used again, ids cannot."""

    session_id: str
    session: str
    subscriptions: tuple[Subscription, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    me: Me | None = None
