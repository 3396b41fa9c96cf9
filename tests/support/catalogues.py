"""The dashboard's message catalogues: what is in the sources, and the files of ``locale/``. ``make messages`` runs it.

``en.po`` is made from the sources; the other languages keep what translators wrote, get what is new with no
translation (a test then fails until there is one), and lose what is no longer said.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOM = Path(__file__).parents[2] / "src" / "tuntas" / "dashboard"
LOCALE = ROOM / "locale"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}}
# Header lines that change for nothing, or that nobody has filled in.
_UNUSED = (
    '"POT-Creation',
    '"PO-Revision',
    '"Generated-By',
    '"Report-',
    '"Project-Id',
    '"Last-Transl',
    '"Language-Team',
    "# ",
)
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def in_sources() -> Catalog:
    """Return every message that the dashboard can say, by the files that say it."""
    catalogue = Catalog(locale="en", project="Tuntas", charset="utf-8", fuzzy=False)
    found = extract_from_dir(str(ROOM), METHODS, OPTIONS, KEYWORDS)
    for name, _line, message, comments, context in sorted(found, key=lambda one: (one[0], one[1])):
        catalogue.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    return catalogue


def read(code: str) -> Catalog:
    """Return the catalogue of a language as it is on disk."""
    return read_po(io.BytesIO((LOCALE / f"{code}.po").read_bytes()), locale=code)


def text_of(catalogue: Catalog) -> str:
    """Return a catalogue as its file; without dates and line numbers, which would change it for nothing."""
    out = io.BytesIO()
    write_po(out, catalogue, width=0, omit_header=False, include_lineno=False, ignore_obsolete=True)
    kept = [line for line in out.getvalue().decode().splitlines() if not line.startswith(_UNUSED) and line != "#"]
    return "\n".join(kept).strip() + "\n"


def renewed(code: str) -> str:
    """Return the file of a language as it should be, from the sources and what is translated already."""
    sources = in_sources()
    if code == "en":
        return text_of(sources)
    catalogue = read(code)
    catalogue.update(sources, no_fuzzy_matching=True)
    return text_of(catalogue)


if __name__ == "__main__":
    for path in sorted(LOCALE.glob("*.po")):
        path.write_text(renewed(path.stem), encoding="utf-8")
