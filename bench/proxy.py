"""Sessions behind a proxy, in a network that has no other way out: does anything ever try to go past it?

``python -m bench.proxy [--rounds N] [--json]``

A server runs in a network namespace whose only route is the wire to the proxy. Its WhatsApp is an address of which a
decoy listens on its own loopback, so that a browser that goes by itself finds somebody, and the sandbox is behind the
proxy. Each round is a session's life with an HTTP or a SOCKS5 proxy: a sound one, one that refuses the password, a dead
one, and one that is killed in the middle; messages and a file by its address are sent. What goes astray is counted by
the decoy and by the kernel: packets for which there is no route, and datagrams, which a look-up of a name would be.
First the trap is tried: a session without a proxy must be counted, and so must a connection to the outside. Exits 1 if
anything went astray, or a session was not what it should have been. Needs Linux with user namespaces, or root.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.file_server import FileServer  # noqa: E402
from support.only_way import OURS, THEIRS, OnlyWay, command_alone  # noqa: E402
from support.proxies import PlayedProxy  # noqa: E402
from support.running import Sandbox, Server, browsers_of, running, wait_for  # noqa: E402

KINDS = ("http", "socks5")
FAULTS = ("none", "wrong password", "dead", "killed")
CUSTOMER = "628220000000"
QUICK = {
    "TUNTAS_HOST": THEIRS,
    "TUNTAS_MEDIA_THROUGH_PROXY": "true",
    "TUNTAS_NETWORK_INTERVAL_SECONDS": "0.2",
    "TUNTAS_RESTART_FIRST_SECONDS": "0.2",
    "TUNTAS_PROXY_RETRY_SECONDS": "0.5",
    "TUNTAS_CLOSE_TIMEOUT_SECONDS": "2",
    "TUNTAS_SENDS_PER_MINUTE": "0",
}
_INSIDE = "TUNTAS_BENCH_INSIDE"
_TO_THE_OUTSIDE = """
import socket
for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        one = socket.socket(family, kind)
        one.settimeout(0.5)
        try:
            one.connect((address, 443))
            one.send(b"x")
        except OSError:
            pass
"""


@dataclass
class Figures:
    """What all rounds have shown."""

    trap: dict[str, int] = field(default_factory=dict)
    rounds: dict[str, int] = field(default_factory=dict)
    messages: int = 0
    files: int = 0
    connections_through_the_proxy: int = 0
    refused_by_the_proxy: int = 0
    astray: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)


class Confined(Server):
    """A server in the network with one way."""

    def __init__(self, way: OnlyWay, data: Path, url: str) -> None:
        self.through = way.through
        super().__init__(data, url, 0, **QUICK)


class Rounds:
    """One server, a session and a proxy in each round."""

    def __init__(self, way: OnlyWay, server: Server, sandbox: Sandbox, files: FileServer) -> None:
        self._way, self._server, self._sandbox, self._files = way, server, sandbox, files
        self.figures = Figures()

    def try_the_trap(self) -> None:
        """Let a session go by itself, and a program; both must be counted."""
        self._server.create("free")
        wait_for(lambda: self._way.decoy_count, what="the decoy counts a session without a proxy")
        subprocess.run([*self._way.through, sys.executable, "-c", _TO_THE_OUTSIDE], check=True)
        self.figures.trap = self._way.astray()
        if not all(self.figures.trap[one] for one in ("IpOutNoRoutes", "Udp6OutDatagrams", "Ip6Packets")):
            self.figures.broken.append(f"the kernel does not count what goes elsewhere: {self.figures.trap}")
        self._server.http.delete("/api/sessions/free").raise_for_status()
        wait_for(lambda: not browsers_of(self._server.data_dir), what="no browser is left")
        self._way.forget()

    def run(self, number: int) -> None:
        """Live one round; what is not as it should be is written down."""
        kind, fault = KINDS[number % 2], FAULTS[number // 2 % 4]
        name = f"{kind}, {fault}"
        self.figures.rounds[name] = self.figures.rounds.get(name, 0) + 1
        port = urlsplit(self._sandbox.url).port
        assert port is not None
        proxy = PlayedProxy(kind, port, host=OURS)
        proxy.ways = {"files.example": self._files.port}
        proxy.begin()
        try:
            self._live(f"round{number}", f"62811{number:07}", proxy, fault)
        except (AssertionError, httpx.HTTPError) as error:
            self.figures.broken.append(f"round {number} ({name}): {type(error).__name__}: {error}")
        finally:
            self._server.http.delete(f"/api/sessions/round{number}")
            self.figures.connections_through_the_proxy += len(proxy.destinations)
            self.figures.refused_by_the_proxy += proxy.refused
            proxy.close()
        self.figures.astray = self._way.astray()
        if any(self.figures.astray.values()):
            self.figures.broken.append(f"round {number} ({name}): astray {self.figures.astray}")
            self._way.forget()

    def _live(self, session: str, number: str, proxy: PlayedProxy, fault: str) -> None:
        server = self._server
        if fault == "dead":
            proxy.cut()
        given = proxy.config(password="not-it") if fault == "wrong password" else proxy.config()
        server.create(session, config={"proxy": given})
        if fault in {"dead", "wrong password"}:
            reason = "proxy_unreachable" if fault == "dead" else "proxy_refused"
            wait_for(lambda: reason in server.story(session), what=reason)
            # It is tried again meanwhile; files are asked for by themselves.
            answer = server.http.post(
                f"/api/{session}/media/convert/voice", json={"url": "http://files.example/receipt.txt"}
            )
            assert answer.status_code == 502, answer.text
            return
        self._sandbox.phone(number)
        self._sandbox.scan(number, server.qr(session))
        server.wait_status(session, "WORKING")
        self._send(session)
        if fault == "killed":
            proxy.cut()
            wait_for(lambda: "proxy_unreachable" in server.story(session), what="proxy_unreachable")
            proxy.begin()
            server.wait_status(session, "WORKING")
            self._send(session)

    def _send(self, session: str) -> None:
        text = f"{session}, {time.time():.6f}"
        sent = self._server.send(session, CUSTOMER, text)
        assert sent.is_success, sent.text
        assert text in self._sandbox.texts(CUSTOMER), "the message did not arrive"
        document = {"session": session, "chatId": CUSTOMER, "file": {"url": "http://files.example/receipt.txt"}}
        sent = self._server.http.post("/api/sendFile", json=document)
        assert sent.is_success, sent.text
        self.figures.messages += 1
        self.figures.files += 1


def measure(rounds: int) -> Figures:
    """Live all rounds; this process is in a network of its own."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tuntas-proxy-") as scratch, OnlyWay() as way:
        sandbox = Sandbox(Path(scratch))
        with running(sandbox), FileServer({"/receipt.txt": b"receipt number 4711"}) as files:
            sandbox.phone(CUSTOMER)
            server = Confined(way, Path(scratch) / "data", f"http://wa.localhost:{way.decoy_port}")
            with running(server):
                all_rounds = Rounds(way, server, sandbox, files)
                all_rounds.try_the_trap()
                for number in range(rounds):
                    all_rounds.run(number)
    all_rounds.figures.seconds = time.monotonic() - begun
    return all_rounds.figures


def main() -> None:
    """Print the figures; exit 1 if anything went past a proxy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    options = parser.parse_args()
    if not os.environ.get(_INSIDE):
        again = command_alone([sys.executable, "-m", "bench.proxy", *sys.argv[1:]])
        sys.exit(subprocess.run(again, env=os.environ | {_INSIDE: "1"}, cwd=ROOT, check=False).returncode)
    figures = measure(options.rounds)
    if options.json:
        print(json.dumps(asdict(figures)))
    else:
        for what, value in asdict(figures).items():
            if what != "broken":
                print(f"{what.replace('_', ' '):<32} {value}")
        for sentence in figures.broken:
            print(f"BROKEN {sentence}")
    sys.exit(1 if figures.broken else 0)


if __name__ == "__main__":
    main()
