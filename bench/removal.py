"""What a deletion costs, and what it costs the others.

``python -m bench.removal [--json] [--runs N] [--files N] [--megabytes N]`` starts a sandbox and a server, and measures
on them: the answer to the deletion of a stopped session with a big profile, against a plain ``shutil.rmtree`` of an
equal folder; forty deletions at one moment, against one; how late the server's event loop answers ``/healthz`` while
five such are purged; the deletion of a working session, against what the log-out and the browser's exit take by
themselves; and a profile that a foreign process holds on a disk where an open file blocks (root and FUSE; skipped
elsewhere, with the reason). Both sides of a ratio are of one run.
Exits 1 if a bound is broken, 2 if the machine is too busy with other work to tell: then even
the quiet server answers late.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from bench import removal_measures as measures  # noqa: E402
from support.running import Sandbox, Server, running  # noqa: E402
from support.share_modes import why_not  # noqa: E402

Figures = dict[str, dict[str, float]]

LAG_SECONDS = 0.02
BUSY_SECONDS = 0.01
MANY = 40

# Group, figure, what it is, and the bound: at most so much.
ROWS: tuple[tuple[str, str, str, float | None], ...] = (
    ("stopped", "answer_seconds", "stopped, big profile: answered 200, median", 0.05),
    ("stopped", "answer_worst_seconds", "  the slowest", None),
    ("stopped", "rmtree_seconds", "  shutil.rmtree of an equal folder, median", None),
    ("stopped", "rmtree_over_answer", "  how many times longer that takes", None),
    ("stopped", "trash_empty_seconds", "  asked until the trash is empty, median", None),
    ("many", "one_seconds", "stopped, small profile: answered 200, median", None),
    ("many", "many_seconds", f"  {MANY} at one moment: the last is answered", None),
    ("many", "ratio", "  how many times longer that takes", None),
    ("many", "folders_left", "  profiles left at the last answer", 0.0),
    ("lag", "quiet_median_seconds", "/healthz of a quiet server, median", None),
    ("lag", "quiet_p99_seconds", "  99th percentile", None),
    ("lag", "purging_p99_seconds", "/healthz while five big profiles are purged, p99", None),
    ("lag", "added_p99_seconds", "  what the purges add to the quiet p99", LAG_SECONDS),
    ("lag", "purging_worst_seconds", "  the worst", None),
    ("lag", "purged_seconds", "  asked until all five are purged", None),
    ("working", "log_out_seconds", "a log-out by itself, median", None),
    ("working", "browser_exit_seconds", "a browser's exit by itself, median", None),
    ("working", "nothing_left_seconds", "working session: no process and no folder left, median", None),
    ("working", "ratio", "  over log-out and exit", 1.5),
    ("working", "answer_seconds", "  answered 200, after a look at all other processes, median", None),
    ("working", "answer_ratio", "  over log-out and exit", None),
    ("working", "processes_and_folders_left", "  processes and folders left at the answer", 0.0),
    ("held", "held_seconds", "held by somebody else, for", None),
    ("held", "release_to_purged_seconds", "  let go until purged", 2.0),
)


def measure(profile: measures.Profile, runs: int) -> tuple[Figures, str | None]:
    """Measure everything, and say why something was left out."""
    with tempfile.TemporaryDirectory(prefix="tuntas-removal-") as scratch:
        folder = Path(scratch)
        sandbox = Sandbox(folder)
        with running(sandbox):
            server = Server(folder / "data", sandbox.url)
            with running(server):
                figures = {
                    "stopped": measures.stopped(server, profile, runs),
                    "many": measures.many(server, MANY),
                    "lag": measures.lag(server, profile, 5),
                    "working": measures.working(server, sandbox, runs),
                }
            if skipped := why_not():
                return figures, f"a disk on which an open file blocks {skipped}"
            return figures | {"held": measures.held(folder, sandbox)}, None


def is_too_busy(figures: Figures) -> bool:
    """Whether other work on this machine alone keeps a quiet server from answering in time."""
    quiet = figures["lag"]
    return quiet["quiet_p99_seconds"] - quiet["quiet_median_seconds"] > BUSY_SECONDS


def broken(figures: Figures) -> list[str]:
    """Return what breaks its bound, in words."""
    found = [
        f"{what.strip()}: {figures[group][name]:.4f}, bound {bound:g}"
        for group, name, what, bound in ROWS
        if bound is not None and group in figures and figures[group][name] > bound
    ]
    if "held" in figures and not figures["held"]["held_for_ever_is_listed"]:
        found.append("held for ever: not listed as stuck with its holder")
    return found


def table(figures: Figures) -> None:
    """Print a line a figure."""
    for group, name, what, bound in ROWS:
        if group in figures:
            said = "" if bound is None else f"  at most {bound:g}"
            print(f"{what:<52} {figures[group][name]:9.4f}{said}")
    if "held" in figures:
        print(
            f"{'held for ever: listed as stuck, with pid':<52} {bool(figures['held']['held_for_ever_is_listed'])!s:>9}"
        )


def main() -> None:
    """Print the figures; exit 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--runs", type=int, default=5, help="how often each deletion is measured")
    parser.add_argument("--files", type=int, default=10_000, help="files in a big profile")
    parser.add_argument("--megabytes", type=float, default=300.0, help="size of a big profile")
    options = parser.parse_args()
    figures, skipped = measure(measures.Profile(options.files, options.megabytes), options.runs)
    found, too_busy = broken(figures), is_too_busy(figures)
    if options.json:
        print(json.dumps({"figures": figures, "broken": found, "skipped": skipped, "too_busy": too_busy}))
    else:
        table(figures)
        for sentence in found:
            print(f"BROKEN {sentence}")
        if skipped:
            print(f"SKIPPED {skipped}")
        if too_busy:
            print("TOO BUSY other work on this machine delays even the quiet server: nothing is proven")
    sys.exit(2 if too_busy else 1 if found else 0)


if __name__ == "__main__":
    main()
