"""What telling asks of the store and of those who are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tuntas.alerts.book import Alert


class AlertStore(Protocol):
    """Alerts, durable when a method returns."""

    async def unfinished(self) -> list[Alert]:
        """Return the alerts that are open, and those whose end was not told to all yet; oldest first."""
        ...

    async def recent(self, *, limit: int) -> list[Alert]:
        """Return the newest alerts, newest first."""
        ...

    async def save(self, alerts: Sequence[Alert]) -> None:
        """Write them as they are now."""
        ...


class TargetFailed(Exception):
    """It was not told; the message says why, without secrets."""


class AlertTarget(Protocol):
    """Somebody, or something, that is told."""

    @property
    def name(self) -> str:
        """What it is: webhook, email or whatsapp."""
        ...

    async def tell(self, alert: Alert, text: str) -> None:
        """Tell of an alert's begin, or of its end where it has one. Raises TargetFailed."""
        ...
