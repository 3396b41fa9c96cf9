"""Which sessions the overview shows, and in which order, as its address says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from tuntas.dashboard.search import is_meant
from tuntas.dashboard.words import N_
from tuntas.sessions.machine import PASSKEY, State
from tuntas.sessions.model import SessionRecord

# In the order of the page: what somebody must look at comes first.
GROUPS: tuple[tuple[str, str, frozenset[State]], ...] = (
    ("needs", N_("Needs you"), frozenset({State.FAILED, State.SCAN_QR_CODE}) | PASSKEY),
    ("again", N_("Mending itself"), frozenset({State.WAITING, State.RECOVERING})),
    (
        "coming",
        N_("On its way"),
        frozenset({State.STARTING, State.PAIRING, State.RECONNECTING, State.STOPPING}),
    ),
    ("working", N_("Working"), frozenset({State.WORKING})),
    ("stopped", N_("Stopped"), frozenset({State.STOPPED, State.REMOVED})),
)
SORTS = {
    "": N_("What needs you first"),
    "name": N_("By name"),
    "changed": N_("Changed last first"),
    "memory": N_("Most memory first"),
}
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Listing:
    """What is looked for. ``group``: the id of one of GROUPS, empty for all; ``sort``: one of SORTS."""

    search: str = ""
    group: str = ""
    sort: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Listing:
        """Return what an address asks for; what it says in other words is not asked."""
        group, sort = query.get("group", ""), query.get("sort", "")
        return cls(
            query.get("search", "").strip()[:LONGEST_SEARCH],
            group if any(group == name for name, _, _ in GROUPS) else "",
            sort if sort in SORTS else "",
        )

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.search and not self.group

    @property
    def query(self) -> str:
        """The same as a part of an address, with its question mark; empty where nothing is asked for."""
        values = {"search": self.search, "group": self.group, "sort": self.sort}
        written = urlencode({name: value for name, value in values.items() if value})
        return f"?{written}" if written else ""

    def fits(self, record: SessionRecord) -> bool:
        """Say whether a session is meant: by its name, its account's name or number, and its state."""
        if self.group and record.state not in next(states for name, _, states in GROUPS if name == self.group):
            return False
        texts = (record.name, record.me.push_name or "" if record.me else "")
        number = record.me.id.partition("@")[0] if record.me else ""
        return is_meant(self.search, texts, number)

    def ordered(self, records: list[SessionRecord], memory_bytes: Mapping[str, int]) -> list[SessionRecord]:
        """Return sessions in the order that is asked for; ``memory_bytes`` by profile folder."""
        match self.sort:
            case "changed":
                return sorted(records, key=lambda one: one.changed_at, reverse=True)
            case "memory":
                return sorted(records, key=lambda one: memory_bytes.get(one.profile_folder, 0), reverse=True)
            case _:
                return records
