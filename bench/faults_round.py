"""One round's trouble: wishes on every session, one after the other, while faults strike at random moments.

Every session has one asker, so that its answers come in an order that the model can follow; the sessions, and the
faults, are at the same time as each other. All choices come from the round's own generator, so that a seed and a
round's number name the same plan again (not the same moments: those belong to the machine).
"""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
import psutil

from bench.faults_model import Expected
from bench.faults_world import LOOK_EVERY_SECONDS, PARTNER, World

PAIR_SECONDS = 8.0
LONGEST_PAUSE_SECONDS = 0.8
FAULT_WINDOW_SECONDS = 3.0
SHUTDOWN_SECONDS = 20.0

WISHES = {"create": 1, "start": 2, "stop": 2, "restart": 2, "logout": 1, "delete": 2, "pair": 7, "send": 2, "rivals": 3}
RIVALS = ("create", "delete", "start", "stop", "restart", "logout")
CONTRARY = ({"create", "delete"}, {"start", "stop"}, {"restart", "stop"})
FAULTS = {
    "kill server": 3,
    "end server": 1,
    "kill browser": 4,
    "stop browser": 3,
    "stop browser, kill server": 1,
    "hang_page": 3,
    "crash_page": 3,
    "drop_socket": 2,
    "unlink": 2,
}
OF_LINKED = ("hang_page", "crash_page", "drop_socket", "unlink")


@dataclass(slots=True)
class Round:
    """What happens in one round, and what was seen at once to be wrong."""

    number: int
    seed: str
    counts: Counter[str]
    ended_server: bool = False
    story: list[str] = field(default_factory=list)
    violations: list[tuple[str, str]] = field(default_factory=list)
    begun_at: float = field(default_factory=time.monotonic)

    def tell(self, line: str) -> None:
        """Add a line to the round's story."""
        self.story.append(f"{time.monotonic() - self.begun_at:6.2f} s  {line}")

    def run(self, world: World, sessions: list[Expected]) -> None:
        """Let the askers and the faults loose, and return when all are done."""
        threads = [threading.Thread(target=self._ask, args=(world, one), name=one.name) for one in sessions]
        threads.append(threading.Thread(target=self._strike, args=(world, sessions), name="faults"))
        for session in sessions:
            session.begin_round()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for session in sessions:
            session.end_round()

    # --- wishes -------------------------------------------------------------------------------------------------

    def _ask(self, world: World, session: Expected) -> None:
        choice = random.Random(f"{self.seed}/{session.name}")
        for _ in range(choice.randint(1, 3)):
            if session.exists == {False}:
                wish = choice.choice(["create", "create", "create", "start", "delete"])
            else:
                (wish,) = choice.choices(list(WISHES), list(WISHES.values()))
            pause = choice.uniform(0, LONGEST_PAUSE_SECONDS)
            goes_on = self._rivals(world, session, choice) if wish == "rivals" else self._wish(world, session, wish)
            if not goes_on:
                return
            time.sleep(pause)

    def _wish(self, world: World, session: Expected, wish: str) -> bool:
        """Ask, and tell the model what came of it; False when the server is gone."""
        before = set(session.exists)
        try:
            code = self._call(world, session, wish)
        except httpx.HTTPError as error:
            session.cut_off(wish)
            self.counts["wishes cut off"] += 1
            self.tell(f"{session.name}: {wish} → {type(error).__name__}")
            return world.is_up()
        self.tell(f"{session.name}: {wish} → {code}")
        self.counts[f"wish {wish}"] += 1
        if code in (200, 201, 202):
            session.answered(wish)
        elif code in (409, 503):
            session.cut_off(wish)
            self.counts["wishes put off"] += 1
        elif code == 404 and False not in before:
            self.violations.append(("lost", f"{session.name} was not found at {wish!r}"))
        elif code == 422 and wish == "create" and True not in before:
            self.violations.append(("resurrected", f"{session.name} was deleted, and its name is taken"))
        elif code >= 500:
            self.violations.append(("server error", f"{session.name}: {wish} was answered {code}"))
        return True

    def _rivals(self, world: World, session: Expected, choice: random.Random) -> bool:
        """Ask two things at one moment; which came first is known only where they do not contradict each other."""
        wishes = [choice.choice(RIVALS), choice.choice(RIVALS)]
        codes: dict[int, int | None] = {}

        def ask(place: int) -> None:
            try:
                codes[place] = self._call(world, session, wishes[place])
            except httpx.HTTPError:
                codes[place] = None

        other = threading.Thread(target=ask, args=(1,), name=f"{session.name} rival")
        other.start()
        ask(0)
        other.join()
        self.tell(f"{session.name}: at one moment {wishes[0]} → {codes[0]}, {wishes[1]} → {codes[1]}")
        self.counts["wishes at one moment"] += 2
        contrary = set(wishes) in CONTRARY
        for place, wish in enumerate(wishes):
            code = codes[place]
            if code in (200, 201, 202) and not contrary:
                session.answered(wish)
            elif code is None or code < 300 or code in (409, 503):
                session.cut_off(wish)
            elif code >= 500:
                self.violations.append(("server error", f"{session.name}: {wish} was answered {code}"))
        return world.is_up()

    def _call(self, world: World, session: Expected, wish: str) -> int:
        http, path = world.api.http, f"/api/sessions/{session.name}"
        match wish:
            case "create":
                return http.post("/api/sessions", json={"name": session.name}).status_code
            case "delete":
                return http.delete(path).status_code
            case "send":
                return world.api.send(session.name, PARTNER, f"round {self.number}").status_code
            case "pair":
                return self._pair(world, session)
            case _:
                return http.post(f"{path}/{wish}").status_code

    def _pair(self, world: World, session: Expected) -> int:
        """Scan the session's QR, if it shows one, as a person would; 0 when there was nothing to scan."""
        http, path = world.api.http, f"/api/sessions/{session.name}"
        deadline = time.monotonic() + PAIR_SECONDS
        scanned = False
        while time.monotonic() < deadline:
            answer = http.get(path)
            if answer.status_code != 200:
                return answer.status_code
            status = answer.json()["status"]
            if status == "WORKING" and scanned:
                return 201
            if status == "SCAN_QR_CODE" and not scanned and True not in session.linked:
                shown = http.get(f"/api/{session.name}/auth/qr", params={"format": "raw"})
                if shown.status_code == 200:
                    # From here on it may be linked, whatever happens to the answer.
                    session.cut_off("pair")
                    body = {"qr": shown.json()["value"]}
                    scanned = world.sandbox.http.post(f"/_sandbox/phones/{session.number}/scan", json=body).is_success
            elif not scanned and status != "STARTING":
                return 0
            time.sleep(LOOK_EVERY_SECONDS)
        return 503 if scanned else 0

    # --- faults -------------------------------------------------------------------------------------------------

    def _strike(self, world: World, sessions: list[Expected]) -> None:
        choice = random.Random(f"{self.seed}/faults")
        plan = choice.choices(list(FAULTS), list(FAULTS.values()), k=choice.randint(1, 4))
        for moment, fault in zip(sorted(choice.uniform(0, FAULT_WINDOW_SECONDS) for _ in plan), plan, strict=True):
            time.sleep(max(0.0, self.begun_at + moment - time.monotonic()))
            if not world.is_up():
                return
            linked = [one for one in sessions if True in one.linked and True in one.exists]
            session = choice.choice(linked if fault in OF_LINKED and linked else sessions)
            with contextlib.suppress(psutil.NoSuchProcess):
                if self._fault(world, session, fault, choice):
                    self.counts[f"fault {fault}"] += 1
                    self.tell(f"FAULT {fault} ({session.name})")

    def _fault(self, world: World, session: Expected, fault: str, choice: random.Random) -> bool:
        """Do it; False when there was nothing to do it to."""
        match fault:
            case "kill server":
                self.ended_server = True
                world.end_server(signal.SIGKILL)
                return True
            case "stop browser, kill server":
                # A stopped browser notices neither the end of its pipe nor a gentle signal.
                for pid in world.mains():
                    psutil.Process(pid).suspend()
                self.ended_server = True
                world.end_server(signal.SIGKILL)
                return True
            case "end server":
                self.ended_server = True
                # On its way out it may come by its armed kill point, and die there as it was told to.
                as_told = (0,) if world.armed is None else (0, -signal.SIGKILL)
                if (code := world.end_server(signal.SIGTERM)) not in as_told:
                    self.violations.append(("unbounded stop", f"a server's SIGTERM came to {code}"))
                return True
            case "kill browser" | "stop browser":
                mains = sorted(world.mains())
                if not mains:
                    return False
                victim = psutil.Process(choice.choice(mains))
                victim.send_signal(signal.SIGKILL if fault == "kill browser" else signal.SIGSTOP)
                return True
            case "unlink":
                answer = world.sandbox.http.post(f"/_sandbox/phones/{session.number}/unlink", json={})
                hit = answer.is_success and bool(answer.json()["unlinked"])
                session.unlinked_this_round |= hit
                return hit
            case _:
                more = {"seconds": choice.uniform(0.2, 2.0)} if fault == "drop_socket" else {}
                answer = world.sandbox.http.post(
                    "/_sandbox/faults", json={"kind": fault, "number": session.number, **more}
                )
                return answer.is_success and bool(answer.json().get("devices"))
