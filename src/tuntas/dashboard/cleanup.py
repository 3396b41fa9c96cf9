"""What waits to be removed, why and held by whom; what a clean-up would do; and the button that does it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from tuntas.dashboard.pieces import Piece, follow
from tuntas.dashboard.visit import Visit
from tuntas.sessions.cleanup import CleanupWish


async def show(visit: Visit) -> Response:
    """Show what waits."""
    return visit.page("cleanup.html", waiting=_waiting(visit))


async def live(visit: Visit) -> Response:
    """Stream what waits as it changes."""

    async def look() -> Sequence[Piece]:
        return [_waiting(visit)]

    return follow(visit, look)


async def plan(visit: Visit) -> Response:
    """Say what a clean-up would do now; nothing is touched."""
    _, report = await visit.desk.clean_up(CleanupWish(), True)
    return visit.page("cleanup_report.html", report=report, is_plan=True)


async def clean(visit: Visit) -> Response:
    """Clean up, and say what came of it."""
    _, report = await visit.desk.clean_up(CleanupWish(), False)
    if not visit.is_part:
        return visit.leave_for("/dashboard/cleanup")
    return visit.page("cleanup_report.html", report=report, is_plan=False)


def _waiting(visit: Visit) -> Piece:
    removals = list(visit.desk.open_removals())
    value = tuple((one.id, one.state, one.reason, one.holders, one.attempts, one.size_bytes) for one in removals)
    return Piece("waiting", value, lambda: visit.html("removals.html", removals=removals))
