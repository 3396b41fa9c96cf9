"""What a run has seen, what of it must not be, and how both are shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MEMORY_LIMIT_BYTES = 64 * 1024 * 1024
PING_LIMIT_SECONDS = 1.0
LOG_LIMIT_BYTES = 5 * 1000 * 1000
# What may still be open when an attack has just ended: streams and connections that are being closed.
DESCRIPTORS_LEFT = 64
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)")


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be: its kind, what was seen, how often."""

    kind: str
    detail: str
    times: int = 1


@dataclass(slots=True)
class Figures:
    """All that was seen. ``watched``: see ``watch``."""

    seed: int
    seconds: float
    strikes: dict[str, int]
    watched: dict[str, Any]
    texts: int
    in_order: bool
    delivered: int
    stop_seconds: float | None = None
    violations: list[Violation] = field(default_factory=list)

    def break_(self, kind: str, detail: str) -> None:
        """Write a violation down."""
        self.violations.append(Violation(kind, detail))

    def judge_watched(self, at: Callable[[float], str]) -> None:
        """Judge what was seen from outside; ``at`` says what went on at a moment."""
        seen = self.watched
        if (peak := seen["memory_peak_bytes"]) > MEMORY_LIMIT_BYTES:
            over = next(
                one
                for one in [*seen["peaks"], {"peak_bytes": peak, "at": seen["memory_peak_at"]}]
                if one["peak_bytes"] > MEMORY_LIMIT_BYTES
            )
            self.break_("memory", f"{peak / 2**20:.0f} MB above its start; over the limit during {at(over['at'])}")
        if seen["ping_p99_seconds"] is None or seen["ping_p99_seconds"] >= PING_LIMIT_SECONDS:
            worst = seen["ping_worst"]
            told = f"p99 {seen['ping_p99_seconds']} s"
            self.break_("ping", told if worst is None else f"{told}, worst {worst[1]:.1f} s during {at(worst[0])}")
        for moment, error in seen["pings_failed"][:3]:
            self.break_("ping", f"failed with {error} during {at(moment)}")
        if (left := seen["descriptors_end"] - seen["descriptors_start"]) > DESCRIPTORS_LEFT:
            self.break_("descriptors", f"{left} more than at the start are open after the attack")
        if seen["log_bytes"] >= LOG_LIMIT_BYTES:
            self.break_("log", f"{seen['log_bytes'] / 1e6:.1f} MB")

    def judge_log(self, log: Path) -> None:
        """Judge the server's log: an exception that nobody expected is one, also where it hurt nobody."""
        text = log.read_text(errors="replace")
        if count := len(_TRACEBACK.findall(text)):
            begin = text.index("Traceback (most recent call last)")
            head = text.rfind("\n", 0, begin - 1) + 1
            self.break_("exception", f"{count} in the log; first: {text[head:begin].strip()[:200]}")
        if count := text.count("internal_error") + text.count("request_failed"):
            self.break_("exception", f"{count} lines of internal errors in the log")

    def as_json(self) -> dict[str, Any]:
        """Return everything as one document."""
        seen = self.watched
        return {
            "ok": not self.violations,
            "seed": self.seed,
            "seconds": self.seconds,
            "strikes": self.strikes,
            "memory_above_start_bytes": seen["memory_peak_bytes"],
            "ping_seconds": {"median": seen["ping_median_seconds"], "p99": seen["ping_p99_seconds"]},
            "descriptors": {name: seen[f"descriptors_{name}"] for name in ("start", "most", "end")},
            "log_bytes": seen["log_bytes"],
            "messages": {"sent": self.texts, "delivered": self.delivered, "in_order": self.in_order},
            "stop_seconds": self.stop_seconds,
            "violations": [{"kind": one.kind, "detail": one.detail, "times": one.times} for one in self.violations],
        }

    def table(self) -> str:
        """Return what a person reads."""
        seen = self.watched
        stop = "not in time" if self.stop_seconds is None else f"{self.stop_seconds:.1f} s"
        ping = "none answered" if seen["ping_p99_seconds"] is None else f"{seen['ping_p99_seconds'] * 1000:.0f} ms"
        rows = [
            ("strikes", f"{sum(self.strikes.values())} in {self.seconds:g} s, seed {self.seed}"),
            *((f"  {door}", str(count)) for door, count in sorted(self.strikes.items())),
            ("memory above its start, at most", f"{seen['memory_peak_bytes'] / 2**20:.1f} MB (limit 64)"),
            ("/ping, p99", f"{ping} (limit 1000) of {seen['pings']}"),
            (
                "descriptors: start, most, end",
                " ".join(str(seen[f"descriptors_{n}"]) for n in ("start", "most", "end")),
            ),
            ("log", f"{seen['log_bytes'] / 1e6:.2f} MB (limit 5)"),
            ("the victim's messages", f"{self.delivered} of {self.texts}, {'' if self.in_order else 'not '}in order"),
            ("stop", stop),
            ("violations", str(len(self.violations))),
        ]
        lines = [f"{name:<40} {said}" for name, said in rows]
        return "\n".join([*lines, *(f"  {one.kind}: {one.detail} (×{one.times})" for one in self.violations)])
