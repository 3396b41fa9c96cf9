"""``/api/removals`` and ``/api/browsers``: what waits to be purged and why, and what runs."""

from __future__ import annotations

from fastapi import APIRouter

from tuntas.api.context import GatewayHere
from tuntas.api.errors import problems
from tuntas.api.schemas import BrowserOut, RemovalOut
from tuntas.events import removal_payload
from tuntas.foundation.tasks import blocking
from tuntas.profiles import Removal
from tuntas.sessions.browsers import running_browsers

router = APIRouter(prefix="/api", tags=["operations"])


@router.get("/removals", responses=problems(), summary="What waits to be removed")
async def removals(gateway: GatewayHere) -> list[RemovalOut]:
    """List the profiles that are on their way out, oldest first: why each is still there and who holds it."""
    return [removal_out(one) for one in gateway.open_removals()]


@router.get("/browsers", responses=problems(), summary="Running browsers")
async def browsers(gateway: GatewayHere) -> list[BrowserOut]:
    """List the browsers that run on this server's profiles, with the memory of each whole process tree."""
    by_profile = {one.profile_folder: one for one in gateway.sessions.all()}
    result = []
    for running in await blocking(running_browsers, gateway.profiles_dir):
        record = by_profile.get(running.profile.name)
        if record is None and not gateway.sessions.sees_all:
            continue
        result.append(
            BrowserOut(
                session=None if record is None else record.name,
                pid=running.pid,
                processes=running.processes,
                memory_bytes=running.memory_bytes,
                started_at=running.started_at,
                profile=str(running.profile),
                state=None if record is None else record.state.value,
            )
        )
    return result


def removal_out(removal: Removal) -> RemovalOut:
    """Write a removal in the API's shape."""
    return RemovalOut.model_validate(removal_payload(removal))
