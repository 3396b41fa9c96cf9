"""Can anybody hurt it? Attacks a real server through all its doors for some time, and watches it from outside.

``python -m bench.attack --minutes N --seed S [--doors A,B] [--json]``: HTTP with and without a key, floods, broken
requests, idle connections, WebSockets, streams, hostile pages, hostile receivers of webhooks, imports and the command
line, while one session must get its 1,000 messages in order. What each strike does follows from the seed. Exits 1 on
any violation; the last line is one JSON object. Everything is on loopback; nothing is left behind.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from bench.attack.doors import DOORS  # noqa: E402
from bench.attack.run import run  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, help="instead of minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--doors", help=f"only these, with commas: {', '.join(DOORS)}")
    parser.add_argument("--json", action="store_true", help="only the JSON line")
    options = parser.parse_args()
    doors = tuple(options.doors.split(",")) if options.doors else tuple(DOORS)
    if unknown := [one for one in doors if one not in DOORS]:
        parser.error(f"no such door: {', '.join(unknown)}")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most[1], most[1]))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # that a server drops us is what we are here for
    sys.setrecursionlimit(10_000)  # documents of some thousand lists inside each other are written too
    seconds = options.seconds if options.seconds is not None else options.minutes * 60
    with tempfile.TemporaryDirectory(prefix="tuntas-attack-") as folder:
        figures = run(Path(folder), seconds, options.seed, doors)
    if not options.json:
        print(figures.table())
    print(json.dumps(figures.as_json()))
    return 1 if figures.violations else 0


if __name__ == "__main__":
    sys.exit(main())
