"""A client of a Tuntas server: typed, for asyncio and without. It knows the API over HTTP and nothing of the server."""

from tuntas.client.answers import Approval, Event, Media, Message, Session
from tuntas.client.asynchronous import AsyncClient, AsyncEvents
from tuntas.client.bot import Bot, Incoming
from tuntas.client.calls import Call, File
from tuntas.client.errors import (
    NotAllowed,
    NotFound,
    NotSigned,
    NotTuntas,
    OutcomeUnknown,
    Refused,
    ServerTooOld,
    TryLater,
    TuntasError,
    Unreachable,
    WaitsForApproval,
    WrongKey,
)
from tuntas.client.qr import Qr
from tuntas.client.synchronous import Client, Events
from tuntas.client.webhooks import read_webhook

__all__ = [
    "Approval",
    "AsyncClient",
    "AsyncEvents",
    "Bot",
    "Call",
    "Client",
    "Event",
    "Events",
    "File",
    "Incoming",
    "Media",
    "Message",
    "NotAllowed",
    "NotFound",
    "NotSigned",
    "NotTuntas",
    "OutcomeUnknown",
    "Qr",
    "Refused",
    "ServerTooOld",
    "Session",
    "TryLater",
    "TuntasError",
    "Unreachable",
    "WaitsForApproval",
    "WrongKey",
    "read_webhook",
]
