"""Values that mean harm, drawn from a seeded chance: texts, numbers, documents, names, addresses. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

TEXTS = (
    "",
    " ",
    "\x00",
    "\ud800",
    "a\udfff",
    "\r\nX-Injected: 1",
    "../../../../etc/passwd",
    "..\\..\\windows",
    "/etc/passwd",
    "CON",
    "nul.txt",
    "sessions",
    "%2e%2e%2f",
    "%00",
    "%ff",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${jndi:ldap://127.0.0.1/x}",
    "\u202e\u0000\ufeff",
    "💥" * 300,
    "a" * 5_000,
    "true",
    "null",
    "-1",
    "1e309",
    "NaN",
    "628111000222@c.us",
    "628111000222@c.us\n",
    "status@broadcast",
    "@g.us",
)
NUMBERS: tuple[Any, ...] = (0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 1e308, -0.0, 1e-320, float("nan"), float("inf"))
NAMES = ("con", "NUL", "all", "sendText", "SHOP", "Evil-0", "..", "a/b", "a" * 65, "\ud800", "é", "", "%2e", "x y")


def text(chance: Random) -> str:
    """Return a text that somebody may not expect."""
    if chance.random() < 0.7:
        return chance.choice(TEXTS)
    return "".join(chr(chance.choice((0, 10, 34, 92, 0x61, 0xE9, 0x3042, 0xD800, 0x1F4A5))) for _ in range(20))


def value(chance: Random, depth: int = 0) -> Any:
    """Return any value that JSON's readers take, and some that they should not."""
    kind = chance.randrange(8 if depth < 4 else 4)
    match kind:
        case 0 | 4:
            return text(chance)
        case 1:
            return chance.choice(NUMBERS)
        case 2:
            return chance.choice((None, True, False))
        case 3:
            return chance.randrange(10_000)
        case 5:
            return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
        case 6:
            return {text(chance): value(chance, depth + 1) for _ in range(chance.randrange(4))}
        case _:
            return nested(chance.choice((10, 40, 500)))


def nested(depth: int) -> Any:
    """Return lists inside each other."""
    inside: Any = []
    for _ in range(depth):
        inside = [inside]
    return inside


def as_json(document: Any) -> bytes:
    """Return a document as JSON, half characters, NaN and all, as other languages' writers would send it."""
    return json.dumps(document).encode("utf-8", "surrogatepass")


def spoilt(chance: Random, data: bytes) -> bytes:
    """Return ``data``, or something that only begins like it."""
    match chance.randrange(6):
        case 0:
            return data[: chance.randrange(len(data) + 1)]
        case 1:
            return data + chance.randbytes(chance.randrange(64))
        case 2:
            place = chance.randrange(len(data) + 1)
            return data[:place] + b"\xff\xfe\x00" + data[place:]
        case 3:
            return data.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-32", "utf-8-sig")))
        case _:
            return data


def webhooks(chance: Random, addresses: Sequence[str]) -> list[dict[str, Any]]:
    """Return webhooks that go to ``addresses`` or nowhere good, well formed and otherwise."""
    found = []
    for _ in range(chance.choice((1, 3, 20, 25))):
        url = chance.choice([*addresses, "http://127.0.0.1:1/", "http://169.254.169.254/", "http://[::1]:1/", "x:y"])
        one: dict[str, Any] = {"url": url, "events": chance.choice((["*"], ["session.status"], [], ["no"]))}
        if chance.random() < 0.5:
            one["retries"] = {
                "attempts": chance.choice((1, 3, 10**9)),
                "delaySeconds": chance.choice((0, 1, -1, 1e300)),
            }
        if chance.random() < 0.4:
            header = {"name": chance.choice(("X-A", "Host", "Content-Length", "X\r\nY")), "value": text(chance)}
            one["customHeaders"] = [header] * chance.choice((1, 30))
        found.append(one)
    return found
