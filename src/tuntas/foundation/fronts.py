"""The front of a package that loads each of its parts when something of it is first asked for (PEP 562).

A server's start needs a few light things out of packages that are heavy as a whole, and answers before those are
there. What the front offers is imported under ``TYPE_CHECKING`` too, so that types and import contracts see it all.
No name may be that of a part: once that part is loaded, it would stand in its place.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def on_demand(package: str, parts: Mapping[str, str]) -> Callable[[str], Any]:
    """Return ``package``'s ``__getattr__``; ``parts`` says what it offers of each, names with spaces between."""
    where = {name: part for part, names in parts.items() for name in names.split()}

    def find(name: str) -> Any:
        if name not in where:
            message = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=sys.modules[package])
        found = getattr(import_module(f"{package}.{where[name]}"), name)
        setattr(sys.modules[package], name, found)  # from now on it is found without this
        return found

    return find
