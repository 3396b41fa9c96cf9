"""Calls into the bridge: each with its deadline, each answer a plain value or an error that says what to do.

Never logs arguments or answers: they are what people write to each other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from tuntas.browser import CallFailed, CallTimedOut, CdpSession, ConnectionClosed
from tuntas.events import Restriction
from tuntas.foundation.metrics import REPORTS_REFUSED
from tuntas.foundation.plain_values import NotPlain, require_plain
from tuntas.sessions.errors import (
    AccountRestricted,
    AnswerTooLarge,
    DiskFull,
    NotAllowed,
    NotTaken,
    NotThere,
    OutcomeUnknown,
    PageRefused,
    PageUnavailable,
    SessionError,
)
from tuntas.sessions.page_calls import PageCall
from tuntas.whatsapp.contexts import TrustedContext

# A call that moves a file gets so much more time as the file takes at this speed.
SLOWEST_BYTES_PER_SECOND = 256 * 1024

LONGEST_REASON = 500
_MOST_DIGITS = 10

# The name of the DOMException with which a page's storage refuses to grow.
FULL_DISK = "QuotaExceededError"

# The first word of what the bridge throws, where the caller can act on it.
_WORDS: dict[str, Callable[[str], SessionError]] = {
    "not_found": NotThere,
    "not_allowed": NotAllowed,
    "not_taken": NotTaken,
    "restricted": lambda told: _restricted(told),
    "disk_full": DiskFull,
    "too_large": AnswerTooLarge,
    "unknown": OutcomeUnknown,
}


class Bridge:
    """The bridge in one page."""

    def __init__(
        self,
        target: CdpSession,
        context: TrustedContext,
        call_seconds: float,
        on_full_disk: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Call into ``context`` of ``target``; a call has ``call_seconds`` unless it is given others.

        ``on_full_disk`` is told when the page could not write down what it was asked to do.
        """
        self._on_full_disk = on_full_disk
        self._target = target
        self._context = context
        self._call_seconds = call_seconds

    async def call(
        self,
        call: PageCall,
        arguments: Mapping[str, Any],
        *,
        size_bytes: int = 0,
        timeout_seconds: float | None = None,
    ) -> Any:
        """Return the bridge's answer as plain values; ``size_bytes``: how much the call moves.

        Raises:
            PageRefused: the bridge threw; the message says why.
            DiskFull: the page could not write.
            OutcomeUnknown: what was sent may have gone out.
            PageUnavailable: the page went away or did not answer, or not in plain values.
        """
        if (context := self._context.unique_id) is None:
            message = f"The page is not at WhatsApp's address and was not asked for {call.value}."
            raise PageUnavailable(message)
        expression = f"__tuntas.{call.value}({json.dumps(dict(arguments))})"
        parameters = {
            "expression": expression,
            "uniqueContextId": context,
            "awaitPromise": True,
            "returnByValue": True,
        }
        seconds = timeout_seconds or self._call_seconds + size_bytes / SLOWEST_BYTES_PER_SECOND
        try:
            answer = await self._target.call("Runtime.evaluate", parameters, timeout_seconds=seconds)
        except (CallFailed, CallTimedOut, ConnectionClosed) as error:
            # Only the protocol's own words: the expression holds what people write to each other.
            message = f"The page did not answer {call.value}: {error}"
            raise PageUnavailable(message) from error
        if thrown := answer.get("exceptionDetails"):
            reason = _reason_of(thrown)
            refusal = DiskFull(reason) if FULL_DISK in reason else _refusal(reason)
            if isinstance(refusal, DiskFull):
                # What comes in is not written down either, and stays on WhatsApp's servers until the next connection.
                self._on_full_disk(reason)
            raise refusal
        value = answer["result"].get("value")
        try:
            require_plain(value)
        except NotPlain as error:
            raise unusable(call, error.problem) from None
        return value


def unusable(call: PageCall, detail: str) -> PageUnavailable:
    """Count an answer that cannot be used, and return the error that says so."""
    REPORTS_REFUSED.labels("invalid").inc()
    return PageUnavailable(f"The page's answer to {call.value} cannot be used: {detail}")


def _refusal(reason: str) -> SessionError:
    word, _, sentence = reason.removeprefix("Error: ").partition(": ")
    return _WORDS[word](sentence) if word in _WORDS else PageRefused(reason)


def _restricted(told: str) -> AccountRestricted:
    """Return the error for a restriction as the bridge tells it: its kind, and its end in Unix seconds (0: unknown)."""
    kind, _, ends = told.partition(" ")
    left = int(ends) - time.time() if ends.isascii() and ends.isdecimal() and len(ends) <= _MOST_DIGITS else 0.0
    return AccountRestricted(Restriction.CAPPING if kind == "capping" else Restriction.TIMELOCK, left)


def _reason_of(thrown: dict[str, Any]) -> str:
    """Return the first line of what was thrown: the page's words, which may be anything."""
    description = thrown.get("exception", {}).get("description") or thrown.get("text", "unknown error")
    line = str(description)[:LONGEST_REASON].split("\n", 1)[0]
    return line.encode(errors="replace").decode()
