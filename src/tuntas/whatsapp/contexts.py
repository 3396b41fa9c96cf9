"""Which of a page's JavaScript worlds is WhatsApp's own: the main world of the main frame, at WhatsApp's address.

The bridge works on WA-JS's live objects, so it has to live in that world, and no isolated one can stand in for it. But
a binding is offered to every frame, and a page may be led elsewhere: only what this world says is believed, and only
this world is called.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Return the origin of an address as Chromium writes it: no port where it is the scheme's own."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{shown}{port}"


class TrustedContext:
    """The execution context that is trusted, while there is one. Give it the events of the domain ``Runtime``."""

    def __init__(self, main_frame: str, url: str) -> None:
        """Trust the frame ``main_frame`` while it is at the origin of ``url``."""
        self._main_frame = main_frame
        self._origin = origin_of(url)
        self._id: int | None = None
        self.unique_id: str | None = None
        """Chromium's name for it in calls, never used for another; None while the page is nowhere, or elsewhere."""

    def is_it(self, context_id: Any) -> bool:
        """Whether an event comes from this context."""
        return self._id is not None and context_id == self._id

    def created(self, event: dict[str, Any]) -> None:
        """Take ``Runtime.executionContextCreated``."""
        context = event["context"]
        about = context.get("auxData") or {}
        if about.get("isDefault") and about.get("frameId") == self._main_frame:
            is_there = context["origin"] == self._origin
            self._id, self.unique_id = (context["id"], context["uniqueId"]) if is_there else (None, None)

    def destroyed(self, event: dict[str, Any]) -> None:
        """Take ``Runtime.executionContextDestroyed``."""
        if self.is_it(event["executionContextId"]):
            self.cleared({})

    def cleared(self, _event: dict[str, Any]) -> None:
        """Take ``Runtime.executionContextsCleared``: the frame goes somewhere else."""
        self._id = self.unique_id = None
