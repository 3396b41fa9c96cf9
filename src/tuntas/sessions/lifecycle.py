"""A session's whole decision, pure: what is known and what has just come in, what is known then and what to do out.

``step`` is the only place that decides what happens next in a session: desired against observed, deadlines, which words
of a page still count, the fault budget, logout and removal, recycling. It does nothing itself: what is to be done comes
out as values, and whoever carries them out believes the new memory only after the commit. After a crash everything is
computed again from the stored record; it never matters how a session came to be where it is.

Times are monotonic seconds and handed in, and so is chance, a number in [0, 1).
"""

from __future__ import annotations

from typing import assert_never

from tuntas.sessions import commands, effects, recycling
from tuntas.sessions.capabilities import NOTHING_KNOWN
from tuntas.sessions.commands import Command, CommandKind, Input, Result
from tuntas.sessions.effects import Effect, Operation
from tuntas.sessions.errors import BeingRemoved, MovedAway, Superseded
from tuntas.sessions.faults import NETWORK, PROXY, is_of_this_build, must_not_start_by_itself
from tuntas.sessions.machine import LIVE, Desired, State, Trigger
from tuntas.sessions.memory import ASKED, NO_FAULT, NOT_SCANNED, Memory, Waiting
from tuntas.sessions.model import PageLost
from tuntas.sessions.observing import observe
from tuntas.sessions.plan import what_is_next
from tuntas.sessions.turn import Turn

SILENCE_REASON = {
    State.STARTING: "page_silent",
    State.SCAN_QR_CODE: "qr_not_renewed",
    State.PASSKEY_REQUIRED: "passkey_not_answered",
    State.PASSKEY_CONFIRMATION_REQUIRED: "passkey_not_answered",
    State.PAIRING: "pairing_stalled",
    State.RECONNECTING: "connection_lost",
}

# What would have a browser use the keys, or take them away.
NEEDING_KEYS = frozenset({CommandKind.START, CommandKind.RESTART, CommandKind.LOG_OUT})

_RECONNECT_SPREAD_SECONDS = 2.0

NOT_CONFIRMED = "WhatsApp did not confirm the logout: the phone may list this device on until it is removed there"

# These leave the live states, whatever else is under way.
LEAVING = frozenset({Trigger.END_ASKED, Trigger.RESTED, Trigger.FAULT, Trigger.RECYCLED})


def step(memory: Memory, message: Input, now: float, chance: float) -> tuple[Memory, tuple[Effect, ...]]:
    """Take ``message`` in; return what is known then, and what is to be done, in order.

    There is at most one move through the table in it, so that answers are given between any two moves.

    Raises:
        ImpossibleTransition: a defect of ours; the session's recent story is in it.
    """
    turn = Turn(memory, now, chance)
    _take(turn, message)
    _write(turn)
    turn.follow_network()
    turn.answer()
    return turn.memory, (*turn.todo, *turn.begun)


def _take(turn: Turn, message: Input) -> None:
    match message:
        case commands.Look(in_use):
            _go_on(turn, what_is_next(turn.memory, turn.now, in_use=in_use))
        case commands.Observed(generation, observation):
            if generation == turn.memory.generation:
                observe(turn, observation)
        case commands.OperationDone(number, result):
            if number == turn.memory.number and turn.memory.operation is not Operation.REST:
                _ended(turn, result)
        case Command():
            _command(turn, message)
        case commands.Reconfigure(config, command):
            turn.store(config=config.following(turn.memory.record.config))
            if turn.memory.record.desired is Desired.RUNNING:
                _command(turn, command)
            else:
                turn.todo += [effects.Commit(), effects.Answer(command.id)]
                turn.is_unwritten = False
        case commands.Booted():
            _booted(turn, message)
        case commands.ShutDown():
            turn.know(shutting_down=True)
        case commands.NetworkSeen(is_away, obstacle):
            _network_seen(turn, obstacle, is_away=is_away)
        case commands.PageChanged():
            _page_changed(turn)
        case commands.QrAsked(asked_by):
            _qr_asked(turn, asked_by)
        case commands.PageFree():
            pass  # whoever sent it looks again
        case _:
            assert_never(message)


def _booted(turn: Turn, booted: commands.Booted) -> None:
    record = turn.memory.record
    turn.know(reason=booted.reason)
    is_harmful = must_not_start_by_itself(record.reason)
    if is_harmful and record.state is State.FAILED:
        # Another server's start is no reason to try what does harm; it goes on waiting for what it waited for.
        if record.again_in_seconds is not None:
            turn.due_in(record.again_in_seconds - booted.age_seconds)
    elif is_harmful and record.state in (State.RECOVERING, State.WAITING):
        # The other server ended between the fault and what follows from it.
        turn.know(last_fault=PageLost(record.reason, "", record.again_in_seconds))
        if record.state is State.RECOVERING:
            turn.move(Trigger.BROWSER_GONE, record.reason)
    elif record.state is not State.STOPPED:
        turn.move(Trigger.BOOTED, booted.reason)


def _write(turn: Turn) -> None:
    """Write what has changed: with the move that follows from it at once, for each write is synced to the disk."""
    if not turn.is_unwritten:
        return
    following = what_is_next(turn.memory, turn.now, in_use=True)
    if following in LEAVING or (turn.is_idle and (isinstance(following, Trigger) or following is Operation.LAUNCH)):
        _go_on(turn, following)
    else:
        turn.todo.append(effects.Commit())


def _command(turn: Turn, command: Command) -> None:
    record = turn.memory.record
    if record.desired is Desired.REMOVED and command.kind is not CommandKind.REMOVE:
        turn.refuse(command, BeingRemoved(record.name))
        return
    if record.desired is Desired.MOVED and command.kind in NEEDING_KEYS:
        turn.refuse(command, MovedAway(record.name))
        return
    _supersede(turn, command.kind)
    waiting = (*turn.memory.waiting, Waiting(command, turn.memory.generation))
    turn.know(reason=command.kind.value, asked_by=command.asked_by, waiting=waiting)
    match command.kind:
        case CommandKind.START:
            if record.state is State.SCAN_QR_CODE:
                turn.await_scan()
            _want_running(turn)
        case CommandKind.STOP if record.desired is Desired.MOVED:
            pass  # it is stopped, or will be
        case CommandKind.STOP:
            turn.store(desired=Desired.STOPPED)
        case CommandKind.RETIRE:
            turn.store(desired=Desired.MOVED)
        case CommandKind.RESTART:
            turn.know(end_asked=record.state in LIVE)
            _want_running(turn)
        case CommandKind.LOG_OUT:
            turn.know(end_asked=record.state in LIVE)
            turn.store(discard_profile=True)
        case CommandKind.REMOVE:
            turn.store(desired=Desired.REMOVED, discard_profile=True)
        case _:
            assert_never(command.kind)


def _want_running(turn: Turn) -> None:
    record = turn.memory.record
    if record.state in (State.RECOVERING, State.WAITING, State.FAILED):
        # A person asked: no reason to let them wait for a backoff that they cannot see.
        turn.know(tries=0, faults=0, start_asked=True)
    if record.desired is not Desired.RUNNING:
        turn.store(desired=Desired.RUNNING)


def _supersede(turn: Turn, later: CommandKind) -> None:
    """Tell those whose command ``later`` overtakes; a stop under way still comes true before a new start."""
    record = turn.memory.record
    match later:
        case CommandKind.STOP | CommandKind.RETIRE:
            overtaken = {CommandKind.START, CommandKind.RESTART}
        case CommandKind.START | CommandKind.RESTART if record.state is not State.STOPPING:
            overtaken = {CommandKind.STOP}
        case _:
            return
    for waiting in turn.memory.waiting:
        if waiting.command.kind in overtaken:
            turn.refuse(waiting.command, Superseded(record.name, later.value))
    turn.know(waiting=tuple(one for one in turn.memory.waiting if one.command.kind not in overtaken))


def _network_seen(turn: Turn, obstacle: PageLost | None, *, is_away: bool) -> None:
    is_back = turn.memory.is_network_away and not is_away
    turn.know(is_network_away=is_away)
    if obstacle is not None and obstacle.reason in PROXY and turn.memory.record.state is State.RECONNECTING:
        turn.fault(obstacle)
    if not is_back:
        return
    if turn.memory.record.state is State.RECONNECTING:
        turn.due_in(turn.memory.limits.back_seconds)
        # Spread a little: many sessions must not come back in one moment.
        turn.know(reconnect_at=turn.now + turn.spread(_RECONNECT_SPREAD_SECONDS))
    elif turn.memory.record.state is State.WAITING and turn.memory.last_fault.reason in NETWORK:
        turn.know(due_at=None)  # at once; the gate keeps all that come back from starting at one moment


def _qr_asked(turn: Turn, asked_by: str) -> None:
    if turn.memory.record.state is State.SCAN_QR_CODE:
        turn.await_scan()
    elif turn.memory.rests:
        turn.know(reason="qr_asked", asked_by=asked_by)
        turn.store(desired=Desired.RUNNING)


def _page_changed(turn: Turn) -> None:
    failed = turn.memory.record
    if failed.state is State.FAILED and is_of_this_build(failed.reason):
        turn.know(reason="page_changed", asked_by="system", start_asked=True)
        turn.know(tries=0, faults=0, last_fault=NO_FAULT)


def _go_on(turn: Turn, following: Operation | Trigger) -> None:
    match following:
        case Operation.REST:
            pass
        case _ if not turn.is_idle and following not in LEAVING:
            pass  # one at a time; its end is a message
        case Trigger():
            _move_by_itself(turn, following)
        case Operation.LAUNCH:
            turn.know(generation=turn.memory.generation + 1, start_asked=False, behind=True, held=())
            # What was known of the last browser and of its profile: a launch makes the folder anew.
            turn.know(facts=NOTHING_KNOWN)
            turn.know(linked=False, lacking=None, end_asked=False, logged_out=None, profile_gone=False)
            turn.move(Trigger.LAUNCHED, _start_reason(turn))
            turn.know(growth=turn.memory.growth.forgotten())
            turn.begin(following)
        case Operation.CATCH_UP if turn.memory.record.seen_until is None:
            # It was linked just now: what is in the account's history is no news.
            turn.know(behind=False)
            turn.store(seen_until=int(turn.memory.record.changed_at.timestamp()))
        case Operation.RECONNECT:
            turn.know(reconnect_at=None)
            turn.begin(following)
        case Operation.PROBE:
            is_working = turn.memory.record.state is State.WORKING
            turn.begin(following, tend=is_working and turn.memory.growth.wants_look(turn.now))
        case _:
            turn.begin(following)


def _start_reason(turn: Turn) -> str:
    if turn.memory.growth.is_change:
        return recycling.REASON
    return "restart_after_fault" if turn.memory.tries else turn.memory.reason


def _move_by_itself(turn: Turn, trigger: Trigger) -> None:
    """Make a move that no message asks for but that what is known leads to."""
    memory = turn.memory
    match trigger:
        case Trigger.END_ASKED:
            turn.cancel_if_pointless()
            turn.know(growth=memory.growth.forgotten())
            turn.move(trigger, "server_stopping" if memory.shutting_down else memory.reason)
        case Trigger.RESTED:
            turn.cancel_if_pointless()
            turn.store(desired=Desired.STOPPED)
            turn.move(trigger, NOT_SCANNED)
        case Trigger.FAULT if memory.is_network_away and memory.record.state is State.RECONNECTING:
            # The page connects by itself once it can; another browser could not do better, and would cost more.
            turn.due_in(memory.limits.reconnect_seconds)
        case Trigger.FAULT:
            turn.fault(_silence(memory))
        case Trigger.RECYCLED:
            # No fault: it uses up no budget, and the next start follows at once.
            detail = memory.growth.detail or ""
            begun = memory.growth.begun(memory.limits, turn.now)
            turn.know(last_fault=PageLost(recycling.REASON, detail), growth=begun)
            turn.todo.append(effects.CountRestart(recycling.REASON))
            turn.cancel_if_pointless()
            turn.move(trigger, recycling.REASON, detail)
        case Trigger.GAVE_UP:
            turn.move(trigger, memory.last_fault.reason, memory.last_fault.detail)
        case _:
            turn.move(trigger, memory.reason)


def _ended(turn: Turn, result: Result) -> None:
    operation, record = turn.memory.operation, turn.memory.record
    turn.know(operation=Operation.REST)
    match result:
        case commands.Launched(browser) if browser is not None:
            turn.store(browser=browser)
            if record.state is State.STARTING:
                turn.due_in(turn.memory.limits.start_seconds)
        case commands.CaughtUp(found, is_all) if found is not None:
            for message in found:
                turn.publish(message, is_late=True)
            # A part that took us no further would come again and again.
            is_behind = not is_all and turn.memory.record.seen_until != record.seen_until
            if not is_behind:
                for message in turn.memory.held:
                    turn.publish(message, is_late=True)
                turn.know(behind=False, held=())
        case commands.Echoed(is_heard):
            _echoed(turn, is_heard=is_heard)
        case commands.Discarded(next_folder):
            turn.know(profile_gone=True)
            if record.desired is Desired.REMOVED:
                turn.store(discard_profile=False)
            else:
                turn.store(discard_profile=False, profile_folder=next_folder, me=None, seen_until=None)
        case _ if operation is Operation.PROBE:
            _probed(turn)
        case commands.LoggedOut(is_confirmed):
            turn.know(logged_out=is_confirmed)
        case _ if operation is Operation.END_BROWSER:
            detail = turn.memory.last_fault.detail if record.state is State.RECOVERING else _of_logout(turn.memory)
            turn.move(Trigger.BROWSER_GONE, record.reason, detail)
        case _:
            pass  # a launch or a catch-up that failed: the page's own word for it has come before


def _of_logout(memory: Memory) -> str | None:
    """Return what is proven of a logout: keys that are gone here do not mean that the phone knows."""
    if memory.logged_out is None:
        return None
    return "WhatsApp has confirmed the logout" if memory.logged_out else NOT_CONFIRMED


def _echoed(turn: Turn, *, is_heard: bool | None) -> None:
    """Restart a page that has become deaf, once: a phone that is away looks the same, and no restart mends that."""
    if turn.memory.record.state is not State.WORKING:
        return
    turn.know(echo_at=turn.now + turn.memory.limits.echo_interval_seconds)
    was_heard = turn.memory.hears_echoes
    if is_heard is not None:
        turn.know(hears_echoes=is_heard)
    if is_heard is False and was_heard:
        turn.fault(PageLost("deaf", "a message to itself was taken, and no receipt came"))


def _probed(turn: Turn) -> None:
    limits, since = turn.memory.limits, turn.memory.working_since
    if turn.memory.record.state in ASKED:
        turn.know(probe_at=turn.now + limits.liveness_interval_seconds)
    if since is not None and turn.now - since >= limits.stable_run_seconds:
        turn.know(tries=0, faults=0)


def _silence(memory: Memory) -> PageLost:
    """Return why a state lasted too long."""
    if memory.lacking is not None:
        version = f" {memory.facts.version}" if memory.facts.version else ""
        return PageLost("whatsapp_web_changed", f"WhatsApp Web{version} does not have: {memory.lacking}")
    return PageLost(SILENCE_REASON[memory.record.state], "the time limit of this state passed")
