"""Templates to HTML. Everything is escaped unless a template says otherwise; a name that is not there is an error."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from typing import Any

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tuntas.dashboard import words
from tuntas.dashboard.inbox_view import cut
from tuntas.dashboard.languages import Language, load
from tuntas.dashboard.phone_numbers import shown
from tuntas.foundation.plain_values import readable
from tuntas.foundation.sub_path import SubPath

MEGABYTE = 1_000_000


class Rendering:
    """All templates in all languages."""

    def __init__(self, addresses: Mapping[str, str], sub_path: SubPath) -> None:
        """``addresses`` are those of the static files, by name; ``sub_path`` is in front of all addresses."""
        self.sub_path = sub_path
        self._addresses = addresses

    @cached_property
    def languages(self) -> Mapping[str, Language]:
        """All languages by their code. Read for the first page, so that no start of the server waits for them."""
        return load()

    @cached_property
    def _environments(self) -> Mapping[str, Environment]:
        return {code: _environment(one, self._addresses) for code, one in self.languages.items()}

    def render(self, language: Language, template: str, values: Mapping[str, Any]) -> str:
        """Return a template's HTML."""
        # Names of files that the system gives may be any bytes; a page is UTF-8.
        html = self._environments[language.code].get_template(template).render(values)
        return self.sub_path.in_html(readable(html))


def _environment(language: Language, addresses: Mapping[str, str]) -> Environment:
    environment = Environment(
        loader=PackageLoader("tuntas.dashboard"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined]
    symbols = Markup(files("tuntas.dashboard").joinpath("static", "symbols.svg").read_text())  # noqa: S704 - our file

    def say(message: str | None) -> str:
        return "" if message is None else language.say(message)

    def size(count_bytes: int) -> str:
        megabytes = count_bytes / MEGABYTE
        if megabytes >= 1000:
            return f"{format_decimal(megabytes / 1000, '#,##0.0', locale=language.locale)} GB"
        return f"{format_decimal(round(megabytes), locale=language.locale)} MB"

    def file_size(count_bytes: int) -> str:
        if count_bytes >= MEGABYTE:
            return size(count_bytes)
        return f"{format_decimal(max(1, round(count_bytes / 1000)), locale=language.locale)} kB"

    def number(value: float) -> str:
        return str(format_decimal(value, "#,##0" if value >= 100 else "#,##0.#", locale=language.locale))

    def measured(value: float | None, unit: str) -> str:
        if value is None:
            return "–"
        return (
            size(round(value)) if unit == "size" else f"{number(value * 1000)} ms" if unit == "time" else number(value)
        )

    def moment(at: datetime, now: datetime) -> Markup:
        """Return a time as people read it; the page's script keeps it true and puts it into the reader's own zone."""
        ago = format_timedelta(at - now, add_direction=True, locale=language.locale, threshold=1.2)
        exact = format_datetime(at, "medium", locale=language.locale)
        return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(at.isoformat(), exact, ago)

    environment.filters |= {
        "say": say,
        "size": size,
        "moment": moment,
        "phone": shown,
        "cut": cut,
        "file_size": file_size,
        "measured": measured,
    }
    environment.globals |= {"words": words, "address": addresses, "language": language, "symbols": symbols}
    return environment


def version_of(html: str) -> str:
    """Return what tells two renderings apart. What ages by itself on the page (3 minutes ago) does not."""
    timeless = re.sub(r">[^<]*</time>", "></time>", html)
    return hashlib.sha256(timeless.encode()).hexdigest()[:12]
