"""What same-page merging (TUNTAS_MERGE_MEMORY) saves, and what it costs the kernel's ksmd.

``python -m bench.merged_memory [--sessions N] [--seconds S]``, as root, on Linux. A sandbox and a server with N idle,
working sessions, without merging and then with it, S seconds after the last session works: memory of all browsers
(PSS) a session, and the processor time of ksmd meanwhile. The baseline is the same server without the setting, in the
same run; what merging the machine had before is given back at the end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.running import Sandbox, Server, running, tree_of  # noqa: E402

KSM = Path("/sys/kernel/mm/ksm")
# A hundred pages each 20 ms, the kernel's default, is 20 MB a second: a few sessions are looked through in a minute.
SETTINGS = {"pages_to_scan": "1000", "sleep_millisecs": "20", "run": "1"}


@contextmanager
def ksmd() -> Iterator[psutil.Process]:
    """Have ksmd run, and give its process; afterwards it is as it was, and nothing is merged any more."""
    before = {name: (KSM / name).read_text().strip() for name in SETTINGS}
    try:
        for name, value in SETTINGS.items():
            (KSM / name).write_text(value)
        yield next(one for one in psutil.process_iter(["name"]) if one.info["name"] == "ksmd")
    finally:
        if before["run"] == "0":
            (KSM / "run").write_text("2")  # 2: unmerge what is merged
        for name, value in before.items():
            (KSM / name).write_text(value)


def megabytes_a_session(sessions: int, seconds: float, **settings: str) -> float:
    """Return the memory of all browsers, by session, so long after the last one works."""
    with tempfile.TemporaryDirectory() as scratch:
        sandbox = Sandbox(Path(scratch))
        with running(sandbox):
            server = Server(Path(scratch) / "data", sandbox.url, **settings)
            with running(server):
                for number in range(sessions):
                    server.pair(sandbox, f"idle{number}", f"62817000{number:04}")
                time.sleep(seconds)
                total = sum(one.memory_full_info().pss for one in tree_of(server.data_dir))
                return total / sessions / 1e6


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    plain = megabytes_a_session(asked.sessions, asked.seconds)
    with ksmd() as kernel:
        before = sum(kernel.cpu_times()[:2])
        merged = megabytes_a_session(asked.sessions, asked.seconds, TUNTAS_MERGE_MEMORY="true")
        cost = sum(kernel.cpu_times()[:2]) - before
    print(f"{'MB a session, without merging':<45} {plain:8.1f}")
    print(f"{'MB a session, with merging':<45} {merged:8.1f}")
    print(f"{'ratio':<45} {merged / plain:8.3f}")
    print(f"{'processor seconds of ksmd meanwhile':<45} {cost:8.1f}")


if __name__ == "__main__":
    main()
