"""What can go wrong with a browser, named for what the caller should do. Never carries page content."""

from __future__ import annotations

from tuntas.foundation.user_error import UserError


class BrowserNotFound(UserError):
    """No browser can be used; the message is one line that says what to install or which path is wrong."""


class BrowserInstallFailed(UserError):
    """A browser could not be installed; the message is one sentence that says what to do."""


class LaunchFailed(Exception):
    """A browser did not come up, and nothing of it is left.

    ``exit_code`` is negative for a signal, and None if the browser had not ended by itself.
    """

    def __init__(self, message: str, *, exit_code: int | None = None, stderr_lines: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.stderr_lines = stderr_lines


class ConnectionClosed(Exception):
    """The pipe to the browser has ended: every waiter and every later call gets this. The browser is to be stopped."""


class SessionClosed(ConnectionClosed):
    """The target that a flat session was attached to has crashed or is gone; the browser itself may still be well."""


class CallTimedOut(Exception):
    """The browser did not answer one call in time. The call may still take effect later."""

    def __init__(self, method: str, timeout_seconds: float) -> None:
        super().__init__(f"{method} was not answered within {timeout_seconds:g} s")
        self.method = method
        self.timeout_seconds = timeout_seconds


class CallFailed(Exception):
    """The browser answered one call with a protocol error (JSON-RPC codes, -32000 for most of Chromium's own)."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method} failed: {message} ({code})")
        self.method = method
        self.code = code
        self.message = message
