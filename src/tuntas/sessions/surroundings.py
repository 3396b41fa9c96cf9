"""What every actor works with: the rooms around it and its limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuntas.events import Bell
from tuntas.foundation.backoff import Backoff
from tuntas.foundation.clock import Clock
from tuntas.profiles import ProfileStore, Remover
from tuntas.sessions.gate import BootGate
from tuntas.sessions.ports import Engine, SendJournal, SessionStore
from tuntas.sessions.sending import SendLimits


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may stay in a state, in seconds, how faults are counted, and how large a browser may grow.

    ``tend_seconds``: so often, and at a page's first probe, it is looked how large the browser has become.
    ``cache_bytes``: a profile's caches that take more are removed before a launch.
    ``recycle_bytes``: a working browser that takes more is replaced, 0 for never; not again within
    ``recycle_pause_seconds``, and what is under way has ``recycle_wait_seconds`` to come to its end.
    """

    start_seconds: float
    qr_seconds: float
    pairing_seconds: float
    reconnect_seconds: float
    liveness_interval_seconds: float
    stable_run_seconds: float
    restart_attempts: int
    restart_backoff: Backoff
    stop_after_unlink: bool
    tend_seconds: float = 300.0
    cache_bytes: int = 64 * 1024 * 1024
    recycle_bytes: int = 0
    recycle_pause_seconds: float = 3600.0
    recycle_wait_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every actor works with. ``news`` is rung whenever anything about any session has changed."""

    store: SessionStore
    engine: Engine
    profiles: ProfileStore
    remover: Remover
    clock: Clock
    gate: BootGate
    limits: Limits
    send_journal: SendJournal
    send_limits: SendLimits = field(default_factory=SendLimits)
    news: Bell = field(default_factory=Bell)
