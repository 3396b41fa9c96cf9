"""What ``tuntas doctor`` knows of this machine and data folder, from the running server."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from tuntas.dashboard.page_request import PageRequest
from tuntas.foundation.tasks import blocking

_BAD_FIRST = ("broken", "warning", "fine")


class Examination:
    """One look at a time: two would measure each other."""

    def __init__(self) -> None:
        """Be ready."""
        self._turn = asyncio.Lock()

    async def show(self, request: PageRequest) -> Response:
        """Show the page at once; the checks take some seconds and come by themselves."""
        counts = await request.context.outbox.counts()
        canary = request.context.canary
        course = canary.course if canary.is_on else None
        return request.page("health.html", counts=counts, versions=request.context.versions, course=course)

    async def findings(self, request: PageRequest) -> Response:
        """Run the checks and show what they say."""
        async with self._turn:
            found = await blocking(request.context.examine)
        ordered = sorted(found, key=lambda one: _BAD_FIRST.index(one.level))
        counts = {level: sum(one.level == level for one in found) for level in _BAD_FIRST}
        return request.page("findings.html", findings=ordered, counts=counts)
