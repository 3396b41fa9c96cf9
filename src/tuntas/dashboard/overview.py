"""The first page: all sessions, those that need somebody first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from tuntas.dashboard.fragments import Fragment, follow
from tuntas.dashboard.last_messages import LastMessage
from tuntas.dashboard.listing import GROUPS, SORTS, Listing
from tuntas.dashboard.memory import Usage
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.session import next_try_of
from tuntas.sessions.machine import WITH_BROWSER, State
from tuntas.sessions.model import SessionRecord

_ROUGHLY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class SessionGroup:
    """Sessions that are in the same situation."""

    id: str
    title: str
    rows: tuple[Fragment, ...]


async def show(request: PageRequest) -> Response:
    """Show all sessions."""
    listing = Listing.of(request.http.query_params)
    return request.page(
        "overview.html", fragments=await look(request, listing), listing=listing, groups=GROUPS, sorts=SORTS
    )


async def live(request: PageRequest) -> Response:
    """Stream what changes."""
    listing = Listing.of(request.http.query_params)
    return follow(request, lambda: look(request, listing))


async def look(request: PageRequest, listing: Listing) -> list[Fragment]:
    """Return the page's fragments as they are now."""
    everyone = request.context.sessions.all()
    records = [one for one in everyone if listing.fits(one)]
    messages = await request.context.last_messages.of(records)
    usages = request.context.memory.latest()
    rows = {one.name: _row(request, one, messages.get(one.name), usages.get(one.profile_folder)) for one in records}
    memory_bytes = {folder: one.memory_bytes for folder, one in usages.items()}
    groups = _groups(listing, listing.ordered(records, memory_bytes), rows)
    order = tuple((group.id, tuple(row.id for row in group.rows)) for group in groups)
    everything = Fragment(
        "sessions", order, lambda: request.html("sessions.html", groups=groups, listing=listing), tuple(rows.values())
    )
    return [_summary(request, everyone, usages), _troubles(request), everything]


def _troubles(request: PageRequest) -> Fragment:
    found = request.troubles
    value = tuple((one.sentence, one.address) for one in found)
    return Fragment("troubles", value, lambda: request.html("troubles.html", troubles=found))


def _groups(listing: Listing, records: Sequence[SessionRecord], rows: dict[str, Fragment]) -> list[SessionGroup]:
    made = []
    if listing.sort and records:
        return [SessionGroup("sorted", SORTS[listing.sort], tuple(rows[one.name] for one in records))]
    for name, title, states in GROUPS:
        members = tuple(rows[one.name] for one in records if one.state in states)
        if members:
            made.append(SessionGroup(name, title, members))
    return made


def _row(request: PageRequest, record: SessionRecord, message: LastMessage | None, usage: Usage | None) -> Fragment:
    memory_bytes = None
    if usage is not None and record.state in WITH_BROWSER:
        memory_bytes = usage.memory_bytes // _ROUGHLY_BYTES * _ROUGHLY_BYTES
    next_try_at = next_try_of(request, record) if record.state is State.WAITING else None
    value = (record.state, record.reason, record.changed_at, record.me, message, memory_bytes, next_try_at)
    return Fragment(
        f"session-{record.name}",
        value,
        lambda: request.html(
            "session_row.html", session=record, message=message, memory_bytes=memory_bytes, next_try_at=next_try_at
        ),
    )


def _summary(request: PageRequest, records: Sequence[SessionRecord], usages: Mapping[str, Usage]) -> Fragment:
    folders = {one.profile_folder for one in records if one.state in WITH_BROWSER}
    memory_bytes = sum(one.memory_bytes for folder, one in usages.items() if folder in folders)
    held = sum(one.is_held for one in request.context.open_removals())
    value = (len(records), sum(one.state is State.WORKING for one in records), memory_bytes // _ROUGHLY_BYTES, held)
    return Fragment(
        "summary",
        value,
        lambda: request.html("summary.html", total=value[0], working=value[1], memory_bytes=memory_bytes, held=held),
    )
