"""What waits to be removed, why and held by whom; what a clean-up would do; and the button that does it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from tuntas.cleanup.survey import CleanupCommand
from tuntas.dashboard.fragments import Fragment, follow
from tuntas.dashboard.page_request import PageRequest
from tuntas.dashboard.session import value_of


async def show(request: PageRequest) -> Response:
    """Show what waits."""
    return request.page("cleanup.html", waiting=_waiting(request))


async def live(request: PageRequest) -> Response:
    """Stream what waits as it changes."""

    async def look() -> Sequence[Fragment]:
        return [_waiting(request)]

    return follow(request, look)


async def plan(request: PageRequest) -> Response:
    """Say what a clean-up would do now; nothing is touched."""
    _, report = await request.context.clean_up(CleanupCommand(), True)
    return request.page("cleanup_report.html", report=report, is_plan=True)


async def clean(request: PageRequest) -> Response:
    """Clean up, and say what came of it."""
    _, report = await request.context.clean_up(CleanupCommand(), False)
    if not request.is_part:
        return request.leave_for("/dashboard/cleanup")
    return request.page("cleanup_report.html", report=report, is_plan=False)


def _waiting(request: PageRequest) -> Fragment:
    removals = list(request.context.open_removals())
    value = tuple((*value_of(one), one.attempts, one.size_bytes) for one in removals)
    return Fragment("waiting", value, lambda: request.html("removals.html", removals=removals))
