"""``/api/removals`` and ``/api/browsers``: what waits to be purged and why, and what runs."""

from __future__ import annotations

from tuntas.api.context import ContextHere
from tuntas.api.errors import problems
from tuntas.api.json_requests import json_router
from tuntas.api.schemas import BrowserOut, RemovalOut
from tuntas.events.removals import removal_payload
from tuntas.foundation.plain_values import readable
from tuntas.foundation.tasks import blocking
from tuntas.processes.browsers import running_browsers
from tuntas.profiles import Removal

router = json_router(prefix="/api", tags=["operations"])


@router.get("/removals", responses=problems(), summary="What waits to be removed")
async def removals(context: ContextHere) -> list[RemovalOut]:
    """List the profiles that are on their way out, oldest first: why each is still there and who holds it."""
    return [removal_out(one) for one in context.open_removals()]


@router.get("/browsers", responses=problems(), summary="Running browsers")
async def browsers(context: ContextHere) -> list[BrowserOut]:
    """List the browsers that run on this server's profiles, with the memory of each whole process tree."""
    by_profile = {one.profile_folder: one for one in context.sessions.all()}
    result = []
    for running in await blocking(running_browsers, context.profiles_dir):
        record = by_profile.get(running.profile.name)
        if record is None and not context.sessions.sees_all:
            continue
        result.append(
            BrowserOut(
                session=None if record is None else record.name,
                pid=running.pid,
                processes=running.processes,
                memory_bytes=running.memory_bytes,
                started_at=running.started_at,
                profile=readable(str(running.profile)),
                state=None if record is None else record.state.value,
            )
        )
    return result


def removal_out(removal: Removal) -> RemovalOut:
    """Write a removal in the API's shape."""
    return RemovalOut.model_validate(removal_payload(removal))
