"""What a browser keeps in a profile to be faster, and can do without: bounded, so that a session's disk is.

A full Chromium bounds it when told; chrome-headless-shell heeds no such flag and keeps whatever the page ever loaded
(766 MB of 800 MB, measured with Chromium 156). Touches the caches by their names, never what a page stores: keys,
chats and messages are elsewhere. Follows no link.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tuntas.profiles.guards import is_real_directory
from tuntas.profiles.purge import size_bytes

LOADED = "Default/Cache"
"""What the page has loaded over HTTP: the one that a living browser can be told to empty."""

NAMES = (
    LOADED,
    "Default/Code Cache",
    "Default/GPUCache",
    "Default/DawnGraphiteCache",
    "Default/DawnWebGPUCache",
    "GrShaderCache",
    "GraphiteDawnCache",
    "ShaderCache",
)


def loaded_bytes(profile: Path) -> int:
    """Return how much a profile keeps of what its page has loaded. Blocking: looks at each file."""
    return _size(profile / LOADED)


def trim_caches(profile: Path, limit_bytes: int) -> int:
    """Remove the caches if they take more than ``limit_bytes`` together; return what that frees. Blocking.

    Only while no browser uses the profile. Raises OSError.
    """
    found = [(profile / name, _size(profile / name)) for name in NAMES]
    total = sum(size for _, size in found)
    if total <= limit_bytes:
        return 0
    for path, size in found:
        if size:
            shutil.rmtree(path)
    return total


def _size(path: Path) -> int:
    # A link in the place of a folder on the way is not ours to follow.
    return size_bytes(path) if is_real_directory(path.parent) and is_real_directory(path) else 0
