"""What stands in the register: a lease for each node, an owner for each session. Values, and their form as bytes.

Pure. Who cannot read an entry must not guess: an entry that is no such record raises ValueError.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

NODES, OWNERS = "nodes", "owners"

# How a lease ends: by its node, which has nothing running any more, or by another, which has waited long enough.
LEFT, BURIED = "left", "buried"


@dataclass(frozen=True, slots=True)
class About:
    """What a node tells of itself with each beat: free memory, the idle share of its processors, and so on."""

    memory_bytes: int = 0
    idle_share: float = 0.0
    url: str = ""
    browser: str = ""
    sessions: int = 0
    is_draining: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """That a node lives, renewed with each beat.

    ``incarnation``: one life of it; ``identity``: which data folder it has locked, in which run of which machine.
    ``ended``: how this life has ended, empty while it goes on.
    """

    incarnation: str
    identity: str
    beat: int
    about: About = About()
    ended: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing of this life runs any more."""
        return bool(self.ended)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for a session: a node in one of its lives, under a fence that grows with each change.

    ``home``: the node that has its profile. Only there may its browser run; another owner only speaks for it.
    """

    node: str
    incarnation: str
    fence: int
    home: str


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """A key as the register has it; no value once it was removed. Revisions grow over all keys together."""

    key: str
    revision: int
    value: bytes | None


def node_key(name: str) -> str:
    """Return the key of a node's lease."""
    return f"{NODES}/{name}"


def owner_key(session_id: str) -> str:
    """Return the key of a session's owner."""
    return f"{OWNERS}/{session_id}"


def to_bytes(record: Lease | Owner) -> bytes:
    """Return a record as it stands in the register."""
    return json.dumps(asdict(record), separators=(",", ":")).encode()


def lease_of(value: bytes) -> Lease:
    """Read a lease. Raises ValueError: it is none."""
    found = _read(value)
    try:
        return Lease(**found | {"about": About(**found.get("about", {}))})
    except TypeError as error:
        raise ValueError(str(error)) from error


def owner_of(value: bytes) -> Owner:
    """Read an owner. Raises ValueError: it is none."""
    try:
        return Owner(**_read(value))
    except TypeError as error:
        raise ValueError(str(error)) from error


def _read(value: bytes) -> dict[str, Any]:
    found = json.loads(value)
    if isinstance(found, dict):
        return found
    message = "no record"
    raise ValueError(message)
