"""What the pages work with: the services of the running server, and what only people ask for beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tuntas.dashboard.last_messages import LastMessages
from tuntas.dashboard.memory import MemoryMeter
from tuntas.events import Bell, Subscription
from tuntas.foundation.sub_path import SubPath
from tuntas.measurements import MeasurementStore
from tuntas.services import Services
from tuntas.sessions.model import SessionConfig
from tuntas.troubles import Troubles


class HealthFinding(Protocol):
    """One line of ``tuntas doctor``; ``level`` is fine, warning or broken."""

    @property
    def check(self) -> str:
        """What was looked at."""
        ...

    @property
    def level(self) -> str:
        """How bad it is."""
        ...

    @property
    def detail(self) -> str:
        """What was seen."""
        ...

    @property
    def advice(self) -> str:
        """What to do; empty when there is nothing to do."""
        ...


class SettingsRefused(ValueError):
    """A session's configuration is not taken. ``place``: the way to the field in it, as in the API's document."""

    def __init__(self, place: tuple[str, ...], detail: str) -> None:
        """Say what is wrong with the field."""
        super().__init__(detail)
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardContext(Services):
    """The running server, as far as the dashboard needs it.

    ``examine`` blocks for some seconds. ``news`` rings when anything has changed that a page may show. ``secret``
    signs the cookies: whoever has it is signed in as anybody. ``sub_path``: what a proxy has in front of our paths.
    ``most_file_bytes``: the largest file that is sent. ``ignored``: kinds of chats that sessions do not want to know of
    where they do not say. ``read_settings`` makes a configuration of a document, given the stored one, or raises
    SettingsRefused. ``try_webhook`` delivers an event once and returns what went wrong.
    """

    examine: Callable[[], Sequence[HealthFinding]]
    on_deleted: Callable[[], None]
    last_messages: LastMessages
    memory: MemoryMeter
    measurements: MeasurementStore
    news: Bell
    sign_in_days: float
    sub_path: SubPath
    most_file_bytes: int
    ignored: frozenset[str]
    read_settings: Callable[[Mapping[str, Any], Mapping[str, Any]], SessionConfig]
    try_webhook: Callable[[Subscription, Mapping[str, Any]], Awaitable[str | None]]
    troubles: Troubles
    secret: str = field(repr=False)
