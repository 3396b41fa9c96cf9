"""What is put into every document of the page: WA-JS's settings, WA-JS itself as npm delivered it, our bridge."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from tuntas.foundation.user_error import UserError

# In this order: each may use what stands before it.
BRIDGE = (
    "login_copy.js",
    "standing.js",
    "passkey.js",
    "capabilities.js",
    "people.js",
    "restrictions.js",
    "records.js",
    "messages.js",
    "message_acts.js",
    "status.js",
    "media.js",
    "directory.js",
    "groups.js",
    "labels.js",
    "channels.js",
    "presence.js",
    "calls.js",
    "echo.js",
    "catch_up.js",
)

_ONLY_IN_THE_PAGE = 'if (window !== window.top || typeof WPP === "undefined") return;'
_OFFER_CALLS = """
for (const [name, call] of Object.entries(calls)) calls[name] = offered(call);
Object.defineProperty(globalThis, "__tuntas", { value: Object.freeze(calls) });
"""


class AssetsMissing(UserError):
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
    parts = [room.joinpath("bridge", name).read_text(encoding="utf-8") for name in BRIDGE]
    bridge = "\n".join(["(() => {", _ONLY_IN_THE_PAGE, *parts, _OFFER_CALLS, "})();"])
    return "\n;\n".join([room.joinpath("config.js").read_text(encoding="utf-8"), bundle, bridge])


@cache
def login_back_script() -> str:
    """Return what goes before it in a profile that had an earlier life: the login that a killed browser forgot."""
    return files("tuntas.whatsapp").joinpath("login_back.js").read_text(encoding="utf-8")


def wa_js_version() -> str:
    """Return the version of the WA-JS bundle in this installation."""
    document = files("tuntas.whatsapp").joinpath("assets/wa-js.package.json").read_text(encoding="utf-8")
    return str(json.loads(document)["version"])
