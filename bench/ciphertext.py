"""Whether a text that comes encrypted first is told exactly once, however the server dies meanwhile.

``python -m bench.ciphertext [--rounds N] [--sessions K] [--seed S]``: K sessions on the sandbox. In each round a few
texts come to each that can be read only after a while (one in six never), and plain ones between them; the server gets
a SIGKILL at a moment of the seed: before, while or after they can be read, told or not yet; and is started again. In
the end each text that can be read must have been told as ``message`` and as ``message.any``, by one event each, with
its words; what cannot be read as ``message.waiting`` only. Exits 1 if anything was lost, doubled or told without its
words; leaves nothing behind.
"""

from __future__ import annotations

import argparse
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.receiver import Receiver  # noqa: E402
from support.running import Sandbox, Server, running, wait_for  # noqa: E402

BUDI = "628198000000"
EVENTS = ["message", "message.any", "message.waiting"]
SETTLE_SECONDS = 120.0
NEVER_SHARE, PLAIN_SHARE = 1 / 6, 1 / 3
LONGEST_UNREADABLE_SECONDS, LONGEST_LIFE_SECONDS = 6.0, 3.0


@dataclass
class Rounds:
    """What was written, and what the receiver was told of it."""

    sandbox: Sandbox
    receiver: Receiver
    chance: random.Random
    shops: dict[str, str]
    """The number of each session's account, by the session's name."""
    texts: list[str] = field(default_factory=list)
    secrets: int = 0
    never: int = 0
    back_seconds: list[float] = field(default_factory=list)

    def told(self, name: str) -> Counter[str]:
        """Return how many events of this name there were for each text; a repeated delivery is the same event."""
        events = {one["id"]: one["payload"]["body"] for one in list(self.receiver.seen) if one["event"] == name}
        return Counter(events.values())

    def write(self, to: str, round_number: int) -> None:
        """Have a phone write to an account what this round is about."""
        for index in range(self.chance.randint(1, 3)):
            if self.chance.random() < PLAIN_SHARE:
                self.sandbox.fault("clear", fault="ciphertext_first")
                self._send(to, f"plain {to} {round_number}.{index}")
            never = self.chance.random() < NEVER_SHARE
            seconds = {} if never else {"seconds": round(self.chance.uniform(0, LONGEST_UNREADABLE_SECONDS), 2)}
            self.sandbox.fault("ciphertext_first", number=to, **seconds)
            if never:
                self.sandbox.call("POST", f"/phones/{BUDI}/send", {"to": to, "text": "never to be read"})
                self.never += 1
            else:
                self._send(to, f"secret {to} {round_number}.{index}")
                self.secrets += 1
        self.sandbox.fault("clear", fault="ciphertext_first")

    def _send(self, to: str, text: str) -> None:
        self.sandbox.call("POST", f"/phones/{BUDI}/send", {"to": to, "text": text})
        self.texts.append(text)

    def wait_until_told(self) -> None:
        """Return when everything was told that can be, or the time for it is over."""
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until and any(
            self.told(name)[text] == 0 for name in EVENTS[:2] for text in self.texts
        ):
            time.sleep(0.2)

    def violations(self) -> list[str]:
        """Return what must not be, in words."""
        found = []
        for name in EVENTS[:2]:
            told = self.told(name)
            found += [f"{name} of {text!r}: {told[text]} times" for text in self.texts if told[text] != 1]
            found += [f"{name} without the words: {told[text]} times" for text in told if text not in set(self.texts)]
        waiting = self.told("message.waiting")
        if set(waiting) - {""}:
            found.append("message.waiting with words")
        if not self.never <= waiting[""] <= self.never + self.secrets:
            found.append(f"message.waiting: {waiting['']} for {self.never} never read and {self.secrets} read later")
        return found


def run(rounds: int, sessions: int, seed: int, folder: Path) -> Rounds:
    """Live through all of them; what came of it is in the answer."""
    shops = {f"secret{index}": f"6281980001{index:02}" for index in range(sessions)}
    with Receiver() as receiver:
        sandbox = Sandbox(folder)
        with running(sandbox):
            sandbox.phone(BUDI, "Budi")
            state = Rounds(sandbox, receiver, random.Random(seed), shops)

            def start() -> Server:
                return Server(folder / "data", sandbox.url, TUNTAS_LIVENESS_INTERVAL_SECONDS="1")

            server = start()
            with running(server):
                for name, shop in shops.items():
                    config = {"webhooks": [{"url": receiver.url, "events": EVENTS}]}
                    server.pair(sandbox, name, sandbox.phone(shop), config=config)
                server.stop(signal.SIGKILL)
            for number in range(1, rounds + 1):
                begun = time.monotonic()
                server = start()
                with running(server):
                    for name in shops:
                        server.wait_status(name, "WORKING", limit_seconds=SETTLE_SECONDS)
                    state.back_seconds.append(time.monotonic() - begun)
                    for shop in shops.values():
                        state.write(shop, number)
                    # The moment of a death is what a round is about: nothing is waited for.
                    time.sleep(state.chance.uniform(0, LONGEST_LIFE_SECONDS))
                    server.stop(signal.SIGKILL)
                told = sum(state.told("message").values())
                print(f"round {number}: {len(state.texts)} texts, {told} told", flush=True)
            with running(start()):
                state.wait_until_told()
                wait_for(lambda: state.told("message.waiting")[""] >= state.never, what="what is unreadable is told")
    return state


def main() -> int:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--sessions", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        state = run(asked.rounds, asked.sessions, asked.seed, Path(folder))
    violations = state.violations()
    once = sum(state.told("message")[text] == 1 for text in state.texts)
    print(f"sessions cut off by a kill     {asked.rounds * asked.sessions}")
    print(f"texts that came encrypted      {state.secrets}")
    print(f"plain texts between them       {len(state.texts) - state.secrets}")
    print(f"never to be read               {state.never}")
    print(f"told exactly once              {once} of {len(state.texts)}")
    print(f"start to WORKING, median       {statistics.median(state.back_seconds):.1f} s")
    print(f"violations                     {len(violations)}")
    for one in violations[:20]:
        print(f"  {one}")
    if violations:
        print(
            f"again: python -m bench.ciphertext --rounds {asked.rounds} --sessions {asked.sessions} --seed {asked.seed}"
        )
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
