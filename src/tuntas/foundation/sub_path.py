"""The path that a proxy has in front of our own: ``/whatsapp`` of ``https://example.com/whatsapp/``.

The applications name addresses from the root, as if there were no proxy. What comes in loses the sub-path, if the proxy
has left it, and what goes out gets it, each in one place, so that no page can forget it. Pure.
"""

from __future__ import annotations

import re

# The first parts of all our own paths.
OWN = frozenset(
    {"api", "dashboard", "docs", "health", "healthz", "mcp", "metrics", "openapi.json", "ping", "readyz", "ws"}
)
_FORM = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_LEADING = frozenset({b"location", b"hx-redirect"})
_EVERYWHERE = re.compile(rb"(?<=; )Path=/(?=;|$)", re.IGNORECASE)

Headers = list[tuple[bytes, bytes]]


class SubPath:
    """What is in front of our own addresses for browsers; the empty one changes nothing."""

    def __init__(self, path: str = "") -> None:
        """``path`` is that of a public address; a slash at its end says nothing.

        Raises:
            ValueError: it cannot be told from our own paths, or not be written into a page as it is.
        """
        self.path = path.rstrip("/")
        if not _FORM.fullmatch(self.path) or {".", ".."} & set(self.path.split("/")):
            message = f"the path {path!r} may only have letters of English, digits and . _ ~ - between its slashes"
            raise ValueError(message)
        # A proxy may strip it or leave it in: what comes must say which.
        if OWN & set(self.path.split("/")[1:2]):
            message = f"the path {path!r} begins like one of this server's own; choose another, such as /whatsapp"
            raise ValueError(message)
        self._bytes = self.path.encode()
        # What is written in a text is escaped, so a quote after such a name is a tag's own. A part that has it already
        # may come again within a page; no path of ours begins like it.
        own = rf"(?=/(?!/))(?!{re.escape(self.path)}/)"
        self._attributes = re.compile(rf'(?<=\s)((?:href|src|action|hx-get|hx-post|sse-connect)="){own}')

    def stripped(self, path: str) -> str:
        """Return the path that is meant by one that was asked for."""
        return (path[len(self.path) :] or "/") if self.path and f"{path}/".startswith(f"{self.path}/") else path

    def in_html(self, html: str) -> str:
        """Return a page, or a part of one, with the sub-path in its addresses."""
        return self._attributes.sub(rf"\1{self.path}", html) if self.path else html

    def in_headers(self, headers: Headers, origins: tuple[bytes, ...] = ()) -> Headers:
        """Return an answer's headers with the sub-path where they lead to, and cookies for nobody else on the host.

        An address that begins with one of our ``origins`` becomes a path: a proxy knows them by another name.
        """
        return [(name, self._in_header(name.lower(), value, origins)) for name, value in headers]

    def _in_header(self, name: bytes, value: bytes, origins: tuple[bytes, ...]) -> bytes:
        if name in _LEADING:
            for origin in origins:
                value = value.removeprefix(origin) if value.startswith(origin + b"/") else value
            return self._bytes + value if value.startswith(b"/") and not value.startswith(b"//") else value
        return _EVERYWHERE.sub(b"Path=" + (self._bytes or b"/"), value) if name == b"set-cookie" else value
