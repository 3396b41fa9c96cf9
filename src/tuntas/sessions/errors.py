"""Errors named for what the caller should do. One table in ``api.errors`` maps them to HTTP."""

from __future__ import annotations

from tuntas.events import Restriction
from tuntas.foundation.extras import how_to_install

_RESTRICTED = {
    Restriction.TIMELOCK: "write to people who have not written to it",
    Restriction.CAPPING: "begin more chats",
    Restriction.CAPPING_WARNING: "begin more chats",
}
# Where WhatsApp does not say when to come again.
_LOOK_AGAIN_SECONDS = 3600.0


class SessionError(Exception):
    """The root of what a session may answer instead of a result."""


class UnknownSession(SessionError):
    """There is no session of this name: check the name."""

    def __init__(self, name: str) -> None:
        """Name the session."""
        super().__init__(f"Session {name!r} does not exist.")
        self.name = name


class NotYours(SessionError):
    """The key is not good for a session of this name: use another key. Said whether there is such a session or not."""

    def __init__(self, name: str) -> None:
        """Name the session."""
        super().__init__(f"This key is not good for session {name!r}.")
        self.name = name


class NameTaken(SessionError):
    """A session of this name exists: choose another, or delete that one."""

    def __init__(self, name: str, other: str | None = None) -> None:
        """Name the session, and the one that is there if that is written in another way."""
        how = "" if other in (None, name) else f", as {other!r}: names are equal without regard to case"
        super().__init__(f"Session {name!r} already exists{how}.")
        self.name = name


class NameRefused(SessionError):
    """No new session may have this name: choose another."""

    def __init__(self, name: str, reason: str) -> None:
        """Name it, and say why."""
        super().__init__(f"A session cannot be called {name!r}: {reason}.")
        self.name = name


class WrongStatus(SessionError):
    """The session is not in a status that allows this: see its status, then act."""

    def __init__(self, name: str, status: str, wanted: tuple[str, ...]) -> None:
        """Name the session, its status and what it would have to be."""
        super().__init__(f"Session {name!r} has status {status}; this needs {' or '.join(wanted)}.")
        self.name = name
        self.status = status
        self.wanted = wanted


class BeingRemoved(SessionError):
    """The session is on its way out: create a new one when it is gone."""

    def __init__(self, name: str) -> None:
        """Name the session."""
        super().__init__(f"Session {name!r} is being deleted.")
        self.name = name


class MovedAway(SessionError):
    """The session was exported: it runs where its file is imported. Import that here to have it back, or delete it."""

    def __init__(self, name: str) -> None:
        """Name the session."""
        super().__init__(
            f"Session {name!r} was exported and never starts here again: it runs where its file is imported."
        )
        self.name = name


class Superseded(SessionError):
    """A later wish wants the opposite, and wins: look at the session, then ask again if you still want to."""

    def __init__(self, name: str, later: str) -> None:
        """Name the session and the wish that won."""
        super().__init__(f"Another request for session {name!r} came in between: {later}.")
        self.name = name


class PageUnavailable(SessionError):
    """The page did not answer, or went away during the call: try again later."""


class OutcomeUnknown(PageUnavailable):
    """A message may have gone out or not: look at the chat, or ask again with the same Idempotency-Key."""


class DiskFull(SessionError):
    """There is no room on the disk for what this would write: free some, then ask again."""


class PageRefused(SessionError):
    """The page answered that it will not do this, and why: correct the request."""


class AnswerRefused(SessionError):
    """The passkey's answer is none to the challenge that is open: have that one signed. Nothing has changed."""

    def __init__(self, fault: str) -> None:
        """Say what is wrong with it."""
        super().__init__(f"This is not the passkey's answer: {fault}.")


class NotThere(PageRefused):
    """WhatsApp has no such chat, person, group or message for this account: check the id."""


class NothingKnown(SessionError):
    """Nothing is known of such a message: check its id; what is long ago is not kept."""

    def __init__(self, message_id: str) -> None:
        """Name the message."""
        super().__init__(
            f"Nothing is known of message {message_id!r}: this session never told of it nor sent it, or it is longer "
            "ago than TUNTAS_EVENT_RETENTION_DAYS."
        )


class NotAllowed(PageRefused):
    """WhatsApp would not let this account do it, for example because it does not administer the group."""


class NotTaken(PageRefused):
    """WhatsApp did not take this very message at an earlier try, for certain: it may be sent anew, under another id."""


class AccountRestricted(PageRefused):
    """WhatsApp does not let the account write to this person for a while; nothing was sent. Others it may."""

    def __init__(self, restriction: Restriction, left_seconds: float) -> None:
        """Say what it is; ``left_seconds``: how long it lasts, 0 or less where that is not known."""
        self.restriction = restriction
        self.retry_after_seconds = left_seconds if left_seconds > 0 else _LOOK_AGAIN_SECONDS
        how_long = f"for another {left_seconds:.0f} s" if left_seconds > 0 else "and did not say for how long"
        super().__init__(
            f"WhatsApp does not let this account {_RESTRICTED[restriction]}, {how_long}; nothing was sent."
        )


class AnswerTooLarge(PageRefused):
    """There is more than one answer holds: ask for less at once."""


class NotCapable(SessionError):
    """WhatsApp's page does not have now what this needs: ask again when it has, or do without. Nothing was done."""

    def __init__(self, name: str, capability: str, missing: tuple[str, ...]) -> None:
        """Name the session, what cannot be done, and what the page does not have."""
        lacks = ", ".join(missing)
        super().__init__(f"WhatsApp Web as session {name!r} has it now has no {capability}: it lacks {lacks}.")
        self.capability = capability


class FileRefused(SessionError):
    """The file is not one that can be sent, or its address not one that the server goes to: name another."""


class FileTooLarge(SessionError):
    """The file is larger than the limit: use a smaller one."""

    def __init__(self, limit_bytes: int, setting: str | None = None) -> None:
        """Say the limit, and the setting that it comes from."""
        where = f" ({setting})" if setting else ""
        super().__init__(f"The file has more than the {limit_bytes} bytes that are allowed{where}.")


class FileUnreachable(SessionError):
    """The file's address did not give it: see that it does, then ask again."""


class NotConvertible(SessionError):
    """Nothing that WhatsApp's clients play can be made of the file within the limits: send another one."""


class ConverterMissing(SessionError):
    """The packages that convert files are not installed on this server: install them, or convert before sending."""

    def __init__(self, package: str) -> None:
        """Name the package that is missing, and say how to install it."""
        super().__init__(
            f"Files are not converted by this server, as a package is not installed ({package}): "
            f"{how_to_install('media')}"
        )


class TryLater(SessionError):
    """It is not done yet and goes on by itself: ask again."""


class Overloaded(SessionError):
    """Too many messages wait already: send more slowly, the first time after ``retry_after_seconds``."""

    def __init__(self, name: str, waiting: int, retry_after_seconds: float) -> None:
        """Name the session and its line."""
        super().__init__(f"{waiting} messages of session {name!r} wait to be sent; this one was not taken.")
        self.retry_after_seconds = retry_after_seconds


class KeyReused(SessionError):
    """Another request was made with this Idempotency-Key: every request has its own."""

    def __init__(self, key: str) -> None:
        """Name the key."""
        super().__init__(f"Another request had the Idempotency-Key {key!r}; nothing was sent.")


class UnknownApproval(SessionError):
    """There is no such approval, or it was asked for with another key: check its id."""

    def __init__(self, approval_id: str) -> None:
        """Name it."""
        super().__init__(f"There is no approval {approval_id!r}, or this key did not ask for it.")


class ApprovalEnded(SessionError):
    """The approval does not wait any more, and what became of it is not what is asked now: look at it."""

    def __init__(self, approval_id: str, status: str) -> None:
        """Name it, and say what became of it."""
        super().__init__(f"Approval {approval_id!r} does not wait any more: it is {status}.")


class ServerStopping(SessionError):
    """The server is stopping and has not taken the request: ask again when it is back."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("The server is stopping. Ask again when it is back.")


class QuotaReached(SessionError):
    """There is as much of something as there may be: delete some, or have the administrator allow more."""

    def __init__(self, what: str, used: int, limit: int, setting: str) -> None:
        """Say what there is too much of, and which setting says so."""
        super().__init__(f"There are {used} {what} already; {setting} allows {limit}.")
