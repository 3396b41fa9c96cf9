"""The first page: all sessions, those that need somebody first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from tuntas.dashboard.last_messages import LastMessage
from tuntas.dashboard.memory import Usage
from tuntas.dashboard.pieces import Piece, follow
from tuntas.dashboard.visit import Visit
from tuntas.dashboard.words import N_
from tuntas.sessions.machine import WITH_BROWSER, State
from tuntas.sessions.model import SessionRecord

# In the order of the page: what somebody must look at comes first.
GROUPS: tuple[tuple[str, str, frozenset[State]], ...] = (
    ("needs", N_("Needs you"), frozenset({State.FAILED, State.WAITING, State.SCAN_QR_CODE})),
    (
        "coming",
        N_("On its way"),
        frozenset({State.STARTING, State.PAIRING, State.RECONNECTING, State.STOPPING, State.RECOVERING}),
    ),
    ("working", N_("Working"), frozenset({State.WORKING})),
    ("stopped", N_("Stopped"), frozenset({State.STOPPED, State.REMOVED})),
)
_ROUGHLY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Group:
    """Sessions that are in the same situation."""

    id: str
    title: str
    rows: tuple[Piece, ...]


async def show(visit: Visit) -> Response:
    """Show all sessions."""
    return visit.page("overview.html", pieces=await look(visit))


async def live(visit: Visit) -> Response:
    """Stream what changes."""
    return follow(visit, lambda: look(visit))


async def look(visit: Visit) -> list[Piece]:
    """Return the page's pieces as they are now."""
    records = visit.desk.sessions.all()
    messages = await visit.desk.last_messages.of(records)
    usages = visit.desk.memory.latest()
    rows = {one.name: _row(visit, one, messages.get(one.name), usages.get(one.profile_folder)) for one in records}
    groups = _groups(records, rows)
    order = tuple((group.id, tuple(row.id for row in group.rows)) for group in groups)
    everything = Piece("sessions", order, lambda: visit.html("sessions.html", groups=groups), tuple(rows.values()))
    return [_summary(visit, records, usages), everything]


def _groups(records: Sequence[SessionRecord], rows: dict[str, Piece]) -> list[Group]:
    made = []
    for name, title, states in GROUPS:
        members = tuple(rows[one.name] for one in records if one.state in states)
        if members:
            made.append(Group(name, title, members))
    return made


def _row(visit: Visit, record: SessionRecord, message: LastMessage | None, usage: Usage | None) -> Piece:
    memory_bytes = None
    if usage is not None and record.state in WITH_BROWSER:
        memory_bytes = usage.memory_bytes // _ROUGHLY_BYTES * _ROUGHLY_BYTES
    value = (record.state, record.reason, record.changed_at, record.me, message, memory_bytes)
    return Piece(
        f"session-{record.name}",
        value,
        lambda: visit.html("session_row.html", session=record, message=message, memory_bytes=memory_bytes),
    )


def _summary(visit: Visit, records: Sequence[SessionRecord], usages: Mapping[str, Usage]) -> Piece:
    folders = {one.profile_folder for one in records if one.state in WITH_BROWSER}
    memory_bytes = sum(one.memory_bytes for folder, one in usages.items() if folder in folders)
    held = sum(one.is_held for one in visit.desk.open_removals())
    value = (len(records), sum(one.state is State.WORKING for one in records), memory_bytes // _ROUGHLY_BYTES, held)
    return Piece(
        "summary",
        value,
        lambda: visit.html("summary.html", total=value[0], working=value[1], memory_bytes=memory_bytes, held=held),
    )
