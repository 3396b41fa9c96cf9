"""What goes into a node's decision, and what comes out of it: values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tuntas.cluster.records import About, RegisterEntry


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; the node stands like this."""

    about: About


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All entries, removed ones too, read after ``Resync``; ``newest_at_asking``: what was known when it was asked."""

    entries: tuple[RegisterEntry, ...]
    newest_at_asking: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A watch tells of an entry; in the order of revisions, late perhaps."""

    entry: RegisterEntry


@dataclass(frozen=True, slots=True)
class Written:
    """A write was done, as ``revision``."""

    number: int
    revision: int


@dataclass(frozen=True, slots=True)
class WriteRefused:
    """A write was not done since its key had another revision; ``current`` was read from the leader after that."""

    number: int
    current: RegisterEntry


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer came in time: it may have been done, or be done yet."""

    number: int


@dataclass(frozen=True, slots=True)
class FenceBehind:
    """The database has a fence for this session that ours is not above."""

    session_id: str
    fence: int


@dataclass(frozen=True, slots=True)
class AllEnded:
    """After ``EndAll``: nothing runs any more; the node may come back, as ``incarnation``."""

    incarnation: str


@dataclass(frozen=True, slots=True)
class Create:
    """A session is new, and to be this node's."""

    session_id: str


@dataclass(frozen=True, slots=True)
class Give:
    """A session goes to another node. Its browser here is ended."""

    session_id: str
    node: str
    home: str


@dataclass(frozen=True, slots=True)
class Forget:
    """A session was removed."""

    session_id: str


@dataclass(frozen=True, slots=True)
class Leave:
    """The node stops, and nothing runs any more."""


Message: TypeAlias = (
    Tick | Snapshot | Heard | Written | WriteRefused | Unknown | FenceBehind | AllEnded | Create | Give | Forget | Leave
)


@dataclass(frozen=True, slots=True)
class Write:
    """Set a key if it still has the revision ``expected`` (0: it was never set); no value removes it."""

    number: int
    key: str
    expected: int
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Until:
    """Browsers may run until then; the guard ends what runs longer."""

    deadline: float


@dataclass(frozen=True, slots=True)
class EndAll:
    """End every browser; then say ``AllEnded``."""

    reason: str


@dataclass(frozen=True, slots=True)
class Resync:
    """Read everything anew, and watch from there."""


@dataclass(frozen=True, slots=True)
class NameLives:
    """Another node lives under this one's name."""


Effect: TypeAlias = Write | Until | EndAll | Resync | NameLives
