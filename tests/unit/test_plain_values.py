"""What every door takes, and what it names when it does not."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuntas.foundation.plain_values import MOST_DEPTH, MOST_INTEGER, NotPlain, plain_from_json, require_plain

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-MOST_INTEGER, MOST_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
PLAIN = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))
HARMFUL = st.sampled_from(["\ud800", "a\udfffb", math.nan, math.inf, -math.inf, 2**63, -(2**63), 10**400, b"", {1}])
Step = str | int


def wrapped(value: Any, place: list[Step]) -> Any:
    """Put ``value`` where ``place`` leads, among harmless neighbours."""
    for part in reversed(place):
        value = {"other": "x", part: value} if isinstance(part, str) else [*range(part), value]
    return value


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


@given(PLAIN)
def test_what_json_can_say_is_plain_and_comes_back_the_same(value: Any) -> None:
    require_plain(value)
    assert plain_from_json(json.dumps(value)) == value
    assert plain_from_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(HARMFUL, st.lists(st.sampled_from(["a", "b c"]) | st.integers(0, 3), max_size=MOST_DEPTH))
def test_one_harmful_value_anywhere_is_found_and_its_place_named(value: Any, place: list[Step]) -> None:
    with pytest.raises(NotPlain) as caught:
        require_plain(wrapped(value, place), name="body")
    assert caught.value.place == tuple(place)
    named = "body" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    assert str(caught.value) == f"{named}: {caught.value.problem}"


@given(HARMFUL.filter(lambda value: isinstance(value, str | int | float)), st.lists(st.just("a"), max_size=5))
def test_json_that_says_something_harmful_is_refused(value: Any, place: list[Step]) -> None:
    with pytest.raises(NotPlain):
        plain_from_json(json.dumps(wrapped(value, place)))


@given(st.text())
def test_an_error_can_be_written_and_is_short_whatever_the_keys_are(key: str) -> None:
    with pytest.raises(NotPlain) as caught:
        require_plain({key * 50: "\ud800", "\udcff": 1})
    assert len(str(caught.value).encode()) < 1000


def test_a_value_is_never_told() -> None:
    with pytest.raises(NotPlain) as caught:
        require_plain({"note": "secret words \ud800"})
    assert str(caught.value) == "note: text that is no UTF-8 (a lone surrogate)"


@pytest.mark.parametrize("depth", [MOST_DEPTH + 1, 5_000, 100_000])
def test_what_is_nested_too_deeply_is_refused_however_deep_it_is(depth: int) -> None:
    with pytest.raises(NotPlain, match="nested deeper than 32"):
        require_plain(nested(depth))
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        with pytest.raises(NotPlain, match=r"nested deeper than 32|no JSON"):
            plain_from_json(opening * depth + "1" + closing * depth)


def test_as_deep_as_allowed_is_taken() -> None:
    require_plain(nested(MOST_DEPTH))
    require_plain({"a": {"b": [1]}}, max_depth=3)
    with pytest.raises(NotPlain, match=r"^a\.b: nested deeper than 2$"):
        require_plain({"a": {"b": [1]}}, max_depth=2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "NaN",
        "[Infinity]",
        "1e999",
        b"\xff",
        b'"\xed\xa0\x80"',
        "1".encode("utf-16"),
        '"\\ud800"',
        '{"a": 1, "a": 1}',
    ],
)
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(NotPlain):
        plain_from_json(text)


def test_a_number_of_thousands_of_digits_is_refused_before_it_costs_anything() -> None:
    with pytest.raises(NotPlain):
        plain_from_json("9" * 100_000)


def test_keys_are_texts() -> None:
    with pytest.raises(NotPlain, match=r"^a: a key that is no text$"):
        require_plain({"a": {1: 2}})
    with pytest.raises(NotPlain, match=r"^a: a key that is no UTF-8"):
        require_plain({"a": {"\ud800": 2}})


def test_what_would_take_too_much_memory_is_known_before_it_is_read() -> None:
    few = 100
    for text in ("[" + "[]," * 200 + "0]", "[" * 5000, "{" * 200, "," * 101, '"' * 5000 + "," * 101):
        with pytest.raises(NotPlain):
            plain_from_json(text, max_values=few)
    for value in ({"text": ',[]{}"\\' * 1000}, ["x"] * 90, {str(number): "," for number in range(90)}, "x" * 10_000):
        assert plain_from_json(json.dumps(value), max_values=few) == value
