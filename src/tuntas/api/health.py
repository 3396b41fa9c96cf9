"""Is it there, is it ready, which version. The first few need no key, since load balancers have none."""

from __future__ import annotations

import json
import os
import platform
import socket
import sys
import time
from typing import Any

import psutil
from fastapi import Request, Response
from fastapi.responses import JSONResponse

from tuntas.api.context import ApiContext, ContextHere
from tuntas.api.errors import Responses, answer, problems, shown
from tuntas.api.json_requests import json_router
from tuntas.canary.watch import CanaryWatch
from tuntas.events import ENGINE
from tuntas.foundation.clock import milliseconds
from tuntas.sessions.access import Caller, Scope

router = json_router(tags=["health"])
# Needs a key: the others are for load balancers, which have none.
looking = json_router(tags=["health"])
administering = json_router(tags=["health"])
_OURS = ("TUNTAS_", "WAHA_", "WHATSAPP_")
_ENVIRONMENT = {"TUNTAS_API_KEY": "***", "TUNTAS_PORT": "***"}
# What WAHA's clients read of it, in the form of Node's terminus.
_TERMINUS = {"info": {"server": {"status": "up"}}, "error": {}, "details": {"server": {"status": "up"}}}
_HEALTH = {
    "status": "ok",
    **_TERMINUS,
    "sessions": {"WORKING": 3, "SCAN_QR_CODE": 1},
    "removals": {"quarantined": 1},
    "deliveries": {"waiting": 0, "delivered": 812, "dead": 0},
}
_DOWN = {"server": {"status": "down", "message": "The disk is full."}}
_UNWELL: Responses = {
    503: {
        "description": "Service Unavailable",
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": _HEALTH | {"status": "error", "info": {}, "error": _DOWN, "details": _DOWN},
            }
        },
    }
}
_VERSION = {
    "version": "0.2.0",
    "engine": ENGINE,
    "tier": "CORE",
    "browser": "156.0.8078.79",
    "platform": "linux/x86_64",
    "worker": {"id": "shop-server"},
    "waJs": "4.6.0",
}
_UPTIME = {"startTimestamp": 1764000000000, "uptime": 3_600_000, "worker": {"id": "shop-server"}}
_READY = {"status": "ready", "webhooks": {"stuck": 0}}
_CANARY = {
    "canary": {
        "verdict": "lacking",
        "lookedAt": 1764000000000,
        "since": 1763900000000,
        "version": "2.3000.1044822804",
        "waJs": "4.6.0",
        "build": "1044822804",
        "lacks": [],
        "missing": {"polls": ["whatsapp.functions.sendPollVote"]},
        "triedAt": 1764000000000,
        "problem": None,
        "nextAt": 1764086400000,
    }
}
_QUOTAS = {"quotas": {"sessions": {"used": 4, "limit": 1000}, "webhooksOfASession": {"used": 2, "limit": 20}}}
_NOT_READY: Responses = {503: problems(503)[503]}


@router.get("/ping", responses=shown({"message": "pong"}), summary="Is the server there")
async def ping() -> dict[str, str]:
    """Answer."""
    return {"message": "pong"}


@router.get("/healthz", responses=shown({"status": "ok"}), summary="Does the server live")
async def healthz() -> dict[str, str]:
    """Answer, which is what this asks for."""
    return {"status": "ok"}


@router.get("/readyz", responses=shown(_READY) | _NOT_READY, summary="Can the server work")
async def readyz(context: ContextHere) -> Response:
    """Answer 200 when sessions are there, the database answers and the disk has room; 503 with the reason otherwise.

    A server that is stopping is not ready. Whether WhatsApp or a single session works is not asked: see `/health`.
    Receivers of webhooks that take nothing are counted; a server cannot mend them, so it stays ready.
    """
    obstacle = await context.obstacle()
    if obstacle is not None:
        return answer(503, "not_ready", "Not ready", obstacle, headers={"Retry-After": "2"})
    # Counts only: this is for everybody. Which they are is at /api/webhooks/lanes.
    return JSONResponse({"status": "ready", "webhooks": {"stuck": sum(one.is_stuck for one in context.lanes())}})


@looking.get("/health", responses=shown(_HEALTH) | _UNWELL | problems(), summary="How the server is")
async def health(context: ContextHere) -> Response:
    """Count the sessions by status, the removals that wait, and the webhook deliveries by state.

    503 with `status` `error` and the reason where the server is not ready, as WAHA's clients know it.
    """
    found = await _found(context)
    return JSONResponse(found, 200 if found["status"] == "ok" else 503)


async def _found(context: ApiContext) -> dict[str, Any]:
    sessions: dict[str, int] = {}
    for record in context.sessions.all():
        sessions[record.status.value] = sessions.get(record.status.value, 0) + 1
    removals: dict[str, int] = {}
    for removal in context.open_removals():
        removals[removal.state.value] = removals.get(removal.state.value, 0) + 1
    obstacle = await context.obstacle()
    looked_at = {"server": {"status": "up"} if obstacle is None else {"status": "down", "message": obstacle}}
    return {
        "status": "ok" if obstacle is None else "error",
        "info": looked_at if obstacle is None else {},
        "error": {} if obstacle is None else looked_at,
        "details": looked_at,
        "sessions": sessions,
        "removals": removals,
        "deliveries": await context.outbox.counts(context.sessions.allowed(None)),
    }


@looking.get("/api/server/version", responses=shown(_VERSION) | problems(), summary="Versions")
async def version(context: ContextHere) -> dict[str, Any]:
    """Return the versions of what is at work."""
    return {
        "version": context.versions.tuntas,
        "engine": ENGINE,
        "tier": "CORE",
        "browser": context.versions.browser,
        "platform": f"{sys.platform}/{platform.machine()}",
        "worker": _worker(),
        "waJs": context.versions.wa_js,
    }


@administering.get("/api/server/environment", responses=shown(_ENVIRONMENT) | problems(), summary="Settings by name")
async def environment() -> dict[str, str]:
    """Return the names of those environment variables that concern this server; their values stay here."""
    return {name: "***" for name in sorted(os.environ) if name.startswith(_OURS)}


@looking.get("/api/version", deprecated=True, responses=shown(_VERSION) | problems(), summary="Versions (older form)")
async def older_version(context: ContextHere) -> dict[str, Any]:
    """Return the versions of what is at work. Use `GET /api/server/version`."""
    return await version(context)


@looking.get(
    "/api/server/status",
    responses=shown(_HEALTH | _UPTIME | _CANARY | _QUOTAS) | problems(),
    summary="Status",
)
async def status(context: ContextHere, request: Request) -> dict[str, Any]:
    """Return since when the server runs (milliseconds) and what `/health` returns; for admin keys also the quotas.

    `canary` is what the server found when it looked at WhatsApp's page without an account, null where it does not
    look: `verdict` is `fine`, `lacking` (sessions work without what is `missing`), `unusable` (for want of what it
    `lacks`), or null as long as it was not seen. `problem`: why the look at `triedAt` has not seen the page.
    """
    started = psutil.Process().create_time()
    shown_to_all = await _found(context) | {
        "startTimestamp": int(started * 1000),
        "uptime": int((time.time() - started) * 1000),
        "worker": _worker(),
        "canary": _canary(context.canary),
    }
    caller: Caller = request.state.caller
    if not caller.may(Scope.ADMIN):
        return shown_to_all
    records = context.sessions.all()
    webhooks = [one.config.subscriptions for one in records]
    headers = [len(one.headers) for hooks in webhooks for one in hooks]
    sizes = [len(json.dumps(one.config.document, ensure_ascii=False)) for one in records]
    limits = context.quotas
    quotas = {
        "sessions": {"used": len(records), "limit": limits.sessions},
        "keys": {"used": len(context.keys.all()), "limit": limits.keys},
        "webhooksOfASession": {"used": max(map(len, webhooks), default=0), "limit": limits.webhooks},
        "headersOfAWebhook": {"used": max(headers, default=0), "limit": limits.webhook_headers},
        "bytesOfAConfig": {"used": max(sizes, default=0), "limit": limits.config_bytes},
    }
    return shown_to_all | {"quotas": quotas}


def _canary(canary: CanaryWatch) -> dict[str, Any] | None:
    if not canary.is_on:
        return None
    course, known = canary.course, canary.course.known
    return {
        "verdict": None if known is None else known.verdict.value,
        "lookedAt": None if known is None else milliseconds(known.at),
        "since": None if known is None else milliseconds(known.since),
        "version": None if known is None else known.version,
        "waJs": None if known is None else known.wa_js,
        "build": None if known is None else known.build,
        "lacks": [] if known is None else list(known.lacks),
        "missing": {} if known is None else known.missing,
        "triedAt": None if course.tried_at is None else milliseconds(course.tried_at),
        "problem": course.problem,
        "nextAt": None if canary.next_at is None else milliseconds(canary.next_at),
    }


def _worker() -> dict[str, str]:
    return {"id": socket.gethostname()}
