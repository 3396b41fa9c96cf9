"""Ports for programs that must be told theirs."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return a port of loopback that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
