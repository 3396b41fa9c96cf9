"""What can be set about a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Where the sandbox listens, what it remembers, and how long things take. All times are in seconds."""

    host: str = "127.0.0.1"
    port: int = 3999
    """0 takes any free port."""
    https_port: int | None = None
    """Where the same page is served as ``https://web.whatsapp.com/``, for tools that open nothing else. 0 takes any."""
    data_dir: Path | None = None
    """Where phones, links and messages outlive a restart; ``None`` keeps them in memory only."""
    first_ref_seconds: float = 60.0
    """How long the first QR of a page counts; WhatsApp gives it a minute."""
    next_ref_seconds: float = 20.0
    """How long each later QR counts."""
    refs_in_a_round: int = 6
    """After so many QRs a page shows none any more, until it is told to ask for a new round."""
    pairing_seconds: float = 0.1
    """How long a scanned page stays in the state PAIRING."""
    reconnect_seconds: float = 1.0
    """How long a page waits before it connects anew; each further wait is the sum of the two before it."""
    mutex_seconds: float = 1.0
    """How long a page waits for the tab that has left its mark in the profile, as a killed browser does."""
    hello_seconds: float = 10.0
    """How long a new connection may take to say who it is."""
    version: str = "2.3000.1099999999"
    """What the page says it is. Libraries choose the shape of some calls by it: it must look like WhatsApp's and stay
    high. whatsapp-web.js keeps a copy of the page under this name, so it must be one that WhatsApp never uses."""
