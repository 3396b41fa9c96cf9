"""What every actor works with, handed in by the composition root."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuntas.events import Bell
from tuntas.foundation.clock import Clock
from tuntas.profiles import ProfileStore, Remover
from tuntas.sessions.gate import BootGate
from tuntas.sessions.limits import Limits
from tuntas.sessions.network import Network
from tuntas.sessions.ports import ArrivedFiles, Conversion, Engine, SendJournal, SessionStore
from tuntas.sessions.sending import SendLimits


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What every actor works with. ``news`` is rung whenever anything about any session has changed.

    ``downloads_media``: sessions that do not say otherwise fetch files as their messages arrive, into ``files``;
    ``ignored``: kinds of chats that they do not want to know of.
    """

    store: SessionStore
    engine: Engine
    profiles: ProfileStore
    remover: Remover
    clock: Clock
    gate: BootGate
    network: Network
    limits: Limits
    send_journal: SendJournal
    send_limits: SendLimits = field(default_factory=SendLimits)
    conversion: Conversion | None = None
    files: ArrivedFiles | None = None
    downloads_media: bool = False
    ignored: frozenset[str] = frozenset()
    news: Bell = field(default_factory=Bell)
