"""People whose number an account does not know: to its devices they have an address with their hidden id (LID) instead.

Pure. The sandbox itself goes by numbers; what crosses the wire to and from a page is put into the words of that page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SPOKEN = frozenset({"text", "name", "subject", "description", "about", "value", "vcard", "title"})
"""What people have written is never an address."""


def reword(value: Any, words: Mapping[str, str]) -> Any:
    """Return JSON values with every address among ``words`` put in its other form."""
    if isinstance(value, dict):
        return {words.get(key, key): each if key in SPOKEN else reword(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [reword(each, words) for each in value]
    return words.get(value, value) if isinstance(value, str) else value
