"""The catalogues say all that the sources say, in every language; and nothing is said outside them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from support.catalogues import LOCALE, ROOM, in_sources, read, renewed
from tuntas.dashboard.languages import choose, load

CODES = sorted(path.stem for path in LOCALE.glob("*.po"))
TEMPLATES = sorted((ROOM / "templates").glob("*.html"))
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
# Names of things, which are the same in every language.
NAMES = {"Tuntas", "WA-JS", "pid", "tuntas keys create"}
SPOKEN = {"aria-label", "title", "placeholder", "alt"}


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_is_what_the_sources_make_of_it(code: str) -> None:
    path = LOCALE / f"{code}.po"
    assert path.read_text(encoding="utf-8") == renewed(code), f"{path.name} is old: run `make messages`"


@pytest.mark.parametrize("code", [code for code in CODES if code != "en"])
def test_a_translation_is_whole_and_fills_in_the_same_things(code: str) -> None:
    catalogue = read(code)
    for message in catalogue:
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(said), f"{code}: not translated: {message.id}"
        assert len(said) == (catalogue.num_plurals if message.pluralizable else 1), message.id
        for one in said:
            assert placeholders(str(one)) == wanted(message), f"{code}: {one}"
    assert {message.id for message in catalogue} == {message.id for message in in_sources()}


# What WhatsApp itself calls it in Indonesian, or what one word says already.
OTHER_WORDS = re.compile(r"\b(obrolan|file|peramban|otomatis sendiri|macet|unggahan|menyerah)\b", re.IGNORECASE)
ENGLISH = re.compile(r"\b(the|and|is|are|of|with|for|your|from|this|that|not|has|was|were)\b", re.IGNORECASE)


def test_indonesian_has_one_word_for_one_thing_and_no_english() -> None:
    said = [str(text) for message in read("id") if message.id for text in _texts(message.string)]
    assert [text for text in said if OTHER_WORDS.search(text) or ENGLISH.search(text)] == []


def _texts(string: object) -> tuple[object, ...]:
    return string if isinstance(string, tuple) else (string,)


class Words(HTMLParser):
    """Collects what a page says by itself: text, and the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found += [line.strip(" .:·") for line in data.splitlines()]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in SPOKEN and value]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_says_nothing_by_itself(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    words = Words()
    words.feed(re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL))
    said = {word for word in words.found if re.search(r"[^\W\d]{2}", word)}
    addresses = {word for word in said if word.startswith("/dashboard/") or word == "/ending"}
    assert said - NAMES - addresses == set()


def test_languages_are_the_files_and_the_best_one_is_chosen() -> None:
    known = load()
    assert list(known) == ["en", *[code for code in CODES if code != "en"]]
    assert choose(None, "fr-FR, id;q=0.8, en;q=0.9", known).code == "en"
    assert choose(None, "id-ID,id;q=0.9,en;q=0.8", known).code == "id"
    assert choose(None, "id;q=0, *;q=x", known).code == "en"
    assert choose("id", "en", known).code == "id"
    assert choose("klingon", "id", known).code == "id"
    assert known["id"].count("%(num)s session", "%(num)s sessions", 3) == "3 sesi"
    assert known["en"].count("%(num)s session", "%(num)s sessions", 1) == "1 session"


def placeholders(text: str) -> set[str]:
    """Return what a message has filled in."""
    return set(PLACEHOLDER.findall(text))


def wanted(message: Message) -> set[str]:
    """Return what any form of the message in the sources has filled in."""
    forms = message.id if isinstance(message.id, tuple | list) else (message.id,)
    return set().union(*(placeholders(str(form)) for form in forms))
