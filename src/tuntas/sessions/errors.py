"""Errors named for what the caller should do. One table in ``api.errors`` maps them to HTTP."""

from __future__ import annotations


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

    def __init__(self, name: str) -> None:
        """Name the session."""
        super().__init__(f"Session {name!r} already exists.")
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


class Superseded(SessionError):
    """A later wish wants the opposite, and wins: look at the session, then ask again if you still want to."""

    def __init__(self, name: str, later: str) -> None:
        """Name the session and the wish that won."""
        super().__init__(f"Another request for session {name!r} came in between: {later}.")
        self.name = name


class PageUnavailable(SessionError):
    """The page did not answer, or went away during the call: try again later."""


class PageRefused(SessionError):
    """The page answered that it will not do this, and why: correct the request."""


class NotThere(PageRefused):
    """WhatsApp has no such chat, person, group or message for this account: check the id."""


class NotAllowed(PageRefused):
    """WhatsApp would not let this account do it, for example because it does not administer the group."""


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


class ServerStopping(SessionError):
    """The server is stopping and has not taken the request: ask again when it is back."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("The server is stopping. Ask again when it is back.")
