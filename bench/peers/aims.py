"""What the figures were to come to, and whether they do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Aim:
    """A value of the result, by the way to it, that is to be at most so much."""

    way: tuple[str, ...]
    words: str
    at_most: float

    def value(self, result: Mapping[str, Any]) -> float | None:
        """Return what the result has, None if it was not measured."""
        found: Any = result
        for name in self.way:
            found = found[name]
        return None if found is None else float(found)


AIMS = (
    Aim(("ratios", "memory_vs_whatsapp_web_js"), "memory of a session, of 20, ÷ whatsapp-web.js", 0.5),
    Aim(("ratios", "memory_vs_shell_mode"), "… ÷ whatsapp-web.js on chrome-headless-shell", 0.95),
    Aim(("ratios", "start_to_qr"), "start → QR ÷ whatsapp-web.js", 0.7),
    Aim(("ratios", "restart_to_ready"), "start of a paired session → ready ÷ whatsapp-web.js", 0.7),
    Aim(("ratios", "delete_vs_whatsapp_web_js"), "delete → nothing left ÷ whatsapp-web.js", 0.5),
    Aim(("ratios", "delete_vs_seed_recipe"), "delete → nothing left and answered ÷ the seed's recipe", 0.15),
    Aim(("leftovers", "tuntas"), "left over by Tuntas", 0),
    Aim(("server_megabytes",), "the server alone, MB", 120),
    Aim(("server_megabytes_per_session",), "… more for each session, MB", 3),
    Aim(("idle_cpu_percent_per_session",), "idle processor time of a session beside the page's own, % of a core", 0.2),
)


def table(result: Mapping[str, Any]) -> list[str]:
    """Return the aims as lines of a Markdown table."""
    lines = ["| | aimed at, at most | measured | |", "| --- | --- | --- | --- |"]
    for aim in AIMS:
        value = aim.value(result)
        verdict = "" if value is None else "met" if value <= aim.at_most else "**not met**"
        lines.append(f"| {aim.words} | {aim.at_most:g} | {'–' if value is None else f'{value:g}'} | {verdict} |")
    return lines
