"""Invitations to groups, as people paste them: a code, or an address with the code in it and anything behind. Pure."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from tuntas.api.plain_writing import plainly

_CODE = r"[A-Za-z0-9_-]{4,128}"
_LINK = re.compile(
    rf"(?:chat\.whatsapp\.com/(?:invite/)?|whatsapp\.com/accept/?\?(?:[^\s#]*&)?code=|whatsapp://chat/?\?(?:[^\s#]*&)?code=)"
    rf"(?P<code>{_CODE})(?![A-Za-z0-9_-])",
    re.IGNORECASE,
)
_BARE = re.compile(_CODE)


def invite_code(text: str) -> str:
    """Return the code of an invitation. Raises ValueError where there is none."""
    # A code may have dashes of its own, so only what nobody sees is taken away.
    written = plainly(text)
    if match := _LINK.search(written):
        return match["code"]
    if _BARE.fullmatch(written):
        return written
    message = "is no invitation; write its code, or https://chat.whatsapp.com/ with the code behind it"
    raise ValueError(message)


InviteCode = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        description="A code, or its whole address.",
        examples=["https://chat.whatsapp.com/1234567890abcdef"],
    ),
    AfterValidator(invite_code),
]
