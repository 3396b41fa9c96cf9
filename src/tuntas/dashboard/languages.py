"""The languages that the dashboard speaks: English in the sources, every other in one file of ``locale/``.

The files are gettext catalogues (``.po``), which translators and their tools know. Babel reads them for the first
page, so nothing is compiled; it also knows each language's plurals, numbers and dates. A new language is a new file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """One language. ``name`` is what its speakers call it."""

    code: str
    name: str
    locale: Locale
    translations: NullTranslations

    def say(self, message: str, **values: object) -> str:
        """Return a message of the catalogue in this language, its placeholders filled in."""
        text = self.translations.ugettext(message)
        return text % values if values else text

    def count(self, one: str, many: str, number: int) -> str:
        """Return the form of a message that this language has for ``number`` things."""
        return self.translations.ungettext(one, many, number) % {"num": number}


def load() -> Mapping[str, Language]:
    """Return all languages by their code, English first."""
    found = {ENGLISH: _language(ENGLISH, NullTranslations())}
    for file in sorted(files("tuntas.dashboard").joinpath("locale").iterdir(), key=lambda one: one.name):
        code, dot, kind = file.name.partition(".")
        if (dot, kind) == (".", "po") and code != ENGLISH:
            catalogue = read_po(io.BytesIO(file.read_bytes()), locale=code)
            compiled = io.BytesIO()
            write_mo(compiled, catalogue)
            compiled.seek(0)
            found[code] = _language(code, Translations(compiled))
    return found


def choose(wanted: str | None, accepted: str, known: Mapping[str, Language]) -> Language:
    """Return the language that was ``wanted``, else the best of an Accept-Language header, else English."""
    if wanted is not None and wanted in known:
        return known[wanted]
    for code in _by_preference(accepted):
        if code in known:
            return known[code]
    return known[ENGLISH]


def _language(code: str, translations: NullTranslations) -> Language:
    locale = Locale.parse(code)
    return Language(code, locale.get_display_name(code) or code, locale, translations)


def _by_preference(header: str) -> list[str]:
    """Return the languages of an Accept-Language header (RFC 9110), best first, regions left out."""
    ranked = []
    for position, part in enumerate(header.split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        quality = parameter.strip().removeprefix("q=") if parameter else "1"
        try:
            ranked.append((-float(quality), position, tag.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    return [code for quality, _, code in sorted(ranked) if quality < 0]
