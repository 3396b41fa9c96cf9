"""How many files and sockets this process may have open: all that the system allows, not only what it gives."""

from __future__ import annotations

import sys


def raise_limit() -> int | None:
    """Raise the soft limit of open descriptors to the hard one and return it; None where there is no such limit."""
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        hard = soft  # macOS calls its hard limit endless and then refuses it
    return None if hard == resource.RLIM_INFINITY else hard
