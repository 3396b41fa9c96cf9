"""A file's bytes and type as tools write them in a request, brought to one form. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

_DATA_ADDRESS = re.compile(r"\s*data:(?P<type>[^,;]*(?:;[^,;=]+=[^,;]*)*)(?P<base64>;\s*base64)?\s*,", re.IGNORECASE)
_MIMETYPE = re.compile(
    r"(?P<type>[a-z]+/[a-z0-9.+_-]+)(?P<parameters>(?:\s*;\s*[a-z0-9_-]+\s*=\s*(?:\"[^\";\x00-\x1f]*\"|[a-z0-9.,_+-]+))*)\s*;?",
    re.IGNORECASE,
)
_URL_SAFE = str.maketrans("-_", "+/")


def normal_mimetype(text: str) -> str:
    """Return a MIME type in lower case, its parameters behind it. Raises ValueError for what is none."""
    match = _MIMETYPE.fullmatch(text.strip())
    if match is None:
        message = "is no MIME type; write image/png"
        raise ValueError(message)
    parameters = [one.strip() for one in match["parameters"].split(";") if one.strip()]
    pairs = (re.split(r"\s*=\s*", one, maxsplit=1) for one in parameters)
    return "; ".join([match["type"].lower(), *(f"{name.lower()}={value}" for name, value in pairs)])


def normal_data(text: str) -> tuple[str, str | None]:
    """Return a file's bytes as plain base64, and the type that a data address says.

    Takes line ends and spaces, the alphabet for addresses, missing padding, and whole ``data:`` addresses.

    Raises:
        ValueError: it is no base64.
    """
    address = _DATA_ADDRESS.match(text)
    mimetype = None
    if address is not None:
        text = text[address.end() :]
        mimetype = _type_of(address["type"])
        if address["base64"] is None:
            return base64.b64encode(unquote_to_bytes(text)).decode(), mimetype
    compact = "".join(text.split()).translate(_URL_SAFE).rstrip("=")
    padded = compact + "=" * (-len(compact) % 4)
    try:
        base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        message = "data is not base64"
        raise ValueError(message) from None
    return padded, mimetype


def _type_of(text: str) -> str | None:
    try:
        return normal_mimetype(text)
    except ValueError:
        return None  # a data address without a type is text, as the standard says; nobody means that
