"""How to install what an extra names."""

from __future__ import annotations


def how_to_install(extra: str) -> str:
    """Return the command that installs an extra's packages, by their own names.

    Never ``tuntas[…]``: where this project's name is not registered on a package index, it could be anybody's there.
    """
    # Imported when something is missing: it would take a fifth of the time of every `tuntas --help`.
    from importlib.metadata import requires

    declared = (requirement.partition(";") for requirement in requires("tuntas") or [])
    packages = [name.strip() for name, _, marker in declared if extra in marker.replace("'", '"').split('"')]
    # Double quotes: what the shells of Linux, macOS and Windows all take.
    return " ".join(["pip install", *(f'"{package}"' for package in packages)])
