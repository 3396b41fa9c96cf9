"""Is it there, is it ready, which version. The first few need no key, since load balancers have none."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from tuntas.api.context import GatewayHere
from tuntas.api.errors import Responses, answer, problems, shown
from tuntas.api.security import needs
from tuntas.events import ENGINE
from tuntas.sessions.access import Scope

router = APIRouter(tags=["health"])
_LOOK = needs(Scope.READ)
_HEALTH = {
    "status": "ok",
    "sessions": {"WORKING": 3, "SCAN_QR_CODE": 1},
    "removals": {"quarantined": 1},
    "deliveries": {"waiting": 0, "delivered": 812, "dead": 0},
}
_VERSION = {"version": "0.1.0", "engine": ENGINE, "tier": "CORE", "browser": "156.0.8078.79", "waJs": "4.6.0"}
_NOT_READY: Responses = {503: problems(503)[503]}


@router.get("/ping", responses=shown({"message": "pong"}), summary="Is the server there")
async def ping() -> dict[str, str]:
    """Answer."""
    return {"message": "pong"}


@router.get("/healthz", responses=shown({"status": "ok"}), summary="Does the server live")
async def healthz() -> dict[str, str]:
    """Answer, which is what this asks for."""
    return {"status": "ok"}


@router.get("/readyz", responses=shown({"status": "ready"}) | _NOT_READY, summary="Can the server work")
async def readyz(gateway: GatewayHere) -> Response:
    """Answer 200 when sessions are there, the database answers and the disk has room; 503 with the reason otherwise.

    A server that is stopping is not ready. Whether WhatsApp or a single session works is not asked: see `/health`.
    """
    obstacle = await gateway.obstacle()
    if obstacle is not None:
        return answer(503, "not_ready", "Not ready", obstacle, headers={"Retry-After": "2"})
    return JSONResponse({"status": "ready"})


@router.get("/health", responses=shown(_HEALTH) | problems(), dependencies=[_LOOK], summary="How the server is")
async def health(gateway: GatewayHere) -> dict[str, Any]:
    """Count the sessions by status, the removals that wait, and the webhook deliveries by state."""
    sessions: dict[str, int] = {}
    for record in gateway.sessions.all():
        sessions[record.status.value] = sessions.get(record.status.value, 0) + 1
    removals: dict[str, int] = {}
    for removal in gateway.open_removals():
        removals[removal.state.value] = removals.get(removal.state.value, 0) + 1
    return {
        "status": "ok",
        "sessions": sessions,
        "removals": removals,
        "deliveries": await gateway.outbox.counts(),
    }


@router.get("/api/server/version", responses=shown(_VERSION) | problems(), dependencies=[_LOOK], summary="Versions")
async def version(gateway: GatewayHere) -> dict[str, str]:
    """Return the versions of what is at work."""
    return {
        "version": gateway.version,
        "engine": ENGINE,
        "tier": "CORE",
        "browser": gateway.browser,
        "waJs": gateway.wa_js_version,
    }


@router.get("/api/server/status", responses=shown(_HEALTH) | problems(), dependencies=[_LOOK], summary="Status")
async def status(gateway: GatewayHere) -> dict[str, Any]:
    """Return what `/health` returns; WAHA's address for it."""
    return await health(gateway)
