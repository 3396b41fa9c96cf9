"""A test kit for bots: a sandbox, a server on it, phones, faults and a receiver of webhooks, as pytest fixtures.

The parts are ordinary child processes that are spoken to over HTTP, so a bot in any language can be tested with them.
"""

from tuntas.testing.parts import LinkedSession, SandboxPart, SandboxPhone, ServerPart
from tuntas.testing.receiving import WebhookReceiver
from tuntas.testing.waiting import wait_for

__all__ = ["LinkedSession", "SandboxPart", "SandboxPhone", "ServerPart", "WebhookReceiver", "wait_for"]
