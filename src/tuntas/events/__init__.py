"""Facts that we publish, and who asked to be told. Below sessions and webhooks, so that both speak the same words."""

from tuntas.events.audience import Audience
from tuntas.events.bus import Bell
from tuntas.events.messages import AckLevel, Acknowledgement, Message, message_of
from tuntas.events.model import ENGINE, Event, EventName, Me
from tuntas.events.removals import removal_event, removal_payload
from tuntas.events.subscription import Retries, RetryPolicy, Subscription

__all__ = [
    "ENGINE",
    "AckLevel",
    "Acknowledgement",
    "Audience",
    "Bell",
    "Event",
    "EventName",
    "Me",
    "Message",
    "Retries",
    "RetryPolicy",
    "Subscription",
    "message_of",
    "removal_event",
    "removal_payload",
]
