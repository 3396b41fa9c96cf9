"""Looks at a server from outside, in a process of its own: memory, descriptors, ``/ping``, the size of its log.

``python -m bench.attack.watch PID HOST PORT LOG`` writes a line of JSON whenever the memory has a new peak, and at the
end of its input one with all figures. It never speaks with the server but by ``/ping``.
"""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

LOOK_SECONDS = 0.05
PING_SECONDS = 0.1
PING_LIMIT_SECONDS = 10.0
_STEP_BYTES = 8 * 1024 * 1024


class Watch:
    def __init__(self, pid: int, host: str, port: int, log: Path) -> None:
        self._process = psutil.Process(pid)
        self._where = (host, port)
        self._log = log
        self._over = threading.Event()
        self._pings: list[tuple[float, float]] = []
        self._failed: list[tuple[float, str]] = []

    def run(self) -> None:
        start_rss, start_descriptors, start_log = self._rss(), self._descriptors(), self._log.stat().st_size
        most_rss, told_rss, most_descriptors, most_at = start_rss, start_rss, start_descriptors, time.monotonic()
        pinging = threading.Thread(target=self._ping)
        pinging.start()
        say({"started": True})
        threading.Thread(target=self._end_with_input, daemon=True).start()
        while not self._over.wait(LOOK_SECONDS):
            rss = self._rss()
            most_descriptors = max(most_descriptors, self._descriptors())
            if rss > most_rss:
                most_rss, most_at = rss, time.monotonic()
            if most_rss > told_rss + _STEP_BYTES:
                told_rss = most_rss
                say({"peak_bytes": most_rss - start_rss, "at": most_at})
        pinging.join()
        seconds = sorted(one for _, one in self._pings)
        say(
            {
                "memory_start_bytes": start_rss,
                "memory_peak_bytes": most_rss - start_rss,
                "memory_peak_at": most_at,
                "descriptors_start": start_descriptors,
                "descriptors_most": most_descriptors,
                "descriptors_end": self._descriptors(),
                "log_bytes": self._log.stat().st_size - start_log,
                "pings": len(seconds),
                "pings_failed": self._failed[:20],
                "ping_median_seconds": statistics.median(seconds) if seconds else None,
                "ping_p99_seconds": seconds[int(len(seconds) * 0.99)] if seconds else None,
                "ping_worst": max(self._pings, key=lambda one: one[1], default=None),
            }
        )

    def _rss(self) -> int:
        return int(self._process.memory_info().rss) if self._process.is_running() else 0

    def _descriptors(self) -> int:
        try:
            return int(self._process.num_fds())
        except psutil.Error:
            return 0

    def _ping(self) -> None:
        while not self._over.wait(PING_SECONDS):
            began = time.monotonic()
            connection = http.client.HTTPConnection(*self._where, timeout=PING_LIMIT_SECONDS)
            try:
                connection.request("GET", "/ping")
                status = connection.getresponse().status
                if status != 200:
                    self._failed.append((began, f"status {status}"))
            except (OSError, http.client.HTTPException) as error:
                self._failed.append((began, repr(error)))
            finally:
                connection.close()
            self._pings.append((began, time.monotonic() - began))

    def _end_with_input(self) -> None:
        sys.stdin.read()
        self._over.set()


def say(document: dict[str, Any]) -> None:
    print(json.dumps(document), flush=True)


if __name__ == "__main__":
    Watch(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])).run()
