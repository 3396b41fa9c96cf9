"""How much of what a client may bring: told in the error, settable, and high enough that nobody honest meets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Quotas:
    """The limits, by the names of their settings."""

    sessions: int
    keys: int
    webhooks: int
    webhook_headers: int
    config_bytes: int

    def too_much(self, config: Mapping[str, Any], written_bytes: int) -> tuple[str, str] | None:
        """Return which field of a session's configuration is too much, and the sentence; None if nothing is."""
        webhooks = config.get("webhooks") or []
        if len(webhooks) > self.webhooks:
            return "webhooks", f"{len(webhooks)} webhooks; TUNTAS_MAX_WEBHOOKS allows a session {self.webhooks}."
        for place, one in enumerate(webhooks):
            if (count := len(one.get("customHeaders") or [])) > self.webhook_headers:
                sentence = f"{count} headers; TUNTAS_MAX_WEBHOOK_HEADERS allows a webhook {self.webhook_headers}."
                return f"webhooks.{place}.customHeaders", sentence
        if written_bytes > self.config_bytes:
            return "", f"{written_bytes} bytes as JSON; TUNTAS_MAX_CONFIG_BYTES allows {self.config_bytes}."
        return None
