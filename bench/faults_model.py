"""What must be true of each session after a round, from what was asked and what was answered. Pure.

An answered wish is a fact. A wish that was cut off (the server died, or said that it goes on) leaves both outcomes
open; whichever is found afterwards must be whole, and becomes the truth of the next round. So every field is the set
of the values that are allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

RUNNING, STOPPED = "running", "stopped"


@dataclass(slots=True)
class Expected:
    """The allowed states of one session."""

    name: str
    number: str
    exists: set[bool] = field(default_factory=lambda: {False})
    wanted: set[str] = field(default_factory=lambda: {STOPPED})
    linked: set[bool] = field(default_factory=lambda: {False})
    scanned_this_round: bool = False
    unlinked_this_round: bool = False

    def begin_round(self) -> None:
        """Forget what counts for one round only."""
        self.scanned_this_round = self.unlinked_this_round = False

    def end_round(self) -> None:
        """Let the phone's unlinking count; a scan of the same round may have come before or after it."""
        if self.unlinked_this_round:
            self.linked = {True, False} if self.scanned_this_round else {False}

    def answered(self, wish: str) -> None:
        """Take over a wish that was answered as done."""
        match wish:
            case "create":
                self.exists, self.wanted, self.linked = {True}, {RUNNING}, {False}
            case "start" | "restart":
                self.wanted = {RUNNING}
            case "stop":
                self.wanted = {STOPPED}
            case "logout":
                self.linked = {False}
            case "delete":
                self.exists = {False}
            case "pair":
                self.linked, self.scanned_this_round = {True}, True
            case _:
                pass  # a message changes nothing that lasts

    def cut_off(self, wish: str) -> None:
        """Allow both outcomes of a wish that nobody answered."""
        match wish:
            case "create" if True not in self.exists:
                self.exists, self.wanted, self.linked = {True, False}, {RUNNING, STOPPED}, {False}
            case "create" if False in self.exists:
                self.exists, self.wanted = {True, False}, {RUNNING, STOPPED}
                self.linked = self.linked | {False}
            case "start" | "restart":
                self.wanted = self.wanted | {RUNNING}
            case "stop":
                self.wanted = self.wanted | {STOPPED}
            case "logout":
                self.linked = self.linked | {False}
            case "delete":
                self.exists = self.exists | {False}
            case "pair":
                self.linked, self.scanned_this_round = self.linked | {True}, True
            case _:
                pass

    def broken_by(self, wanted: str | None, status: str | None) -> list[tuple[str, str]]:
        """Return what is wrong, as (kind, sentence), with the settled session: both None where there is none."""
        if wanted is None:
            return [("lost", f"{self.name} is gone, and nobody deleted it")] if False not in self.exists else []
        if True not in self.exists:
            return [("resurrected", f"{self.name} is back ({status}), though its deletion was answered")]
        found = []
        if wanted not in self.wanted:
            found.append(("wrong wish", f"{self.name} is wanted {wanted}; asked for was {sorted(self.wanted)}"))
        if status == "SCAN_QR_CODE" and False not in self.linked:
            found.append(("needs a person", f"{self.name} was linked and asks for a new scan"))
        if status == "WORKING" and True not in self.linked:
            found.append(("keys survived", f"{self.name} works, though it was logged out, unlinked or is new"))
        return found

    def take_over(self, wanted: str | None, status: str | None) -> None:
        """Make what was found the truth of the next round."""
        self.exists = {wanted is not None}
        if wanted is not None:
            self.wanted = {wanted}
            if status in ("WORKING", "SCAN_QR_CODE"):
                self.linked = {status == "WORKING"}
