"""The parts of a page that change while it is looked at, and the stream that sends them when they do.

A page and its stream are made of the same pieces, so what is shown first and what comes later cannot differ. The
stream waits for news, never for time; after each sending it pauses for a moment, so that fifty events in a second are
a few sendings with the newest of each piece, and a thousand changes of one piece never wait in a line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response, StreamingResponse

from tuntas.dashboard.rendering import version_of
from tuntas.dashboard.visit import SIGN_IN, STREAM, Visit, stream_event

PAUSE_SECONDS = 0.1
HEARTBEAT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Piece:
    """An element with an ``id``. ``value`` is all that its HTML depends on; ``render`` makes the HTML from it.

    ``within`` are pieces that its HTML contains: if only they have changed, only they are sent.
    """

    id: str
    value: Hashable
    render: Callable[[], str]
    within: tuple[Piece, ...] = ()

    def html(self) -> Markup:
        """Return the element, marked so that the page can tell whether it has this very one already."""
        return self._marked("data-version")

    def replacing(self) -> str:
        """Return the element as htmx puts it in the place of the one with its id."""
        return self._marked('hx-swap-oob="true" data-version')

    def _marked(self, attributes: str) -> Markup:
        html = self.render()
        start = f' id="{self.id}"'
        assert html.count(start) == 1, self.id
        marked = html.replace(start, f'{start} {attributes}="{version_of(html)}"')
        return Markup(marked)  # noqa: S704 - a template has made it


Look = Callable[[], Awaitable[Sequence[Piece]]]


def follow(visit: Visit, look: Look) -> Response:
    """Answer with the stream of what ``look`` finds changed, as server-sent events ``pieces``."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if visit.house.desk.news.is_silent:
        return Response(
            status_code=503
        )  # the server is stopping; a stream that ends at once would look like one that works
    return StreamingResponse(_events(visit, look), media_type=STREAM, headers=headers)


async def _events(visit: Visit, look: Look) -> AsyncIterator[str]:
    news = visit.house.desk.news
    sent: dict[str, Hashable] = {}
    yield ": hello\n\n"
    while not news.is_silent:
        changed = news.next()
        if not await visit.sign_in_by_cookie():
            yield stream_event("leave", SIGN_IN)
            return
        if fresh := list(_fresh(await look(), sent)):
            yield stream_event("pieces", "".join(piece.replacing() for piece in fresh))
            await asyncio.sleep(PAUSE_SECONDS)
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await changed.wait()
        except TimeoutError:
            yield ": still here\n\n"


def _fresh(pieces: Sequence[Piece], sent: dict[str, Hashable]) -> list[Piece]:
    fresh = []
    for piece in pieces:
        if piece.id in sent and sent[piece.id] == piece.value:
            fresh += _fresh(piece.within, sent)
        else:
            fresh.append(piece)
            _note(piece, sent)
    return fresh


def _note(piece: Piece, sent: dict[str, Hashable]) -> None:
    sent[piece.id] = piece.value
    for one in piece.within:
        _note(one, sent)
