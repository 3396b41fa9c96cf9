"""One delivery beside all lanes: made at once, once, and written down nowhere. For trials, and for alerts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tuntas.events import Subscription
from tuntas.webhooks.attempt import Sender
from tuntas.webhooks.ports import Delivery


class SingleDelivery:
    """Delivers with a sender, signed and with the receiver's headers as any delivery is."""

    def __init__(self, sender: Sender, now: Callable[[], datetime]) -> None:
        """Deliver with ``sender``, with its limits and its view of addresses."""
        self._sender = sender
        self._now = now

    async def __call__(self, subscription: Subscription, envelope: Mapping[str, Any]) -> str | None:
        """Deliver an event's ``envelope`` to the receiver; return what went wrong, None if it took it."""
        now = self._now()
        delivery = Delivery(
            id=0,
            lane="",
            session=envelope.get("session") or "",
            event_id=envelope["id"],
            body=json.dumps(envelope, ensure_ascii=False),
            subscription=subscription,
            attempts=0,
            created_at=now,
            next_attempt_at=now,
        )
        wire = self._sender.wire()
        try:
            failure = await self._sender.attempt(wire, delivery, now)
        finally:
            await wire.close()
        return None if failure is None else failure.error
