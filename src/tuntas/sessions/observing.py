"""What a page says, taken in: which move it makes, what is kept of it, what goes out. Pure; a part of ``lifecycle``.

A page's word about itself counts only while its session lives with it, and never deletes a file under a live browser.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from tuntas.sessions import effects, model
from tuntas.sessions.faults import REPLACED
from tuntas.sessions.machine import LIVE, PASSKEY, Desired, State, Trigger
from tuntas.sessions.model import Observation, PageLost
from tuntas.sessions.turn import Turn

# Nobody is logged in yet.
LINKING = frozenset({State.STARTING, State.SCAN_QR_CODE}) | PASSKEY

# In the story, the end of a restriction.
LIFTED = "restriction_lifted"


def observe(turn: Turn, seen: Observation) -> None:
    """Take in what the page of this browser saw; what it means for the session is in ``turn`` then."""
    state = turn.memory.record.state
    match seen:
        case model.MessageSeen(message):
            # Without an earlier message there is nothing to wait for; held, it would be dropped with a page that
            # goes now, and the next page, asked for nothing, would not tell of it again.
            if turn.memory.behind and turn.memory.record.seen_until is not None:
                turn.know(held=(*turn.memory.held, message))
            else:
                turn.publish(message)
        case model.AckSeen(acknowledgement):
            turn.todo.append(effects.Publish(acknowledgement))
        case model.Told():
            turn.todo.append(effects.Publish(seen))
        case _ if state not in LIVE:
            pass  # its end is under way; what the page says about itself no longer matters
        case model.Weighed(memory_bytes):
            turn.know(growth=turn.memory.growth.weighed(memory_bytes, turn.memory.limits, turn.now))
        case model.Lacking(names):
            # Late modules are common; one that does not come at all ends the start with its name, not with silence.
            if turn.memory.lacking is None and state in (State.STARTING, State.PAIRING):
                turn.due_in(turn.memory.limits.start_seconds)
            turn.know(lacking=names)
        case model.PageKnown(facts):
            turn.know(facts=facts)
        case model.QrShown(value):
            _show_qr(turn, value)
        case model.Scanned():
            turn.know(linked=True)
            if state is State.STARTING and turn.memory.record.me is not None:
                turn.move(Trigger.SCANNED, "account_loaded")  # nobody has scanned: its login was there
            elif state in LINKING:
                turn.move(Trigger.SCANNED, "scanned")
            elif state is State.WORKING:
                turn.move(Trigger.DISCONNECTED, "disconnected", "the page is loading the account again")
        case model.PasskeyAsked(options):
            if state in LINKING | {State.PAIRING}:
                turn.move(Trigger.PASSKEY_ASKED, "passkey_asked", data=options)
        case model.PasskeyCodeShown(code):
            if state in PASSKEY:
                turn.move(Trigger.PASSKEY_CODE_SHOWN, "passkey_code_shown", data={"code": code})
        case model.PasskeyRefused(detail):
            if state in PASSKEY:
                turn.move(Trigger.PASSKEY_REFUSED, "passkey_refused", detail)
        case model.Connected(me):
            turn.know(linked=True, lacking=None)
            known = turn.memory.record.me
            if known is not None and known.id == me.id:
                me = replace(me, timelock=known.timelock, capping=known.capping)
            if me != known:  # as after each unlinking
                turn.store(me=me, unlinked_me=None)
            if state is not State.WORKING:
                restriction, _ = me.restriction
                data = None if restriction is None else me.restrictions_payload()
                turn.move(Trigger.CONNECTED, "connected", turn.memory.facts.sentence, data=data)
        case model.RestrictionsSeen():
            _restrict(turn, seen)
        case model.Disconnected(detail):
            if state is State.WORKING:
                turn.move(Trigger.DISCONNECTED, "disconnected", detail)
        case model.Unlinked(detail):
            _unlinked(turn, detail)
        case PageLost(reason) if reason == REPLACED and turn.memory.is_network_away:
            pass  # a page that waits before it connects anew looks the same
        case PageLost():
            turn.fault(seen)
        case _:
            assert_never(seen)


def _show_qr(turn: Turn, value: str) -> None:
    state = turn.memory.record.state
    if state in (State.WORKING, State.RECONNECTING):
        # A linked page that shows a QR has lost its keys, whatever else it said or did not say.
        _unlinked(turn, "the page asks for a new scan")
        return
    if state is State.SCAN_QR_CODE:
        turn.due_in(turn.memory.limits.qr_seconds)
    else:
        turn.move(Trigger.QR_SHOWN, "qr_shown", turn.memory.facts.sentence)
    turn.know(linked=False, qr=value)


def _unlinked(turn: Turn, detail: str) -> None:
    """End the browser first, then remove the keys: a page's word never deletes a file under a live browser."""
    wanted = Desired.STOPPED if turn.memory.limits.stop_after_unlink else turn.memory.record.desired
    lost = PageLost("unlinked", detail)
    turn.know(linked=False, last_fault=lost, reason=lost.reason, asked_by="phone")
    turn.cancel_if_pointless()
    account = turn.memory.record.me or turn.memory.record.unlinked_me
    turn.store(discard_profile=True, desired=wanted, me=None, unlinked_me=account)
    turn.move(Trigger.FAULT, lost.reason, lost.detail)


def _restrict(turn: Turn, seen: model.RestrictionsSeen) -> None:
    """Keep what WhatsApp does not let the account do, and tell of what has changed in it."""
    before = turn.memory.record.me
    if before is None:
        return  # the page tells of it again with the account
    me = replace(before, timelock=seen.timelock or before.timelock, capping=seen.capping or before.capping)
    if me == before:
        return
    turn.store(me=me)
    restriction, detail = me.restriction
    if turn.memory.record.state is State.WORKING and (restriction, detail) != before.restriction:
        reason = LIFTED if restriction is None else restriction.value
        turn.move(Trigger.RESTRICTED, reason, detail, data=me.restrictions_payload())
