"""The parts of a page that change while it is looked at, and the stream that sends them when they do.

A page and its stream are made of the same fragments, so what is shown first and what comes later cannot differ. The
stream waits for news, never for time; after each sending it pauses for a moment, so that fifty events in a second are
a few sendings with the newest of each fragment, and a thousand changes of one fragment never wait in a line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response, StreamingResponse

from tuntas.dashboard.page_request import SIGN_IN, STREAM, PageRequest, stream_event
from tuntas.dashboard.rendering import version_of
from tuntas.sessions.access import Scope

PAUSE_SECONDS = 0.1
HEARTBEAT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Fragment:
    """An element with an ``id``. ``value`` is all that its HTML depends on; ``render`` makes the HTML from it.

    ``within`` are fragments that its HTML contains: if only they have changed, only they are sent.
    """

    id: str
    value: Hashable
    render: Callable[[], str]
    within: tuple[Fragment, ...] = ()

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


Look = Callable[[], Awaitable[Sequence[Fragment]]]


def follow(request: PageRequest, look: Look) -> Response:
    """Answer with the stream of what ``look`` finds changed, as server-sent events ``fragments``."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if request.context.news.is_silent:
        return Response(
            status_code=503
        )  # the server is stopping; a stream that ends at once would look like one that works
    return StreamingResponse(_events(request, look), media_type=STREAM, headers=headers)


async def _events(request: PageRequest, look: Look) -> AsyncIterator[str]:
    news = request.context.news
    sent: dict[str, Hashable] = {}
    caller = request.caller
    yield ": hello\n\n"
    while not news.is_silent:
        changed = news.next()
        if not await request.sign_in_by_cookie():
            yield stream_event("leave", SIGN_IN)
            return
        if request.caller != caller:  # its key is good for something else now, and so may be the page
            yield stream_event("leave", "/")
            return
        if fresh := list(_fresh([*await look(), *_in_the_head(request)], sent)):
            yield stream_event("fragments", "".join(fragment.replacing() for fragment in fresh))
            await asyncio.sleep(PAUSE_SECONDS)
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await changed.wait()
        except TimeoutError:
            yield ": still here\n\n"


def _in_the_head(request: PageRequest) -> list[Fragment]:
    """Return what moves in the head of every page."""
    found = request.troubles
    said = tuple(one.sentence for one in found if one.is_of_server)
    fragments = [
        Fragment("bell", len(found), lambda: request.html("bell.html")),
        Fragment("server-troubles", said, lambda: request.html("server_troubles.html")),
    ]
    if request.may(Scope.SEND):
        count = request.waiting_count
        fragments.append(Fragment("waiting-count", count, lambda: request.html("waiting_count.html")))
    return fragments


def _fresh(fragments: Sequence[Fragment], sent: dict[str, Hashable]) -> list[Fragment]:
    fresh = []
    for fragment in fragments:
        if fragment.id in sent and sent[fragment.id] == fragment.value:
            fresh += _fresh(fragment.within, sent)
        else:
            fresh.append(fragment)
            _note(fragment, sent)
    return fresh


def _note(fragment: Fragment, sent: dict[str, Hashable]) -> None:
    sent[fragment.id] = fragment.value
    for one in fragment.within:
        _note(one, sent)
