"""A machine that systemd has booted, without a machine: as process 1 of namespaces of its own, on the image's files.

Its control groups are below one of our own, which is removed with it. The network is this machine's.
"""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from support.running import WAIT_SECONDS, wait_for

# $1 root, $2 control group, $3 our terminal, $4 the unit that is booted.
_SCRIPT = """
set -e
echo $$ > "$2/cgroup.procs"
exec unshare --cgroup sh -ec '
mount --make-rprivate /
mount --rbind "$1" /mnt && cd /mnt
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 none dev
for one in null zero full random urandom tty; do touch dev/$one; mount --bind /dev/$one dev/$one; done
touch dev/console && mount --bind "$3" dev/console
mkdir dev/shm && mount -t tmpfs -o mode=1777,size=64m none dev/shm
mkdir dev/pts && mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx && ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=755 none run
mount -t tmpfs -o mode=1777 none tmp
pivot_root . mnt
cd / && umount -l /mnt
mount --make-rshared /
exec /lib/systemd/systemd --system --unit="$4" --log-target=console
' sh "$@"
"""
_TOOLS = ("unshare", "nsenter", "mount", "pivot_root")


def groups() -> Path | None:
    """Return where the one hierarchy of control groups is mounted that systemd wants, None where there is none."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup2" and "rw" in options.split(","):
            return Path(place)
    return None


def why_not() -> str | None:
    """Return why nothing can be booted here, None if it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux"
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        return f"needs {' and '.join(missing)}"
    return None if groups() else "needs control groups of version 2 that can be written"


class Booted:
    """A booted machine."""

    def __init__(self, root: Path, unit: str) -> None:
        top = groups()
        assert top is not None
        self._group = top / f"tuntas-test-{os.getpid()}"
        self._group.mkdir()
        # systemd speaks to a terminal only; what it says is kept for who asks why nothing came.
        self._ours, theirs = pty.openpty()
        arguments = [str(root), str(self._group), os.ttyname(theirs), unit]
        apart = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"]
        self._process = subprocess.Popen(
            [*apart, "sh", "-c", _SCRIPT, "sh", *arguments],
            env={"PATH": os.environ["PATH"], "container": "oci"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)

    @property
    def first(self) -> psutil.Process:
        """Process 1, as this machine sees it."""
        (child,) = wait_for(lambda: psutil.Process(self._process.pid).children(), what="process 1")
        return child

    def run(self, *command: str) -> str:
        """Run a command in it; return what it printed."""
        inside = [
            "nsenter",
            "--target",
            str(self.first.pid),
            "--mount",
            "--pid",
            "--uts",
            "--ipc",
            "--cgroup",
            "--root",
        ]
        done = subprocess.run([*inside, "--wd", *command], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}\n{self.said()}"
        return done.stdout.strip()

    def shows(self, unit: str, name: str) -> str:
        """Return what systemd says of a unit."""
        return self.run("systemctl", "show", "--property", name, "--value", unit)

    def processes(self) -> list[psutil.Process]:
        """Return all of its processes but systemd's own."""
        return [one for one in self.first.children(recursive=True) if "/systemd" not in " ".join(one.cmdline()[:1])]

    def said(self) -> str:
        """Return what was written to its terminal since the last time."""
        os.set_blocking(self._ours, False)
        said = b""
        with suppress(OSError):
            while more := os.read(self._ours, 65536):
                said += more
        return said.decode(errors="replace")

    def end(self) -> None:
        """End it whatever it does, and remove its control groups."""
        with suppress(psutil.Error):
            self.first.kill()
        self._process.kill()
        self._process.wait(WAIT_SECONDS)
        os.close(self._ours)
        wait_for(lambda: not (self._group / "cgroup.procs").read_text() and self._removed(), what="its groups are gone")

    def _removed(self) -> bool:
        for folder, _, _ in os.walk(self._group, topdown=False):
            with suppress(OSError):
                Path(folder).rmdir()  # busy until its last process is reaped
        return not self._group.exists()


@contextmanager
def booted(root: Path, unit: str) -> Iterator[Booted]:
    """Boot ``unit`` on ``root``; all of it is gone when the block ends."""
    machine = Booted(root, unit)
    try:
        yield machine
    finally:
        machine.end()
