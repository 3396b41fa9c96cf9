"""An error as every answer has it: a document of RFC 9457, and beside it the members that WAHA's clients read."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

MEDIA_TYPE = "application/problem+json"


def problem(status: int, code: str, title: str, detail: str) -> dict[str, Any]:
    """Return the document; ``code`` never changes."""
    said = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    # What clients of WAHA show to their users; without it they say "Unknown error".
    return said | {"statusCode": status, "message": detail, "error": HTTPStatus(status).phrase}
