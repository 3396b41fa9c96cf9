"""A sandbox and a server in whose weather sessions live: what troubles do to them, what people do, what is seen."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from bench.weather_judge import Line, Watched
from bench.weather_plan import Trouble
from support.running import KEY, Sandbox, Server

# What outside are minutes, hours or days is shorter by about the weather's factor; what a machine needs is as it is.
SETTINGS = {
    "TUNTAS_LIVENESS_INTERVAL_SECONDS": "3",
    "TUNTAS_LIVENESS_TIMEOUT_SECONDS": "8",
    "TUNTAS_START_TIMEOUT_SECONDS": "30",
    "TUNTAS_PAIRING_TIMEOUT_SECONDS": "40",
    "TUNTAS_PASSKEY_TIMEOUT_SECONDS": "20",
    "TUNTAS_RECONNECT_TIMEOUT_SECONDS": "10",
    "TUNTAS_RESTART_FIRST_SECONDS": "0.5",
    "TUNTAS_RESTART_CEILING_SECONDS": "10",
    "TUNTAS_STABLE_RUN_SECONDS": "10",
    "TUNTAS_FAILED_RETRY_SECONDS": "20",
    "TUNTAS_PAGE_INTERVAL_SECONDS": "3",
    "TUNTAS_NETWORK_INTERVAL_SECONDS": "2",
    "TUNTAS_AFTER_REPLACEMENT": "take_over",
    "TUNTAS_SENDS_PER_MINUTE": "0",
    "TUNTAS_ECHO_INTERVAL_SECONDS": "15",
    "TUNTAS_ECHO_TIMEOUT_SECONDS": "10",
    "TUNTAS_CLOSE_TIMEOUT_SECONDS": "3",
    "TUNTAS_LOG_LEVEL": "info",
}
LOOK_EVERY_SECONDS = 0.5
MESSAGE_EVERY_SECONDS = 2.0
# Of what came so shortly before a phone removed the device nobody can say whether it had arrived.
UNLINK_MARGIN_SECONDS = 15.0
OPTIONAL, NEEDED = "WAWebSendReactionMsgAction", "WAWebSendMsgChatAction"


class Resident:
    """A session, its phone, and somebody who writes to it and is written to."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.name = f"w{index:02}"
        self.number = f"62877{index:06}"
        self.friend = f"62878{index:06}"
        self.watched = Watched(self.name)
        self.came: list[tuple[float, str]] = []
        self.went: list[str] = []
        self.unlinked_at: list[float] = []
        self.linked_at: list[float] = []
        self.scans = 0
        self.first_contacts: list[tuple[str, str]] = []
        self.let_through: list[str] = []
        self.stuck_for_a_person = 0
        self._was_away = False

    def may_be_unlinked(self, now: float) -> None:
        """Take it that the device is removed, or soon may be."""
        self._was_away = False
        self.unlinked_at.append(now)

    def seen(self, now: float, status: str) -> None:
        """Take a look: it is linked again when it works after it did not."""
        if status != "WORKING":
            self._was_away = True
        elif self._was_away:
            while len(self.linked_at) < len(self.unlinked_at):
                self.linked_at.append(now)


class World:
    """All of it."""

    def __init__(self, sandbox: Sandbox, server: Server, sessions: int) -> None:
        self.sandbox, self.server = sandbox, server
        self.residents = [Resident(index) for index in range(sessions)]
        self.began = time.monotonic()
        self.began_at = time.time()
        self.is_over = False
        self.met: list[Trouble] = []
        self._control = httpx.AsyncClient(base_url=f"{sandbox.url}/_sandbox", timeout=30, trust_env=False)
        self._api = httpx.AsyncClient(base_url=server.url, headers={"X-Api-Key": KEY}, timeout=90, trust_env=False)
        self._versions = 0

    @property
    def now(self) -> float:
        """Seconds since the weather began."""
        return time.monotonic() - self.began

    async def close(self) -> None:
        await self._control.aclose()
        await self._api.aclose()

    # --- before the weather -------------------------------------------------------------------------------------

    async def move_in(self, limit_seconds: float) -> None:
        """Create all sessions, and link them."""
        for one in self.residents:
            for number in (one.number, one.friend):
                await self.control("phones", number=number, name=f"Phone {number[-4:]}")
            (await self._api.post("/api/sessions", json={"name": one.name})).raise_for_status()
        async with asyncio.timeout(limit_seconds), asyncio.TaskGroup() as group:
            for one in self.residents:
                group.create_task(self._link(one), name=f"link {one.name}")
        # The weather begins now.
        self.began, self.began_at = time.monotonic(), time.time()
        for one in self.residents:
            one.scans = 0

    async def _link(self, one: Resident) -> None:
        while await self.status(one) != "WORKING":
            await self.scan_if_asked(one)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def control(self, path: str, **body: Any) -> httpx.Response:
        return await self._control.post(f"/{path}", json=body)

    async def status(self, one: Resident) -> str:
        return str((await self._api.get(f"/api/sessions/{one.name}")).json()["status"])

    async def scan_if_asked(self, one: Resident) -> None:
        """Do what only a person can: scan the QR that is shown."""
        answer = await self._api.get(f"/api/{one.name}/auth/qr", params={"format": "raw"})
        if answer.is_success:
            scanned = await self.control(f"phones/{one.number}/scan", qr=answer.json()["value"])
            one.scans += scanned.is_success

    # --- what troubles do ---------------------------------------------------------------------------------------

    async def strike(self, trouble: Trouble) -> None:
        """Let a trouble come, and go."""
        begun = self.now
        one = None if trouble.session is None else self.residents[trouble.session]
        scope: dict[str, Any] = {} if one is None else {"number": one.number}
        match trouble.kind:
            case "kill_browser":
                assert one is not None
                await self._kill_browser(one)
            case "half_open" | "away":
                mode = "half_open" if trouble.kind == "half_open" else "refused"
                await self._fault("network_down", mode=mode, seconds=trouble.seconds, **scope)
            case "unlink" | "passkey":
                assert one is not None
                if trouble.kind == "passkey":
                    await self._fault("passkey", skip_code=True, **scope)
                one.may_be_unlinked(self.now)
                await self.control(f"phones/{one.number}/unlink")
            case "timelock" | "capping":
                assert one is not None
                more = {"quota": 0} if trouble.kind == "capping" else {}
                await self._fault(trouble.kind, seconds=trouble.seconds, **scope, **more)
                self.met.append(Trouble(begun, trouble.kind, trouble.session, trouble.seconds))
                await self._first_contact(one, begun + trouble.seconds)
                return
            case "page_version":
                self._versions += 1
                await self._fault("page_version", version=f"2.3000.{1_099_999_000 + self._versions}")
            case "drop_socket" | "temp_ban" | "service_unavailable":
                await self._fault(trouble.kind, seconds=trouble.seconds, **scope)
            case "network_down" | "stall_load":
                await self._fault(trouble.kind, seconds=trouble.seconds)
                await self._for(trouble, trouble.kind, **scope)
            case "crash_page" | "hang_page" | "replaced" | "deaf":
                await self._fault(trouble.kind, **scope)
            case "slow":
                await self._fault("slow", seconds=0.3, **scope)
                await asyncio.sleep(trouble.seconds)
                await self._fault("slow", seconds=0, **scope)
            case "disk_takes_nothing":
                await self._fault("storage_failure", writes=True, **scope)
                await self._for(trouble, "storage_failure", **scope)
            case "disk_not_opened":
                assert one is not None
                # A page that cannot open its disk logs itself out: where it is not ended before, a person has to scan.
                one.may_be_unlinked(self.now)
                await self._fault("storage_failure", **scope)
                await self._fault("crash_page", **scope)
                await self._for(trouble, "storage_failure", **scope)
            case "late_module":
                await self._fault("late_module", module=NEEDED, seconds=trouble.seconds, **scope)
                await self._fault("crash_page", **scope)
                await self._for(trouble, "late_module", **scope)
            case "missing_module":
                await self._fault("missing_module", module=OPTIONAL, **scope)
                await self._fault("crash_page", **scope)
                await self._for(trouble, "missing_module", **scope)
            case "needed_module_missing":
                await self._fault("missing_module", module=NEEDED)
                await self._fault("crash_page", number=self.residents[0].number)
                await self._for(trouble, "missing_module")
            case "trickle":
                await self._fault("trickle", seconds=trouble.seconds, **scope)
                await self._fault("crash_page", **scope)
                await self._for(trouble, "trickle", **scope)
            case "ciphertext_first":
                await self._fault("ciphertext_first", seconds=1, **scope)
                await self._for(trouble, "ciphertext_first", **scope)
            case _:
                await self._fault(trouble.kind, **scope)
                await self._for(trouble, trouble.kind, **scope)
        self.met.append(Trouble(begun, trouble.kind, trouble.session, self.now - begun + self._lasting(trouble)))

    @staticmethod
    def _lasting(trouble: Trouble) -> float:
        """Return for how long a trouble goes on that ends by itself."""
        return trouble.seconds if trouble.kind in LASTING else 0.0

    async def _fault(self, kind: str, **more: Any) -> None:
        answer = await self.control("faults", kind=kind, **more)
        if not answer.is_success:
            message = f"the sandbox refuses {kind} {more}: {answer.text}"
            raise RuntimeError(message)

    async def _for(self, trouble: Trouble, fault: str, **_scope: Any) -> None:
        """Let a fault go on, then clear it; the control side clears a kind for everybody."""
        await asyncio.sleep(trouble.seconds)
        await self._fault("clear", fault=fault)

    async def _kill_browser(self, one: Resident) -> None:
        browsers = (await self._api.get("/api/browsers")).json()
        for browser in browsers:
            if browser["session"] == one.name:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(browser["pid"], signal.SIGKILL)

    # --- what people do -----------------------------------------------------------------------------------------

    async def live(self, one: Resident) -> None:
        """Write to a session, and through it, until the weather is over."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_to(one), name=f"to {one.name}")
            group.create_task(self._write_from(one), name=f"from {one.name}")

    async def _write_to(self, one: Resident) -> None:
        count = 0
        while not self.is_over:
            text = f"to {one.name} {count}"
            count += 1
            answer = await self.control(f"phones/{one.friend}/send", to=one.number, text=text)
            if answer.is_success:
                one.came.append((self.now, text))
            await asyncio.sleep(MESSAGE_EVERY_SECONDS)

    async def _write_from(self, one: Resident) -> None:
        count = 0
        while not self.is_over:
            text = f"from {one.name} {count}"
            if not await self._send(one, text, key=f"{one.name}-{count}"):
                return
            one.went.append(text)
            count += 1
            await asyncio.sleep(MESSAGE_EVERY_SECONDS)

    async def _send(self, one: Resident, text: str, key: str) -> bool:
        """Send as a careful program does: the same key until there is an answer. False: the run is over before."""
        body = {"session": one.name, "chatId": f"{one.friend}@c.us", "text": text, "linkPreview": False}
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await self._api.post("/api/sendText", json=body, headers={"Idempotency-Key": key})
                if answer.is_success:
                    return True
            if self.is_over:
                return False
            await asyncio.sleep(1.0)

    async def _first_contact(self, one: Resident, forbidden_until: float) -> None:
        """Write to somebody new, again and again with one key, until WhatsApp lets it go; it must not before."""
        stranger = f"62879{one.index:03}{len(one.first_contacts):03}"
        text = f"first to {stranger}"
        await self.control("phones", number=stranger, name="Somebody new")
        body = {"session": one.name, "chatId": f"{stranger}@c.us", "text": text, "linkPreview": False}
        while not self.is_over:
            asked_at = self.now
            with contextlib.suppress(httpx.HTTPError):
                answer = await self._api.post("/api/sendText", json=body, headers={"Idempotency-Key": text})
                if answer.is_success:
                    one.first_contacts.append((stranger, text))
                    if self.now < forbidden_until:
                        one.let_through.append(f"{text} at {asked_at:.1f} s")
                    return
            await asyncio.sleep(1.0)

    async def _answer_passkey(self, one: Resident) -> None:
        """Do what only a person can: have the account's passkey sign."""
        asked = await self._api.get(f"/api/{one.name}/auth/passkey/challenge")
        if asked.is_success:
            signed = await self.control(f"phones/{one.number}/passkey", challenge=asked.json()["challenge"])
            await self._api.post(f"/api/{one.name}/auth/passkey", json=signed.json())

    async def watch(self) -> None:
        """Look at all sessions in an interval, and scan where a phone has removed the device."""
        while True:
            found = {one["name"]: one for one in (await self._api.get("/api/sessions?all=true")).json()}
            for one in self.residents:
                session = found[one.name]
                one.watched.looks.append((self.now, session["status"]))
                if session["status"] == "SCAN_QR_CODE":
                    await self.scan_if_asked(one)
                if session["status"] == "PASSKEY_REQUIRED":
                    await self._answer_passkey(one)
                one.seen(self.now, session["status"])
                if session["status"] == "FAILED":
                    shown = (await self._api.get(f"/api/sessions/{one.name}")).json()
                    one.stuck_for_a_person += shown["status"] == "FAILED" and shown["nextTryAt"] is None
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def all_working(self, limit_seconds: float) -> float | None:
        """Return after how many seconds all sessions work; None if they do not within the limit."""
        begun = time.monotonic()
        while time.monotonic() - begun < limit_seconds:
            found = (await self._api.get("/api/sessions?all=true")).json()
            if all(one["status"] == "WORKING" for one in found):
                return time.monotonic() - begun
            await asyncio.sleep(0.1)
        return None

    # --- afterwards ---------------------------------------------------------------------------------------------

    async def read_stories(self) -> None:
        for one in self.residents:
            lines = (await self._api.get(f"/api/sessions/{one.name}/history", params={"limit": 1000})).json()
            one.watched.story = [
                Line(
                    datetime.fromisoformat(line["at"]).timestamp() - self.began_at,
                    line["before"],
                    line["after"],
                    line["reason"],
                )
                for line in lines
            ]

    def counted(self, one: Resident) -> list[str]:
        """Return what came for a session and had to arrive: not what came while no phone was linked."""
        gaps = [
            (at - UNLINK_MARGIN_SECONDS, one.linked_at[index] + 1 if index < len(one.linked_at) else float("inf"))
            for index, at in enumerate(one.unlinked_at)
        ]
        return [text for at, text in one.came if not any(first <= at <= last for first, last in gaps)]

    def arrived(self, folder: Path) -> list[str]:
        """Return the bodies of all events ``message``, each as often as it was published."""
        with contextlib.closing(sqlite3.connect(f"{(folder / 'tuntas.db').as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT body FROM events WHERE event = 'message'").fetchall()
        return [str(json.loads(row[0])["payload"].get("body", "")) for row in rows]

    def received(self, one: Resident) -> list[str]:
        """Return what the session's friend has on the phone."""
        return [text for text in self.sandbox.texts(one.friend) if text.startswith("from ")]


LASTING = frozenset({"drop_socket", "temp_ban", "service_unavailable", "half_open", "away"})
