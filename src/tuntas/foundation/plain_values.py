"""One policy for what comes from outside: texts that are UTF-8, numbers that every reader has, nesting that ends.

Whatever passes can be stored, sent and shown again by every part. A lone surrogate, NaN or an infinity is taken by some
JSON readers and by some databases and refused by others: once stored, it spoils every list that it is in. So each door
(HTTP, reports of a page, imports, events) asks here first. An error names the place and never the value.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

MOST_DEPTH = 32
# What a database's integer column and every JSON reader hold.
MOST_INTEGER = 2**63 - 1

_SHOWN_KEY_LENGTH = 64

_PARTS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[,\[{]', re.DOTALL)

_Place = tuple[str | int, ...]


class NotPlain(ValueError):
    """A value that is not taken.

    ``place`` leads to it (keys and indexes), ``where`` says that for people, ``problem`` what is wrong with it.
    """

    def __init__(self, problem: str, place: _Place = (), name: str = "") -> None:
        """Say where, beginning with ``name``, and what."""
        where = _shown(place, name)
        super().__init__(f"{where}: {problem}" if where else problem)
        self.where = where
        self.problem = problem
        self.place = place


def require_plain(value: Any, *, max_depth: int = MOST_DEPTH, name: str = "") -> None:
    """Return if ``value`` is plain: None, truth, bounded numbers, UTF-8 text, and lists and objects of these.

    ``max_depth``: how many lists and objects may be inside each other. ``name``: what an error calls the whole value.

    Raises:
        NotPlain: it is not; the message names the place.
    """
    # No recursion: the depth of what is looked at is not ours.
    waiting: list[tuple[_Place, Any]] = [((), value)]
    while waiting:
        place, one = waiting.pop()
        if isinstance(one, Mapping | list | tuple):
            if len(place) >= max_depth:
                raise NotPlain(_too_deep(max_depth), place, name)
            waiting.extend(_inside(one, place, name))
        elif (problem := _problem_of(one)) is not None:
            raise NotPlain(problem, place, name)


def plain_from_json(
    text: str | bytes, *, max_depth: int = MOST_DEPTH, max_values: int | None = None, name: str = ""
) -> Any:
    """Return the value of a JSON text, if it is plain. ``max_values`` bounds what it takes in memory when it is read.

    Raises:
        NotPlain: it is no JSON (RFC 8259, UTF-8), not plain, or has a key twice: readers differ in which one counts.
    """
    try:
        decoded = text if isinstance(text, str) else text.decode()
        if max_values is not None and not _has_few_values(decoded, max_values):
            problem = f"more than {max_values} values"
            raise NotPlain(problem)
        value = json.loads(decoded, parse_constant=_refuse_constant, object_pairs_hook=_without_doubles)
    except RecursionError:
        raise NotPlain(_too_deep(max_depth), (), name) from None
    except NotPlain as error:
        raise NotPlain(error.problem, (), name) from None
    except ValueError:  # also bytes that are no UTF-8, and integers of thousands of digits
        raise NotPlain("no JSON", (), name) from None
    require_plain(value, max_depth=max_depth, name=name)
    return value


def is_utf8(text: str) -> bool:
    """Whether ``text`` can be written as UTF-8: it has no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def readable(text: str) -> str:
    """Return ``text`` as every part can store and show it: what is no UTF-8 in it, and NUL, replaced.

    For names that the system gives (of files, of processes), which may be any bytes, and are only to be read.
    """
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")


def _has_few_values(text: str, most: int) -> bool:
    """Count before anything is read: a byte of text can become a hundred bytes of lists."""
    if text.count(",") + text.count("[") + text.count("{") <= most:
        return True
    # Those in texts do not count. Each step is a whole text or one sign, so this ends soon whatever the text is.
    values = texts = 0
    for part in _PARTS.finditer(text):
        if part[0][0] == '"':
            texts += 1
        else:
            values += 1
        if values > most or texts > 2 * most + 1:  # a value has one text before it at most, its name
            return False
    return True


def _inside(container: Mapping[Any, Any] | list[Any] | tuple[Any, ...], place: _Place, name: str) -> Iterator[Any]:
    if not isinstance(container, Mapping):
        for index, value in enumerate(container):
            yield (*place, index), value
        return
    for key, value in container.items():
        if not isinstance(key, str):
            raise NotPlain("a key that is no text", place, name)
        if not is_utf8(key):
            raise NotPlain("a key that is no UTF-8 (a lone surrogate)", place, name)
        yield (*place, key), value


def _problem_of(value: Any) -> str | None:
    match value:
        case None | bool():
            return None
        case str():
            return None if is_utf8(value) else "text that is no UTF-8 (a lone surrogate)"
        case int():
            return None if -MOST_INTEGER <= value <= MOST_INTEGER else "an integer of more than 64 bits"
        case float():
            return None if math.isfinite(value) else "NaN or an infinity"
        case _:
            return f"no plain value ({type(value).__name__})"


def _too_deep(max_depth: int) -> str:
    return f"nested deeper than {max_depth}"


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise NotPlain("an object that has a key twice")
    return made


def _refuse_constant(_name: str) -> NoReturn:
    raise NotPlain("NaN or an infinity")


def _shown(place: _Place, name: str) -> str:
    words = [name]
    for part in place:
        if isinstance(part, int):
            words.append(f"[{part}]")
        else:
            short = part if len(part) <= _SHOWN_KEY_LENGTH else f"{part[:_SHOWN_KEY_LENGTH]}…"
            words.append(f".{short}" if words != [""] else short)
    return "".join(words)
