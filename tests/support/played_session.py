"""A session's real lifecycle in a world of values: what it asks for is done as the test says, and promises are checked.

Nothing here decides: it keeps what a browser, a profile and a store would hold after each effect, and fails the moment
that a promise is broken. No loop, no clock, no disk.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tuntas.events import Me
from tuntas.foundation.backoff import Backoff
from tuntas.sessions import commands, effects
from tuntas.sessions.commands import Command, CommandKind, Input
from tuntas.sessions.effects import CANCELLABLE, Begin, Effect, Operation
from tuntas.sessions.lifecycle import step
from tuntas.sessions.limits import Limits
from tuntas.sessions.machine import Desired, State, Status
from tuntas.sessions.memory import Memory
from tuntas.sessions.model import (
    BrowserRecord,
    Connected,
    Disconnected,
    Observation,
    PasskeyAsked,
    PasskeyCodeShown,
    QrShown,
    Scanned,
    SessionConfig,
    SessionRecord,
)

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
ME = Me("628111000111@c.us", "Shop")
BROWSER = BrowserRecord(1, 1.0, 1, "boot", "profile", "chrome", "1", EPOCH)
CHALLENGE = {"challenge": "c2lnbiB0aGlz", "rpId": "whatsapp.com"}
LIMITS = Limits(
    start_seconds=60.0,
    qr_seconds=70.0,
    pairing_seconds=80.0,
    passkey_seconds=85.0,
    reconnect_seconds=90.0,
    liveness_interval_seconds=15.0,
    stable_run_seconds=300.0,
    restart_attempts=3,
    restart_backoff=Backoff(4.0, 32.0),
    stop_after_unlink=False,
    qr_rest_seconds=1800.0,
    recycle_bytes=1000,
    recycle_wait_seconds=30.0,
)


def a_record() -> SessionRecord:
    """Return a session that was created and never started."""
    return SessionRecord(
        id="1",
        name="s",
        config=SessionConfig(),
        desired=Desired.STOPPED,
        state=State.STOPPED,
        status=Status.STOPPED,
        profile_folder="s",
        created_at=EPOCH,
        changed_at=EPOCH,
    )


class PlayedSession:
    """One session, driven by hand. ``now`` is monotonic; ``todo`` are the effects of the last step."""

    def __init__(self, limits: Limits = LIMITS, record: SessionRecord | None = None) -> None:
        self.limits = limits
        self.now = 1000.0
        self.chance = 0.5
        self.stored = record or a_record()
        self.memory = Memory(self.stored, limits)
        self.todo: tuple[Effect, ...] = ()
        self.told: list[effects.Transition] = []
        self.published: list[object] = []
        self.restarts: list[str] = []
        self.answers: dict[int, Exception | None] = {}
        self.open: dict[int, CommandKind] = {}
        self.has_browser = self.has_profile = self.is_starting = False
        self.discarded = 0
        self.begun: Begin | None = None
        self.in_use = self.follows_network = False
        self._ids = 0

    def take(self, message: Input) -> tuple[Effect, ...]:
        """Let the session take ``message`` in, and carry out what it asks for."""
        self.memory, self.todo = step(self.memory, message, self.now, self.chance)
        for effect in self.todo:
            self._carry_out(effect)
        assert replace(self.memory.record, changed_at=EPOCH, seen_until=None) == replace(
            self.stored, changed_at=EPOCH, seen_until=None
        ), "something is believed that was not written"
        return self.todo

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case effects.Commit(transition):
                at = EPOCH + timedelta(seconds=self.now)
                self.stored = replace(self.memory.record, changed_at=at if transition else self.stored.changed_at)
                self.memory = replace(self.memory, record=self.stored)
                if transition:
                    self.told.append(transition)
            case effects.Publish(fact):
                self.published.append(fact)
            case effects.Begin():
                self._begin(effect)
            case effects.Cancel():
                assert self.begun is not None
                assert self.begun.operation in CANCELLABLE
                self.begun = None
            case effects.FollowNetwork(is_on):
                assert is_on is not self.follows_network
                self.follows_network = is_on
            case effects.LeaveGate():
                self.is_starting = False
            case effects.CountRestart(reason):
                self.restarts.append(reason)
            case effects.Answer(command):
                self._answered(command, None)
            case effects.Refuse(command, error):
                self._answered(command, error)

    def _begin(self, begin: Begin) -> None:
        assert self.begun is None, "two operations at once"
        match begin.operation:
            case Operation.LAUNCH:
                assert not self.has_browser, "two browsers on one profile"
                assert self.stored.desired is not Desired.MOVED, "it runs elsewhere"
                self.has_browser = self.has_profile = self.is_starting = True
            case Operation.DISCARD_PROFILE:
                assert not self.has_browser, "the keys go under a live browser"
            case Operation.REST:
                raise AssertionError(begin)
            case _:
                assert self.has_browser, f"{begin.operation} without a browser"
        self.begun = begin

    def _answered(self, command: int, error: Exception | None) -> None:
        kind = self.open.pop(command)  # a second answer would raise
        self.answers[command] = error
        if error is None and kind is CommandKind.REMOVE:
            assert not self.has_browser
            assert not self.has_profile, "deleted is said while the profile is there"
        if error is None and kind in (CommandKind.STOP, CommandKind.RETIRE):
            assert not self.has_browser

    def ask(self, kind: CommandKind) -> int:
        """Give a command; return its id."""
        command = self.command(kind)
        self.take(command)
        return command.id

    def command(self, kind: CommandKind) -> Command:
        """Make a command that is to be answered."""
        self._ids += 1
        self.open[self._ids] = kind
        return Command(self._ids, kind, "test")

    def look(self) -> tuple[Effect, ...]:
        """Let the session look what is next."""
        return self.take(commands.Look(self.in_use))

    def observe(self, seen: Observation, generation: int | None = None) -> None:
        """Let the page that is there see something."""
        self.take(commands.Observed(self.memory.generation if generation is None else generation, seen))

    def end_operation(self, result: commands.Result = None) -> Operation:
        """Let the operation under way end well; return which it was."""
        assert self.begun is not None
        begun, self.begun = self.begun, None
        match begun.operation:
            case Operation.LAUNCH:
                result = result or commands.Launched(BROWSER)
            case Operation.CATCH_UP:
                result = result or commands.CaughtUp(())
            case Operation.LOG_OUT:
                result = result or commands.LoggedOut(is_confirmed=True)
            case Operation.END_BROWSER:
                self.has_browser = False
            case Operation.DISCARD_PROFILE:
                self.has_profile = False
                self.discarded += 1
                result = commands.Discarded(f"s-{self.discarded}")
            case _:
                pass
        self.take(commands.OperationDone(begun.number, result))
        return begun.operation

    def rest(self) -> list[Operation]:
        """Go on until there is nothing left to do but to wait; return the operations that have ended meanwhile."""
        ended: list[Operation] = []
        for _ in range(40):
            if self.memory.is_finished:
                return ended
            if self.look():
                continue
            if self.begun is None:
                return ended
            ended.append(self.end_operation())
        message = f"it does not come to rest: {self.memory}"
        raise AssertionError(message)

    def reach(self, state: State) -> None:
        """Bring a session that was asked for nothing yet to a live state."""

        self.ask(CommandKind.START)
        self.rest()
        steps: dict[State, list[Observation]] = {
            State.STARTING: [],
            State.SCAN_QR_CODE: [QrShown("qr")],
            State.PASSKEY_REQUIRED: [QrShown("qr"), PasskeyAsked(CHALLENGE)],
            State.PASSKEY_CONFIRMATION_REQUIRED: [QrShown("qr"), PasskeyAsked(CHALLENGE), PasskeyCodeShown("1A2B")],
            State.PAIRING: [QrShown("qr"), Scanned()],
            State.WORKING: [Connected(ME)],
            State.RECONNECTING: [Connected(ME), Disconnected("told so")],
        }
        for seen in steps[state]:
            self.observe(seen)
            self.rest()
        assert self.state() is state

    def state(self) -> State:
        """Return the state it is in."""
        return self.memory.record.state
