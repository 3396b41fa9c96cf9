"""What one look at WhatsApp's page found, and what that means. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from tuntas.sessions.faults import is_of_this_build

SILENT = "page_silent"


class Verdict(StrEnum):
    """What a look says of the page."""

    FINE = "fine"
    LACKING = "lacking"
    """Sessions work with it, without something."""
    UNUSABLE = "unusable"
    """No session can work with it."""
    UNSEEN = "unseen"
    """It was not seen: no network, no browser. That says nothing of the page."""


@dataclass(slots=True)
class CanaryReport:
    """What was found. ``required``: what no session can do without and the page lacks; ``missing``: by capability.

    ``usable``: sessions work with this page; ``ok``: with all that Tuntas can do. ``build``: the revision that WhatsApp
    gives out now, which a page from a file need not be of.
    """

    url: str
    page: str | None = None
    version: str = ""
    wa_js: str = ""
    build: str | None = None
    qr: bool = False
    required: list[str] = field(default_factory=lambda: ["loader.injected"])
    missing: dict[str, list[str]] = field(default_factory=dict)
    problem: str | None = None
    saved: str | None = None
    seconds: float = 0.0

    @property
    def usable(self) -> bool:
        """Whether sessions work with it."""
        return self.qr and not self.required and self.problem is None

    @property
    def ok(self) -> bool:
        """Whether nothing is missing."""
        return self.usable and not self.missing

    @property
    def reason(self) -> str:
        """The reason's code where there is a problem, without its detail."""
        return (self.problem or "").partition(":")[0]

    @property
    def verdict(self) -> Verdict:
        """What it means."""
        if self.problem is not None:
            return Verdict.UNUSABLE if is_of_this_build(self.reason) else Verdict.UNSEEN
        if not self.usable:
            return Verdict.UNUSABLE
        return Verdict.FINE if self.ok else Verdict.LACKING
