"""``python -m mutants``: change the files that decide, one thing at a time, and see whether the unit tests notice.

A mutant that no test notices is a survivor: either a test is missing, or the change means nothing. Those are explained,
one by one, in ``explained.toml``; the run fails at a survivor that is not, and at an explanation of none.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
import tomllib
from pathlib import Path

from mutants.making import Mutant, mutants_of
from mutants.trying import Tries


def _tests_of_sessions() -> tuple[str, ...]:
    """All that play a session by hand; not those that take long: they play anything at all, or wait for an actor."""
    texts = {str(path): path.read_text() for path in sorted(Path("tests/unit").glob("test_*.py"))}
    takes_long = "hypothesis", "asyncio"
    played = [
        name
        for name, text in texts.items()
        if "support.played_session" in text and not any(word in text for word in takes_long)
    ]
    return (*played, "tests/unit/test_faults.py")


_SESSIONS = _tests_of_sessions()

TESTS_OF = {
    "src/tuntas/sessions/lifecycle.py": _SESSIONS,
    "src/tuntas/sessions/observing.py": _SESSIONS,
    "src/tuntas/sessions/turn.py": _SESSIONS,
    "src/tuntas/sessions/plan.py": _SESSIONS,
    "src/tuntas/sessions/memory.py": _SESSIONS,
    "src/tuntas/sessions/recycling.py": _SESSIONS,
    "src/tuntas/sessions/faults.py": _SESSIONS,
    "src/tuntas/profiles/removal.py": (
        "tests/unit/test_profiles_removal.py",
        "tests/unit/test_profiles_removal_background.py",
    ),
    "src/tuntas/webhooks/retry.py": ("tests/unit/test_webhook_retry.py",),
}

EXPLAINED = Path(__file__).with_name("explained.toml")

Key = tuple[str, str, str]


def main() -> int:
    """Run; return 1 if a survivor is not explained, or an explanation is not of a survivor."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("file", nargs="*", help="only files whose path contains this")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20.0, help="a try that takes longer counts as noticed")
    given = parser.parse_args()
    chosen = [file for file in TESTS_OF if not given.file or any(part in file for part in given.file)]
    if not chosen:
        parser.error("no such file; there are " + ", ".join(TESTS_OF))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that tries are ended too
    started_at = time.monotonic()
    mutants = {file: mutants_of(file, Path(file).read_text()) for file in chosen}
    total = sum(map(len, mutants.values()))
    survivors: list[Mutant] = []
    tried = 0

    def tell(mutant: Mutant, has_passed: bool) -> None:
        nonlocal tried
        tried += 1
        if has_passed:
            survivors.append(mutant)
            print(f"\rsurvived: {mutant.file}:{mutant.line}: {mutant.change}", file=sys.stderr)
        if sys.stderr.isatty() or tried % 100 == 0:
            print(f"\r{tried} of {total}, {len(survivors)} survived", end="", file=sys.stderr, flush=True)

    for file in chosen:
        if not Tries(file, TESTS_OF[file], given.workers, given.seconds, tell).run(mutants[file]):
            print("The tests fail without any change.")
            return 1
    print(file=sys.stderr)
    return _judge(chosen, total, survivors, time.monotonic() - started_at)


def _judge(files: list[str], tried: int, survivors: list[Mutant], seconds: float) -> int:
    explained = _explained()
    keys = {one.key for one in survivors}
    unexplained = [one for one in survivors if one.key not in explained]
    stale = [key for key in explained if key[0] in files and key not in keys]
    for one in unexplained:
        print(f"survived: {one.file}:{one.line}\n  in {one.place}\n  {one.change}")
    for file, place, change in stale:
        print(f"explained, but it does not survive or is no more: {file}\n  in {place}\n  {change}")
    print(
        f"{tried} mutants in {seconds:.0f} s: {tried - len(survivors)} noticed, "
        f"{len(survivors) - len(unexplained)} survived and are explained, {len(unexplained)} are not"
    )
    return 1 if unexplained or stale else 0


def _explained() -> dict[Key, str]:
    entries = tomllib.loads(EXPLAINED.read_text()).get("survivor", [])
    return {(entry["file"], entry["in"], entry["change"]): entry["why"] for entry in entries}


if __name__ == "__main__":
    sys.exit(main())
