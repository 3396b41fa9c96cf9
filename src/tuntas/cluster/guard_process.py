"""Ends all browsers of a node when its lease has run out: a process of its own, for a server that cannot any more.

A server that is stopped, hangs or is swapped out does not notice that others take over. So this one runs beside it, as
a file and not as a part of the package: it imports next to nothing, and asks nobody. It has three descriptors: the
deadline as a double in shared memory, on the clock of leases; a pipe that ends with its server; and one on which it
says that it looks. Whoever has a profile of this node in its arguments, and its whole process group, is ended.

    python -I -S guard_process.py PROFILES_FOLDER DEADLINE_FD SERVER_FD READY_FD
"""

import mmap
import os
import select
import signal
import struct
import sys
import time

# How long a browser may run on after a machine that slept or was frozen goes on.
LOOK_SECONDS = 0.02
DEADLINE = struct.Struct("=d")


def members(profiles: bytes) -> list[int]:
    """Return the processes of all browsers on these profiles."""
    groups, rows = set(), []
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib is slower to import than all of this is to run
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                fields = file.read().rpartition(b")")[2].split()
            group = int(fields[2])
            if fields[0] == b"Z":
                continue
            with open(f"/proc/{name}/cmdline", "rb") as file:  # noqa: PTH123
                arguments = file.read()
        except (OSError, IndexError, ValueError):
            continue
        if b"\0--user-data-dir=" + profiles in arguments:
            groups.add(group)
        rows.append((int(name), group))
    groups.discard(os.getpgrp())
    return [pid for pid, group in rows if group in groups]


def end_all(profiles: bytes) -> int:
    """Kill what runs on these profiles; return how many processes that were."""
    found = members(profiles)
    for pid in found:
        try:  # noqa: SIM105 - contextlib would be one more thing to import
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass  # it is gone
    return len(found)


def main(profiles: bytes, deadline_descriptor: int, server_descriptor: int, ready_descriptor: int) -> None:
    """Look until the server is gone, and nothing of it runs any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us when it has ended the rest
    shared = mmap.mmap(deadline_descriptor, DEADLINE.size, prot=mmap.PROT_READ)
    poll = select.poll()
    poll.register(server_descriptor, select.POLLIN | select.POLLHUP)
    os.write(ready_descriptor, b"1")
    os.close(ready_descriptor)
    while not poll.poll(LOOK_SECONDS * 1000):
        if time.clock_gettime(time.CLOCK_BOOTTIME) >= DEADLINE.unpack_from(shared)[0]:
            end_all(profiles)
    while end_all(profiles):
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main(os.fsencode(sys.argv[1]), *map(int, sys.argv[2:5]))
