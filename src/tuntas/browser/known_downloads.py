"""The archives of chrome-headless-shell that are known by their SHA-256, by version and platform.

The publisher gives no digests. These stand in public lists that build tools keep, to get the same browser every time;
what arrives with another one is not installed. A release adds the version that it was tried with.
"""

from __future__ import annotations

from collections.abc import Mapping

Digests = Mapping[str, Mapping[str, str]]

KNOWN: Digests = {
    "145.0.7632.76": {
        "linux64": "262d778300a8d2657ead75ba38a15c91f4dc6d7eb54713ba750264bd65dd2a51",
        "mac-arm64": "bfb90a62a36a47a54e96ea3e36f12fd499276bb8bfae97aafbe19079f41f1b1b",
        "mac-x64": "a81b60f42696dd471617d67f92bf16fe47d4639f75c4d700606e90991d7a5e0d",
        "win64": "85b44dbb12eb7f3d7d0733f71fd8da16d1abc7fb95812684d31896264d42c853",
    },
}


def newest(known: Digests, platform: str) -> str | None:
    """Return the newest version whose archive for ``platform`` is known, None if there is none."""
    versions = [version for version, archives in known.items() if platform in archives]
    return max(versions, key=lambda version: [int(part) for part in version.split(".")], default=None)
