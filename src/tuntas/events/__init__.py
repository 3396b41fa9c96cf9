"""Facts that we publish, and who asked to be told. Below sessions and webhooks, so that both speak the same words."""

from tuntas.events.audience import Audience
from tuntas.events.bell import Bell
from tuntas.events.messages import AckLevel, Acknowledgement, Message, message_of
from tuntas.events.model import ENGINE, KNOWN_EVENTS, Event, EventName, Me, SilentEvent
from tuntas.events.restrictions import Capping, Restriction, Timelock
from tuntas.events.subscription import Retries, RetryPolicy, Subscription, identified

__all__ = [
    "ENGINE",
    "KNOWN_EVENTS",
    "AckLevel",
    "Acknowledgement",
    "Audience",
    "Bell",
    "Capping",
    "Event",
    "EventName",
    "Me",
    "Message",
    "Restriction",
    "Retries",
    "RetryPolicy",
    "SilentEvent",
    "Subscription",
    "Timelock",
    "identified",
    "message_of",
]
