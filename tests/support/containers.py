"""A server in a container as an engine makes one, without an engine: namespaces of its own by ``unshare``, as root.

Its own processes, mounts, host name and IPC; a read-only root, a small ``/dev/shm``, an ordinary user without rights.
Only the network is this machine's, so that a test can speak with it. Nothing of it is left when process 1 ends.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

from support.running import KEY, WAIT_SECONDS, wait_for

# $1 root, $2 data folder or "", $3 host name, $4 size of /dev/shm, $5 uid, then the command.
_SCRIPT = """
set -e
root=$1 data=$2 name=$3 shm=$4 uid=$5; shift 5
mount --make-rprivate /
# Bound to a place below a fresh tmpfs: where it goes must be a mount of its own, and nobody else's.
mount -t tmpfs none /mnt && mkdir /mnt/root && mount --rbind "$root" /mnt/root
[ -z "$data" ] || { mkdir -p /mnt/data && mount --bind "$data" /mnt/data; }
cd /mnt/root
mount -t proc proc proc
mount -t tmpfs none dev
for one in null zero full random urandom; do touch dev/$one; mount --bind /dev/$one dev/$one; done
mkdir dev/shm && mount -t tmpfs -o size=$shm none dev/shm
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=1777 none tmp
[ -z "$data" ] || { mkdir -p data 2> /dev/null || true; mount --move /mnt/data data; }
command -p hostname "$name"
mount -o remount,bind,ro .
mkdir -p /mnt/old
command -p pivot_root . tmp
cd /
umount -l /tmp
rights="--no-new-privs --bounding-set -all --inh-caps -all"
[ "$uid" != 0 ] || rights=
exec setpriv --reuid "$uid" --regid "$uid" --clear-groups $rights -- "$@"
"""
TOOLS = ("unshare", "setpriv", "mount", "pivot_root", "hostname")
is_possible = sys.platform == "linux" and os.geteuid() == 0 and all(shutil.which(tool) for tool in TOOLS)
needs_containers = pytest.mark.skipif(not is_possible, reason="needs root on Linux, unshare and setpriv")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a container is made of: the root, the command before ``serve`` and the like, and its environment."""

    root: Path = Path("/")
    command: Sequence[str] = (sys.executable, "-m", "tuntas")
    environment: Mapping[str, str] = field(default_factory=dict)
    data_dir: str = ""
    """Where the data folder is mounted; empty: the host's path of it is used as it is."""


class Container:
    """A running container with the server in it, or any other of its commands."""

    def __init__(
        self,
        kind: Kind,
        arguments: Sequence[str],
        log: Path,
        *,
        data: Path | None = None,
        hostname: str = "one",
        uid: int = 1000,
        shared_memory: str = "64m",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        inside = {"PATH": os.environ["PATH"], **kind.environment, **(environment or {})}
        mounted = str(data) if data is not None and kind.data_dir else ""
        with log.open("a") as errors:
            self.process = subprocess.Popen(
                [
                    *("unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"),
                    *("sh", "-c", _SCRIPT, "sh", str(kind.root), mounted, hostname, shared_memory, str(uid)),
                    *kind.command,
                    *arguments,
                ],
                env=inside,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        self.log = log
        self.said: list[str] = []
        self.http: httpx.Client | None = None

    @property
    def first(self) -> psutil.Process:
        """Process 1 of the container, as this machine sees it."""
        (child,) = wait_for(lambda: psutil.Process(self.process.pid).children(), what="process 1")
        return child

    def wait_address(self) -> str:
        """Return the address that the server says, and make a client for it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
            for word in line.split():
                if word.startswith("http://"):
                    port = word.rstrip(".").rpartition(":")[2]
                    address = f"http://127.0.0.1:{port}"
                    self.http = httpx.Client(base_url=address, headers={"X-Api-Key": KEY}, timeout=90, trust_env=False)
                    return address
        message = f"the container ended with {self.process.wait(WAIT_SECONDS)}:\n{self.said}\n{self.log.read_text()}"
        raise AssertionError(message)

    def processes(self) -> list[psutil.Process]:
        """Return all of its processes, zombies included; by its process namespace."""
        with suppress(psutil.Error, OSError):
            space = Path(f"/proc/{self.first.pid}/ns/pid").readlink()
            return [one for one in psutil.process_iter() if _namespace(one) == space]
        return []

    def zombies(self) -> list[psutil.Process]:
        """Return those that have ended and that nobody has reaped."""
        found = []
        for process in self.processes():
            with suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def stop(self, number: signal.Signals = signal.SIGTERM, limit_seconds: float = WAIT_SECONDS) -> int:
        """Send process 1 a signal, as ``docker stop`` and ``docker kill`` do, and wait for its end."""
        with suppress(psutil.NoSuchProcess):
            self.first.send_signal(number)
        return self._ended(limit_seconds)

    def _ended(self, limit_seconds: float) -> int:
        code = self.process.wait(limit_seconds)
        if self.http is not None:
            self.http.close()
        assert self.process.stdout is not None
        self.said += self.process.stdout.read().splitlines()
        self.process.stdout.close()
        return code

    def exec(self, *command: str) -> str:
        """Run a command in it, as ``docker exec`` does, with the environment of process 1; return what it printed."""
        first = self.first
        inside = first.environ()
        uid = str(first.uids().real)
        return subprocess.run(
            [
                *("nsenter", "--target", str(first.pid), "--mount", "--pid", "--uts", "--ipc", "--root", "--wd"),
                *("setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", "--", *command),
            ],
            env=inside,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            check=True,
        ).stdout

    def finish(self) -> tuple[int, str]:
        """Wait for the end of a command that ends by itself; return its exit code and all that it printed."""
        assert self.process.stdout is not None
        self.said += self.process.stdout.read().splitlines()
        code = self.process.wait(WAIT_SECONDS)
        self.process.stdout.close()
        return code, "\n".join([*self.said, self.log.read_text()])


@contextmanager
def contained(container: Container) -> Iterator[Container]:
    """End the container whatever happens: with process 1 all of it ends."""
    try:
        yield container
    finally:
        if container.process.poll() is None:
            container.stop(signal.SIGKILL)
        elif container.process.stdout is not None and not container.process.stdout.closed:
            container.process.stdout.close()


def _namespace(process: psutil.Process) -> Path | None:
    # A zombie has no namespaces any more that could be read; its parent's are its own.
    with suppress(OSError):
        return Path(f"/proc/{process.pid}/ns/pid").readlink()
    with suppress(OSError, psutil.Error):  # it may have ended between two looks
        return Path(f"/proc/{process.ppid()}/ns/pid").readlink()
    return None
