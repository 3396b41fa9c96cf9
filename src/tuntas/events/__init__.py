"""Facts that we publish, and who asked to be told. Below sessions and webhooks, so that both speak the same words."""

from tuntas.events.messages import AckLevel, Acknowledgement, Message
from tuntas.events.model import ENGINE, Event, EventName, Me
from tuntas.events.subscription import Retries, RetryPolicy, Subscription

__all__ = [
    "ENGINE",
    "AckLevel",
    "Acknowledgement",
    "Event",
    "EventName",
    "Me",
    "Message",
    "Retries",
    "RetryPolicy",
    "Subscription",
]
