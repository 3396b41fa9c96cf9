"""How long a session may stay in a state, how often it may fail, and how large its browser may grow. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tuntas.foundation.backoff import Backoff


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one session's life; all that end in ``_seconds`` are seconds.

    It has an attribute for each setting that a session's life depends on, which are many.

    ``qr_rest_seconds``: a QR that nobody asks for and nobody scans is shown for so long, 0 for ever.
    ``after_replacement``: what to do when another login took this one's place.
    ``passkey_seconds``: a person has so long for a passkey, and for each step of it.
    ``failed_retry_seconds``: a session that gave up tries again so much later, 0 for never. ``back_seconds``: a page
    has so long to connect by itself once the network is back. ``echo_interval_seconds``: so often a working session
    writes to itself, 0 for never, and hears of it within ``echo_timeout_seconds``. ``tend_seconds``: so often, and at a
    page's first probe, it is looked how large the browser has become.
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
    after_replacement: Literal["ask", "wait", "take_over"] = "ask"
    passkey_seconds: float = 600.0
    qr_rest_seconds: float = 0.0
    failed_retry_seconds: float = 86_400.0
    back_seconds: float = 10.0
    echo_interval_seconds: float = 0.0
    echo_timeout_seconds: float = 20.0
    tend_seconds: float = 300.0
    cache_bytes: int = 64 * 1024 * 1024
    recycle_bytes: int = 0
    recycle_pause_seconds: float = 3600.0
    recycle_wait_seconds: float = 30.0
