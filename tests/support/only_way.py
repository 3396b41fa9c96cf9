"""A network of its own from which one address can be reached and no other, as the kernel sees to and counts.

Who runs in it has loopback, with a decoy on it, and a wire to us: no other route, no name server. What is meant for
anywhere else is not sent, and counted by the kernel; so is each datagram, since whoever looks up a name by itself sends
one. IPv6 has a route to where nobody is, and each of its packets is counted but those of the network itself: Chromium
asks at its start whether there is a route, without sending anything, which is no packet and must not count as one. It
needs root on Linux, of a user namespace or of all (``command_alone``).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

OURS, THEIRS, THEIRS_V6 = "10.77.0.1", "10.77.0.2", "fd77::2"

# Says its port, then a line for each connection; ends with its input.
_DECOY = """
import os, socket, threading
listening = socket.create_server(("127.0.0.1", 0), backlog=64)
print(listening.getsockname()[1], flush=True)
def serve():
    while True:
        came, _ = listening.accept()
        print("came", flush=True)
        came.close()
threading.Thread(target=serve, daemon=True).start()
while os.read(0, 1):
    pass
"""


def command_alone(command: list[str]) -> list[str]:
    """Return ``command`` for a network namespace of its own, in which it is root."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--net", "--kill-child", "--fork", *command]


class OnlyWay:
    """The network while the block lasts; ``through`` is the command that runs another one in it."""

    def __init__(self) -> None:
        """Describe it; nothing is there yet."""
        self.decoy_port = 0
        self.decoy_count = 0
        self.through: list[str] = []
        self._start: dict[str, int] = {}

    def __enter__(self) -> Self:
        """Make it."""
        self._decoy = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, "-c", _DECOY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._decoy.stdout is not None
        self.decoy_port = int(self._decoy.stdout.readline())
        self.through = ["nsenter", f"--net=/proc/{self._decoy.pid}/ns/net"]
        self._counting = threading.Thread(target=self._count, daemon=True)
        self._counting.start()
        _run("ip", "link", "set", "lo", "up")
        _run(*("ip", "link", "add", "way", "type", "veth", "peer", "name", "way", "netns", str(self._decoy.pid)))
        for end, address in (([], OURS), (self.through, THEIRS)):
            _run(*end, "ip", "address", "add", f"{address}/30", "dev", "way")
            _run(*end, "ip", "link", "set", "way", "up")
        _run(*self.through, "ip", "address", "add", f"{THEIRS_V6}/64", "dev", "way", "nodad")
        _run(*self.through, "ip", "-6", "route", "add", "default", "dev", "way")
        self._start = self._counters()
        return self

    def __exit__(self, *_: object) -> None:
        """End it: with its last process the namespace and the wire are gone."""
        assert self._decoy.stdin is not None
        assert self._decoy.stdout is not None
        self._decoy.stdin.close()
        self._decoy.wait(10)
        self._counting.join(10)
        self._decoy.stdout.close()

    def astray(self) -> dict[str, int]:
        """Return what went, or would have gone, elsewhere since the beginning: connections, packets, datagrams."""
        kernel = {name: value - self._start[name] for name, value in self._counters().items()}
        return {"decoy": self.decoy_count, **kernel}

    def forget(self) -> None:
        """Count from now on."""
        self.decoy_count = 0
        self._start = self._counters()

    def _count(self) -> None:
        assert self._decoy.stdout is not None
        for _ in self._decoy.stdout:
            self.decoy_count += 1

    def _counters(self) -> dict[str, int]:
        net = Path(f"/proc/{self._decoy.pid}/net")
        found: dict[str, str] = {}
        lines = (net / "snmp").read_text().splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=True):
            kind = names.partition(":")[0]
            found |= {f"{kind}{name}": value for name, value in zip(names.split()[1:], values.split()[1:], strict=True)}
        found |= dict(line.split() for line in (net / "snmp6").read_text().splitlines())
        counted = {name: int(found[name]) for name in ("IpOutNoRoutes", "UdpOutDatagrams", "Udp6OutDatagrams")}
        return counted | {"Ip6Packets": int(found["Ip6OutRequests"]) - int(found["Icmp6OutMsgs"])}


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
