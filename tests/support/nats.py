"""NATS servers of the tests' own: three that form a cluster with JetStream, from configuration files written here."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.running import wait_for

PROGRAM = Path(sys.executable).parent / "nats-server"
USER, PASSWORD = "tuntas", "let-us-in"
START_SECONDS = 30.0


class NatsServer:
    """One server, with its own store; it can be killed, frozen and started again."""

    def __init__(self, name: str, folder: Path, configuration: str) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        (self.folder / "nats.conf").write_text(configuration)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            command = [str(PROGRAM), "-c", str(self.folder / "nats.conf")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_SECONDS)
            self._process = None

    def said(self) -> str:
        return (self.folder / "log").read_text()


class NatsServers:
    """Servers that know each other."""

    def __init__(self, servers: list[NatsServer], ports: list[int]) -> None:
        self.servers = servers
        self.ports = ports

    @property
    def url(self) -> str:
        return ",".join(f"nats://{USER}:{PASSWORD}@127.0.0.1:{port}" for port in self.ports)

    def wait(self) -> None:
        """Return when JetStream answers: its servers have chosen a leader."""
        told = "JetStream cluster new metadata leader" if len(self.servers) > 1 else "Server is ready"
        wait_for(
            lambda: any(told in one.said() for one in self.servers), what="NATS is there", limit_seconds=START_SECONDS
        )


@contextmanager
def nats_servers(
    count: int = 3, *, sync: str = "always", accounts: str = "", jetstream: bool = True
) -> Iterator[NatsServers]:
    """Run servers; nothing of them is left when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="tuntas-nats-"))
    ports = _free_ports(2 * count)
    clients, routes = ports[:count], ports[count:]
    known = ", ".join(f"nats-route://127.0.0.1:{port}" for port in routes)
    servers = []
    for index, (client, route) in enumerate(zip(clients, routes, strict=True)):
        store = f'jetstream {{ store_dir: "{folder}/store{index}", sync_interval: {sync} }}' if jetstream else ""
        cluster = f'cluster {{ name: tests, listen: "127.0.0.1:{route}", routes: [{known}] }}' if count > 1 else ""
        access = accounts or f'authorization {{ user: {USER}, password: "{PASSWORD}" }}'
        lines = [f'server_name: n{index}\nlisten: "127.0.0.1:{client}"', store, cluster, access]
        servers.append(NatsServer(f"n{index}", folder, "\n".join(lines)))
    try:
        for server in servers:
            server.start()
        found = NatsServers(servers, clients)
        found.wait()
        yield found
    finally:
        for server in servers:
            server.kill()
        shutil.rmtree(folder)


def _free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports
