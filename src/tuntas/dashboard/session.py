"""A session's page: what it is, what it does, what it did; in fragments that follow it live."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta

from starlette.responses import Response

from tuntas.dashboard import activity, linking
from tuntas.dashboard.fragments import Fragment, follow
from tuntas.dashboard.messages import new_send_key
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.progress import steps
from tuntas.dashboard.story import grouped
from tuntas.profiles import Removal
from tuntas.sessions.access import Scope
from tuntas.sessions.effects import Operation
from tuntas.sessions.errors import UnknownSession
from tuntas.sessions.machine import LIVE, State
from tuntas.sessions.model import SessionRecord, StateChange

STORY_LINES = 40
_ROUGHLY_BYTES = 1_000_000


def path_of(name: str) -> str:
    """Return the address of a session's page."""
    return f"/dashboard/sessions/{name}"


def name_in(request: PageRequest) -> str:
    """Return the session's name in the request's path."""
    return str(request.http.path_params["name"])


async def show(request: PageRequest) -> Response:
    """Show a session."""
    name = name_in(request)
    record = request.context.sessions.get(name)
    fragments = {fragment.id: fragment for fragment in await _fragments(request, record)}
    return request.page("session.html", session=record, fragments=fragments, send_key=new_send_key())


async def live(request: PageRequest) -> Response:
    """Stream what changes on the page; at last that the session is gone."""
    name = name_in(request)
    request.context.sessions.get(name)

    async def look() -> Sequence[Fragment]:
        try:
            return await _fragments(request, request.context.sessions.get(name))
        except UnknownSession:
            return [gone(request, "session", name)]

    return follow(request, look)


def gone(request: PageRequest, place: str, name: str) -> Fragment:
    """Return what stands in the place of a session that is deleted: that nothing is left, or what is and why."""
    held = next((one for one in request.context.open_removals() if one.session == name and one.is_held), None)
    return Fragment(
        place,
        ("gone", *value_of(held)),
        lambda: request.html("gone.html", place=place, name=name, held=held),
    )


async def _fragments(request: PageRequest, record: SessionRecord) -> list[Fragment]:
    story = await request.context.sessions.history(record.name, limit=STORY_LINES)
    doing = request.context.sessions.doing(record.name)
    fragments = [
        state(request, record, doing, story),
        _facts(request, record),
        linking.fragment(request, record),
        _sending(request, record),
        _story(request, story),
        await activity.events(request, record),
    ]
    if request.may(Scope.ADMIN):
        fragments.append(await activity.deliveries(request, record))
    return fragments


def state(request: PageRequest, record: SessionRecord, doing: Operation, story: Sequence[StateChange]) -> Fragment:
    """Return the session's state, what can be done, and how far an end that is under way has come."""
    way = steps(record, doing, story)
    next_try_at = next_try_of(request, record)
    value = (record.state, record.desired, record.changed_at, record.me, tuple(way), next_try_at)
    detail = story[-1].detail if story else None
    return Fragment(
        "state",
        value,
        lambda: request.html(
            "state.html",
            session=record,
            steps=way,
            detail=detail,
            is_live=record.state in LIVE,
            State=State,
            next_try_at=next_try_at,
        ),
    )


def next_try_of(request: PageRequest, record: SessionRecord) -> datetime | None:
    """Return when a session is tried again by itself, in whole seconds: it is computed anew each time."""
    at = request.context.sessions.next_try_at(record.name)
    return None if at is None else (at + timedelta(seconds=0.5)).replace(microsecond=0)


def _facts(request: PageRequest, record: SessionRecord) -> Fragment:
    usage = request.context.memory.latest().get(record.profile_folder)
    shown = None if usage is None else (usage.memory_bytes // _ROUGHLY_BYTES, usage.processes, usage.pid)
    page = request.context.sessions.facts(record.name)
    value = (shown, record.browser, record.me, record.profile_folder, len(record.config.subscriptions), page)
    return Fragment("facts", value, lambda: request.html("facts.html", session=record, usage=usage, page_facts=page))


def _sending(request: PageRequest, record: SessionRecord) -> Fragment:
    is_working = record.state is State.WORKING
    return Fragment("sending", is_working, lambda: request.html("sending.html", session=record, is_working=is_working))


def _story(request: PageRequest, story: Sequence[StateChange]) -> Fragment:
    newest_first = list(reversed(story))
    return Fragment("story", tuple(newest_first), lambda: request.html("story.html", story=grouped(newest_first)))


def value_of(removal: Removal | None) -> tuple[Hashable, ...]:
    """Return what the HTML of a removal that waits depends on."""
    if removal is None:
        return ()
    return (removal.id, removal.state, removal.reason, removal.obstacle_path, removal.holders)
