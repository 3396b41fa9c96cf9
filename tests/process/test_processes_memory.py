"""What a tree takes: also where the kernel does not tell a process's share, and when a process ends meanwhile."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tuntas.processes import Member, identify, memory_bytes
from tuntas.processes.memory import tree_memory_bytes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere psutil knows no proportional size")


def test_a_share_that_may_not_be_read_is_the_resident_size() -> None:
    """A process of another user tells everybody its resident size, and nobody its share."""
    if os.geteuid() != 0:
        pytest.skip("needs root, which may act as somebody else")
    look = (
        "import os, sys, psutil\n"
        "from tuntas.processes import Member, memory_bytes\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try:\n    psutil.Process(int(sys.argv[1])).memory_full_info()\n"
        "except psutil.AccessDenied:\n    print(memory_bytes([Member(int(sys.argv[1]), 1.0, 'other')]))"
    )
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True) as other:
        command = [sys.executable, "-c", look, str(other.pid)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
        assert int(done.stdout) >= psutil.Process(other.pid).memory_full_info().pss > 0
        assert other.stdin is not None
        other.stdin.write("\n")


def test_what_has_ended_counts_as_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(["/bin/true"]) as ended:
        identity = identify(ended.pid, tmp_path)
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)  # a zombie
        assert memory_bytes([Member(ended.pid, identity.create_time, "true")]) == 0
    assert memory_bytes([Member(ended.pid, identity.create_time, "true")]) == 0
    assert tree_memory_bytes(identity) == 0


def test_no_descriptor_for_a_look_is_no_error_of_the_asker(tmp_path: Path) -> None:
    identity = identify(os.getpid(), tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        measured = tree_memory_bytes(identity)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert measured == 0
