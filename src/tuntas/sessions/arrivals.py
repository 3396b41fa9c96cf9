"""Messages on their way from the page into the log of events: each once, older ones first, none passed over.

A page tells of what comes while it runs. What came before (while no server listened, or in the moment in which one
died) it has in its storage: it is asked for once after each launch, and until then newer messages are held. Should the
page go before that, they are dropped: the next one is asked for them too.
"""

from __future__ import annotations

import structlog

from tuntas.events import Message, message_of
from tuntas.foundation.clock import Clock
from tuntas.foundation.killpoints import killpoint
from tuntas.sessions.errors import PageRefused
from tuntas.sessions.ledger import Ledger
from tuntas.sessions.ports import WhatsAppPage

# Clocks of phones differ by a little, and times are whole seconds; what is known already is not told twice.
_OVERLAP_SECONDS = 60
_MESSAGES_PER_CHAT = 1000


class Arrivals:
    """One session's messages. Used by its actor alone."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        """Write through ``ledger``."""
        self._ledger = ledger
        self._clock = clock
        self._held: list[Message] = []
        self.is_behind = False

    def begin(self) -> None:
        """Say that a new page is coming up: what it missed is to be asked for."""
        self.is_behind = True
        self._held.clear()

    async def take(self, message: Message) -> None:
        """Publish a message that the page tells of, or hold it until older ones are there."""
        # Without an earlier message there is nothing to wait for; held, it would be dropped with a page that goes now,
        # and the next page, asked for nothing, would not tell of it again.
        if self.is_behind and self._ledger.record.seen_until is not None:
            self._held.append(message)
            return
        killpoint("message.seen")
        await self._ledger.publish_message(message)
        killpoint("message.published")

    async def ask(self, page: WhatsAppPage) -> None:
        """Ask the page for what came since the last message that there is an event of. Raises PageUnavailable."""
        since = self._ledger.record.seen_until
        if since is not None:  # else it was linked just now: what is in the account's history is no news
            asked = {"since": since - _OVERLAP_SECONDS, "limit": _MESSAGES_PER_CHAT}
            try:
                found = await page.ask("messagesSince", asked)
            except PageRefused as error:
                # This page cannot tell, nor would another: to go on is better than to stand still.
                structlog.get_logger(__name__).error(
                    "not_caught_up", session=self._ledger.record.name, detail=str(error)
                )
                found = []
            self._held[:0] = [message_of(one) for one in found]
        self.is_behind = False

    async def publish(self) -> None:
        """Publish what was asked for and what was held; a message of which there is an event is not told twice."""
        held, self._held = self._held, []
        for message in held:
            await self._ledger.publish_message(message)
        if self._ledger.record.seen_until is None:
            await self._ledger.save(seen_until=int(self._clock.now().timestamp()))
