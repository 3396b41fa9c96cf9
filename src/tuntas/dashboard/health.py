"""What ``tuntas doctor`` knows of this machine and data folder, from the running server."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from tuntas.dashboard.visit import Visit
from tuntas.foundation.tasks import blocking

_BAD_FIRST = ("broken", "warning", "fine")


class Examination:
    """One look at a time: two would measure each other."""

    def __init__(self) -> None:
        """Be ready."""
        self._turn = asyncio.Lock()

    async def show(self, visit: Visit) -> Response:
        """Show the page at once; the checks take some seconds and come by themselves."""
        counts = await visit.desk.outbox.counts()
        return visit.page("health.html", counts=counts, about=visit.desk.about)

    async def findings(self, visit: Visit) -> Response:
        """Run the checks and show what they say."""
        async with self._turn:
            found = await blocking(visit.desk.examine)
        ordered = sorted(found, key=lambda one: _BAD_FIRST.index(one.level))
        counts = {level: sum(one.level == level for one in found) for level in _BAD_FIRST}
        return visit.page("findings.html", findings=ordered, counts=counts)
