"""Several nodes on one register, played: the decision is the real one; register, clocks and browsers are values.

Answers come late, never, twice or after a node has stopped waiting; clocks run apart in rate; a process is stopped,
while its guard goes on; the register loses its newest writes. A browser runs from its start until it is ended or the
guard's deadline passes, whatever its server knows by then.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tuntas.cluster.membership import Membership, NodeStanding
from tuntas.cluster.messages import (
    AllEnded,
    Effect,
    EndAll,
    FenceBehind,
    Give,
    Heard,
    Leave,
    Message,
    NameLives,
    Resync,
    Snapshot,
    Tick,
    Unknown,
    Until,
    Write,
    WriteRefused,
    Written,
)
from tuntas.cluster.records import About, RegisterEntry


class Register:
    """Keys that are compared and set; revisions grow over all of them."""

    def __init__(self) -> None:
        self.log: list[RegisterEntry] = []
        self.generation = 0
        self._newest: dict[str, RegisterEntry] = {}

    def current(self, key: str) -> RegisterEntry:
        return self._newest.get(key, RegisterEntry(key, 0, None))

    def all(self) -> tuple[RegisterEntry, ...]:
        return tuple(self._newest.values())

    def put(self, key: str, value: bytes | None) -> int:
        self.log.append(RegisterEntry(key, len(self.log) + 1, value))
        self._newest[key] = self.log[-1]
        return len(self.log)

    def write(self, write: Write) -> Written | WriteRefused:
        current = self.current(write.key)
        if current.revision != write.expected:
            return WriteRefused(write.number, current)
        return Written(write.number, self.put(write.key, write.value))

    def lose(self, count: int) -> None:
        """Go back: the newest writes have never been."""
        del self.log[max(0, len(self.log) - count) :]
        self._newest = {one.key: one for one in self.log}
        self.generation += 1


@dataclass
class Node:
    """A server, its guard and its browsers."""

    name: str
    register: Register
    fences: dict[str, int]
    rate: float = 1.0
    offset: float = 0.0
    memory_bytes: int = 1
    lives: int = 0
    is_stopped: bool = False
    is_dead: bool = False
    is_ending: bool = False
    has_given_up: bool = False
    running: dict[str, int] = field(default_factory=dict)
    guard: float = float("-inf")
    writes: list[Write] = field(default_factory=list)
    answers: list[Message] = field(default_factory=list)
    heard: int = 0
    generation: int = 0
    ends: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start a server: nothing of an earlier one runs, as browsers die with it."""
        self.lives += 1
        self.running.clear()
        self.writes.clear()
        self.answers.clear()
        self.is_dead = self.is_stopped = self.is_ending = False
        self.guard = float("-inf")
        self.membership = Membership(self.name, f"folder of {self.name}", f"{self.name}.{self.lives}")

    def now(self, true_time: float) -> float:
        return self.offset + self.rate * true_time

    def take(self, message: Message, true_time: float) -> None:
        now = self.now(true_time)
        self._carry_out(self.membership.take(message, now), true_time)
        for session_id in list(self.running):
            owner = self.membership.holds(session_id, now)
            if owner is None or owner.home != self.name:
                del self.running[session_id]

    def tick(self, true_time: float) -> None:
        self.take(Tick(About(self.memory_bytes, 1.0)), true_time)

    def _carry_out(self, effects: list[Effect], true_time: float) -> None:
        for effect in effects:
            match effect:
                case Write():
                    self.writes.append(effect)
                case Until(deadline):
                    # Ending at once is only a kindness: an end that was ordered takes as long as it likes here.
                    self.guard = max(self.guard, deadline)
                case EndAll(reason):
                    self.ends.append(reason)
                    self.is_ending = True
                case Resync():
                    self.resync(true_time)
                case NameLives():
                    self.has_given_up = True

    def resync(self, true_time: float) -> None:
        asked = self.membership.view.newest
        self.heard, self.generation = len(self.register.log), self.register.generation
        self.take(Snapshot(self.register.all(), asked), true_time)

    def ended(self, true_time: float) -> None:
        self.running.clear()
        self.is_ending = False
        self.lives += 1
        self.take(AllEnded(f"{self.name}.{self.lives}"), true_time)

    def leave(self, true_time: float) -> None:
        """Stop: end what runs, and say so."""
        self.running.clear()
        self.take(Leave(), true_time)

    def start(self, session_id: str, true_time: float) -> None:
        """Start a browser as an actor does: under a fence that the database has taken."""
        owner = self.membership.holds(session_id, self.now(true_time))
        if owner is None or owner.home != self.name or session_id in self.running:
            return
        if self.fences.get(session_id, 0) >= owner.fence and self._began != (session_id, owner):
            self.take(FenceBehind(session_id, self.fences[session_id]), true_time)
            return
        self._began = session_id, owner
        self.fences[session_id] = owner.fence
        self.running[session_id] = owner.fence

    _began: object = None

    def give(self, session_id: str, node: str, true_time: float) -> None:
        self.running.pop(session_id, None)
        self.take(Give(session_id, node, node), true_time)

    def send(self, index: int, *, answer: str = "told") -> None:
        """Have the register do a write; its answer is told, lost, or told twice."""
        outcome: Message = self.register.write(write := self.writes.pop(index))
        told: dict[str, list[Message]] = {
            "told": [outcome],
            "lost": [Unknown(write.number)],
            "twice": [outcome, outcome],
        }
        self.answers += told[answer]

    def stop_waiting(self, index: int, true_time: float) -> None:
        """Believe nothing of a write, which may be done yet."""
        self.take(Unknown(self.writes[index].number), true_time)

    def hear(self, count: int, true_time: float) -> None:
        """Take what the watch tells; where the register went back it breaks and is begun again."""
        if self.generation != self.register.generation:
            self.resync(true_time)
            return
        for entry in self.register.log[self.heard : self.heard + count]:
            self.heard += 1
            self.take(Heard(entry), true_time)

    def answer(self, index: int, true_time: float) -> None:
        self.take(self.answers.pop(index), true_time)

    def guard_looks(self, true_time: float) -> None:
        if self.now(true_time) >= self.guard:
            self.running.clear()

    def settle(self, true_time: float) -> None:
        """Do at once all that is to be done: no fault anywhere."""
        if self.is_dead or self.is_stopped:
            return
        self.tick(true_time)
        while self.writes or self.answers or self.heard < len(self.register.log) or self.is_ending:
            if self.is_ending:
                self.ended(true_time)
            while self.writes:
                self.send(0)
            while self.answers:
                self.answer(0, true_time)
            self.hear(1000, true_time)

    @property
    def is_live(self) -> bool:
        return self.membership.standing is NodeStanding.LIVE
