"""What is put into every document of the page: WA-JS's settings, WA-JS itself as npm delivered it, our bridge."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from tuntas.foundation.advice import Advice


class AssetsMissing(Advice):
    """The package was built without WA-JS; the message says how to get it."""


@cache
def document_script() -> str:
    """Return the script, about half a megabyte.

    Raises:
        AssetsMissing: the WA-JS bundle is not in the package.
    """
    room = files("tuntas.whatsapp")
    try:
        bundle = room.joinpath("assets/wa-js.js").read_text(encoding="utf-8")
    except FileNotFoundError:
        message = "WA-JS is missing from this installation. In a checkout run `make setup`; else install a built wheel."
        raise AssetsMissing(message) from None
    parts = [room.joinpath(name).read_text(encoding="utf-8") for name in ("config.js", "bridge.js")]
    return "\n;\n".join([parts[0], bundle, parts[1]])


def wa_js_version() -> str:
    """Return the version of the WA-JS bundle in this installation."""
    document = files("tuntas.whatsapp").joinpath("assets/wa-js.package.json").read_text(encoding="utf-8")
    return str(json.loads(document)["version"])
