"""The states of a session and every way from one to another, as one table.

Pure: no I/O, no clock. A pair that is not listed is a defect of ours and raises ``ImpossibleTransition``.
``docs/state-machine.md`` is generated from this table and a test compares the two.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """What clients see; the words are WAHA's."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    SCAN_QR_CODE = "SCAN_QR_CODE"
    PASSKEY_REQUIRED = "PASSKEY_REQUIRED"
    PASSKEY_CONFIRMATION_REQUIRED = "PASSKEY_CONFIRMATION_REQUIRED"
    WORKING = "WORKING"
    FAILED = "FAILED"


class Desired(StrEnum):
    """What a person asked for."""

    RUNNING = "running"
    STOPPED = "stopped"
    REMOVED = "removed"
    MOVED = "moved"  # it went elsewhere as a file, and must never run here again


class State(StrEnum):
    """Where a session is in its life. Each state is left by a deadline, an act of ours or a person's wish."""

    STOPPED = "stopped"  # no browser, none wanted or not yet launched
    STARTING = "starting"  # browser launching, or page loading: start deadline
    SCAN_QR_CODE = "scan_qr_code"  # a QR is shown: renewal deadline
    PASSKEY_REQUIRED = "passkey_required"  # scanned, the account's passkey has to sign: passkey deadline
    PASSKEY_CONFIRMATION_REQUIRED = "passkey_confirmation_required"  # a code is to be compared: passkey deadline
    PAIRING = "pairing"  # scanned, the account is loading: pairing deadline
    WORKING = "working"  # connected and alive: asked for life in an interval
    RECONNECTING = "reconnecting"  # WhatsApp's socket is lost: reconnect deadline
    STOPPING = "stopping"  # somebody asked for the end: browser being ended, bounded
    RECOVERING = "recovering"  # a fault, or a page that grew: browser being ended, bounded
    WAITING = "waiting"  # no browser; the next start is due at a known time
    FAILED = "failed"  # gave up, with a reason; a start leads out
    REMOVED = "removed"  # the end: nothing is left, the name is free


class Trigger(StrEnum):
    """What moves a session."""

    BOOTED = "booted"  # a server read this session from the store: no browser of it can be alive
    LAUNCHED = "launched"
    QR_SHOWN = "qr_shown"
    SCANNED = "scanned"
    PASSKEY_ASKED = "passkey_asked"
    PASSKEY_CODE_SHOWN = "passkey_code_shown"
    PASSKEY_REFUSED = "passkey_refused"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    END_ASKED = "end_asked"
    FAULT = "fault"
    RESTRICTED = "restricted"  # what WhatsApp lets the account do has changed
    RECYCLED = "recycled"  # the page grew; a fresh one takes its place
    RESTED = "rested"  # nobody scans: no browser is kept for it
    BROWSER_GONE = "browser_gone"
    SETTLED = "settled"
    GAVE_UP = "gave_up"
    FORGOTTEN = "forgotten"


# None: the last status stays until the end is proven, because nothing is said before it is true.
STATUS_OF: dict[State, Status | None] = {
    State.STOPPED: Status.STOPPED,
    State.STARTING: Status.STARTING,
    State.SCAN_QR_CODE: Status.SCAN_QR_CODE,
    State.PASSKEY_REQUIRED: Status.PASSKEY_REQUIRED,
    State.PASSKEY_CONFIRMATION_REQUIRED: Status.PASSKEY_CONFIRMATION_REQUIRED,
    State.PAIRING: Status.STARTING,
    State.WORKING: Status.WORKING,
    State.RECONNECTING: Status.STARTING,
    State.STOPPING: None,
    State.RECOVERING: Status.STARTING,
    State.WAITING: Status.STARTING,
    State.FAILED: Status.FAILED,
    State.REMOVED: Status.STOPPED,
}

WITH_BROWSER = frozenset(
    {
        State.STARTING,
        State.SCAN_QR_CODE,
        State.PASSKEY_REQUIRED,
        State.PASSKEY_CONFIRMATION_REQUIRED,
        State.PAIRING,
        State.WORKING,
        State.RECONNECTING,
        State.STOPPING,
        State.RECOVERING,
    }
)
ENDING = frozenset({State.STOPPING, State.RECOVERING})
LIVE = WITH_BROWSER - ENDING
PASSKEY = frozenset({State.PASSKEY_REQUIRED, State.PASSKEY_CONFIRMATION_REQUIRED})

_LEAVING_LIVE = {Trigger.END_ASKED: State.STOPPING, Trigger.FAULT: State.RECOVERING}
_LINKING = _LEAVING_LIVE | {
    Trigger.QR_SHOWN: State.SCAN_QR_CODE,
    Trigger.PASSKEY_ASKED: State.PASSKEY_REQUIRED,
    Trigger.SCANNED: State.PAIRING,
    Trigger.CONNECTED: State.WORKING,
}
_WITH_PASSKEY = {
    Trigger.PASSKEY_CODE_SHOWN: State.PASSKEY_CONFIRMATION_REQUIRED,
    Trigger.PASSKEY_REFUSED: State.STARTING,
}

TRANSITIONS: dict[State, dict[Trigger, State]] = {
    State.STOPPED: {
        Trigger.LAUNCHED: State.STARTING,
        Trigger.FORGOTTEN: State.REMOVED,
    },
    State.STARTING: _LINKING.copy(),
    State.SCAN_QR_CODE: _LINKING | {Trigger.RESTED: State.STOPPING},
    State.PASSKEY_REQUIRED: _LINKING | _WITH_PASSKEY,
    State.PASSKEY_CONFIRMATION_REQUIRED: _LINKING | _WITH_PASSKEY,
    State.PAIRING: _LINKING.copy(),
    State.WORKING: _LEAVING_LIVE
    | {
        Trigger.CONNECTED: State.WORKING,
        Trigger.RESTRICTED: State.WORKING,
        Trigger.DISCONNECTED: State.RECONNECTING,
        Trigger.RECYCLED: State.RECOVERING,
    },
    State.RECONNECTING: _LEAVING_LIVE
    | {
        Trigger.CONNECTED: State.WORKING,
        Trigger.DISCONNECTED: State.RECONNECTING,
    },
    State.STOPPING: {Trigger.BROWSER_GONE: State.STOPPED},
    State.RECOVERING: {Trigger.END_ASKED: State.STOPPING, Trigger.BROWSER_GONE: State.WAITING},
    State.WAITING: {
        Trigger.LAUNCHED: State.STARTING,
        Trigger.SETTLED: State.STOPPED,
        Trigger.GAVE_UP: State.FAILED,
        Trigger.FORGOTTEN: State.REMOVED,
    },
    State.FAILED: {
        Trigger.LAUNCHED: State.STARTING,
        Trigger.SETTLED: State.STOPPED,
        Trigger.FORGOTTEN: State.REMOVED,
    },
    State.REMOVED: {},
}
for _state, _ways in TRANSITIONS.items():
    if _state is not State.REMOVED:
        _ways[Trigger.BOOTED] = State.STOPPED


class ImpossibleTransition(Exception):
    """A trigger came in a state that does not know it: a defect, told with the session's recent story."""

    def __init__(self, state: State, trigger: Trigger, story: tuple[str, ...] = ()) -> None:
        """Name the pair, and the last changes before it."""
        super().__init__(
            f"{trigger.value!r} cannot happen in state {state.value!r}; before it: {', '.join(story) or '-'}"
        )


def next_state(state: State, trigger: Trigger, story: tuple[str, ...] = ()) -> State:
    """Return the state that ``trigger`` leads to.

    Raises:
        ImpossibleTransition: the table has no such pair.
    """
    try:
        return TRANSITIONS[state][trigger]
    except KeyError:
        raise ImpossibleTransition(state, trigger, story) from None


def shown_status(state: State, before: Status) -> Status:
    """Return the status that clients see in ``state``, given the one that they saw ``before``."""
    return STATUS_OF[state] or before
