"""What can go wrong for a client, named for what its caller should do. A message says what to do in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tuntas.client.answers import Approval


class TuntasError(Exception):
    """Anything that this client raises."""


class Unreachable(TuntasError):
    """No answer came: the server does not run, or the address is wrong."""


class Refused(TuntasError):
    """The server said no. ``code`` never changes, ``fields`` names what is wrong with what was sent."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        """Read a problem document (RFC 9457) of the server."""
        self.status = status
        self.code = str(problem.get("code", "unknown"))
        self.fields: Sequence[tuple[str, str]] = tuple(
            (str(one.get("field")), str(one.get("message"))) for one in problem.get("errors") or ()
        )
        detail = str(problem.get("detail") or problem.get("title") or f"HTTP {status}")
        super().__init__(" ".join([detail, *(f"{field}: {message}." for field, message in self.fields)]))


class WrongKey(Refused):
    """No key was sent, or one that the server does not know."""


class NotAllowed(Refused):
    """The key is not good for this, or not for this session; or WhatsApp does not allow it."""


class NotFound(Refused):
    """There is no such session, message or file."""


class TryLater(Refused):
    """Not now: nothing was done, and the same may be asked again in ``retry_after_seconds``."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_seconds: float) -> None:
        """Read a problem document and its ``Retry-After``."""
        super().__init__(status, problem)
        self.retry_after_seconds = retry_after_seconds


class OutcomeUnknown(Refused):
    """Nobody knows whether it was done: the page died in the middle. Asked again with the same key it is done once."""


class WaitsForApproval(TuntasError):
    """The message was not sent: the key may only ask, and ``approval`` waits for a person."""

    def __init__(self, approval: Approval) -> None:
        """Keep the approval."""
        super().__init__(f"The message waits until a person approves it: approval {approval.id}.")
        self.approval = approval


class ServerTooOld(TuntasError):
    """The server does not know what this client asks of it."""


class NotTuntas(TuntasError):
    """Something else answers at this address."""


class NotSigned(TuntasError):
    """A webhook's request does not bear our signature, or is too old: answer it with 401 and do nothing."""
