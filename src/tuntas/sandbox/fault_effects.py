"""What the faults do to the pages at hand: who is struck, who is kept out, who hears nothing for how long.

The faults themselves are pure, in ``faults.py``; here they meet connections and the clock, in one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from tuntas.foundation.clock import Clock
from tuntas.sandbox.faults import Faults, FaultScope
from tuntas.sandbox.model import DeviceKeys, Event
from tuntas.sandbox.phones import Phones
from tuntas.sandbox.refusals import AT_THE_DOOR, capping, not_taken, refusal, timelock
from tuntas.sandbox.social_frames import ChangeMembers, CreateGroupFrame, JoinGroup, SocialFrame

Frame = dict[str, Any]
RESTRICTIONS = ("timelock", "capping")
"""Kinds of faults that the page of the account is told of."""


class AnyPage(Protocol):
    """A page that is connected."""

    keys: DeviceKeys
    number: str | None
    is_deaf: bool

    def tell(self, frame: Frame) -> None:
        """Queue a frame for the page."""
        ...

    def close(self) -> None:
        """Close the connection after what is queued."""
        ...


class FaultEffects:
    """The effects of one sandbox's faults: a question for each place at which a fault is felt."""

    def __init__(
        self,
        phones: Phones,
        clock: Clock,
        pages: Callable[[], Iterable[AnyPage]],
        wake: Callable[[Iterable[str]], None],
    ) -> None:
        """Know the connected ``pages``, and whom to ``wake`` when a device has something new."""
        self.faults = Faults()
        self._phones = phones
        self._clock = clock
        self._pages = pages
        self._wake = wake
        self._loads_may_go_on = asyncio.Event()
        self._network_is_back = asyncio.Event()
        self._timers: set[asyncio.TimerHandle] = set()

    def close(self) -> None:
        """Let everything go on that waits."""
        for timer in self._timers:
            timer.cancel()
        self.loads_go_on()
        self._network_is_back.set()

    def matching(self, scope: FaultScope) -> list[AnyPage]:
        """Return the connected pages that a fault meets."""
        return [each for each in self._pages() if scope.meets(each.keys.device, each.number)]

    def strike(self, fault: str, scope: FaultScope) -> list[str]:
        """Send a fault into the matching pages; return their device ids."""
        pages = self.matching(scope)
        for page in pages:
            page.tell({"kind": "fault", "fault": fault})
        return [page.keys.device for page in pages]

    def deafen(self, scope: FaultScope) -> list[str]:
        """Let the matching pages get nothing that they have not asked for; return their device ids."""
        pages = [page for page in self.matching(scope) if page.number is not None]
        for page in pages:
            page.is_deaf = True
        return [page.keys.device for page in pages]

    def replace(self, scope: FaultScope) -> list[str]:
        """Let another login take over from the matching pages; return their device ids."""
        pages = [page for page in self.matching(scope) if page.number is not None]
        for page in pages:
            page.tell({"kind": "replaced"})
            page.close()
        return [page.keys.device for page in pages]

    def meet(self, kind: str, scope: FaultScope) -> list[str]:
        """Let a fault that has been switched on meet the pages that are connected; return their device ids."""
        pages, now = self.matching(scope), self._clock.monotonic()
        for page in pages:
            if kind in AT_THE_DOOR and (frame := self.refusal(page)) is not None:
                page.tell(frame)
            # A connection that is dropped for no time is closed, too: its page comes back at once.
            if kind in (*AT_THE_DOOR, "drop_socket") or self.is_refused(page.keys.device, page.number):
                page.close()
            if kind == "storage_failure" and self._takes_no_writes(page):
                page.tell({"kind": "fault", "fault": "fail_writes"})
        if kind in RESTRICTIONS:
            self._tell_restrictions(pages)
            fault = self.faults.of(kind, now).get(scope)
            if fault is not None and not math.isinf(fault.until):  # the server says by itself when it is over
                self._later(fault.until - now, lambda: self._tell_restrictions(self.matching(scope)))
        return [page.keys.device for page in pages]

    def clear(self, kind: str | None) -> None:
        """Switch one kind of fault off, or all, and tell the pages that had heard of it."""
        if kind is None:
            self.faults.clear()
        else:
            self.faults.remove(kind)
        for page in self._pages():
            if kind in (None, "storage_failure"):
                page.tell({"kind": "fault", "fault": "mend_writes"})
        if kind in (None, *RESTRICTIONS):
            self._tell_restrictions(self._pages())
        self.loads_go_on()
        self._network_is_back.set()

    def is_refused(self, device: str, number: str | None) -> bool:
        """Say whether a page's connections are cut and its new ones refused."""
        now = self._clock.monotonic()
        network = self.faults.meeting("network_down", device, number, now)
        is_dropped = self.faults.meeting("drop_socket", device, number, now) is not None
        return is_dropped or (network is not None and network.values["mode"] == "refused")

    def refusal(self, page: AnyPage) -> Frame | None:
        """Return what the page is told instead of a welcome, None where it is let in."""
        return refusal(self.faults, page.keys.device, page.number, self._clock.monotonic())

    def _takes_no_writes(self, page: AnyPage) -> bool:
        found = self.faults.meeting("storage_failure", page.keys.device, page.number, self._clock.monotonic())
        return found is not None and found.values["writes"]

    def timelock(self, number: str) -> dict[str, Any]:
        """Say whether an account may not write to strangers."""
        return timelock(self.faults, number, self._clock.monotonic(), self._clock.now().timestamp())

    def capping(self, number: str) -> dict[str, Any]:
        """Say how many chats an account may begin."""
        return capping(self.faults, number, self._clock.monotonic(), self._clock.now().timestamp())

    def restrictions(self, number: str) -> Frame:
        """Return what an account may not do, as its pages are told."""
        return {"timelock": self.timelock(number), "capping": self.capping(number)}

    def not_taken(self, number: str, recipient: str) -> str | None:
        """Return the code with which a message is refused; a new chat that is taken counts, and the pages are told."""
        used = self.capping(number)["used_quota"]
        code = not_taken(self.faults, self._phones, number, recipient, self._clock.monotonic())
        if self.capping(number)["used_quota"] != used:
            self._tell_restrictions(self.matching(FaultScope(number)))
        return code

    def reaches_out_in_vain(self, number: str, frame: SocialFrame) -> bool:
        """Whether an account asks for what its timelock forbids beside messages: new groups, more people, joining."""
        match frame:
            case CreateGroupFrame() | JoinGroup() | ChangeMembers(action="add"):
                return self.faults.meeting("timelock", "", number, self._clock.monotonic()) is not None
            case _:
                return False

    def _tell_restrictions(self, pages: Iterable[AnyPage]) -> None:
        for page in pages:
            if page.number is not None:
                page.tell({"kind": "restriction"} | self.restrictions(page.number))

    def readable_after(self, device: str, number: str) -> float | None:
        """Return after how many seconds a device can read what comes; None at once, infinity never."""
        fault = self.faults.meeting("ciphertext_first", device, number, self._clock.monotonic())
        if fault is None:
            return None
        seconds = fault.values["readable_after_seconds"]
        return math.inf if seconds is None else float(seconds)

    def becomes_readable(self, device_id: str, event: Event, seconds: float) -> None:
        """Let a device read, so many seconds from now, what came to it as ciphertext."""
        if math.isinf(seconds):
            return

        def now() -> None:
            if (device := self._phones.device(device_id)) is not None:
                device.put(event | {"kind": "readable"})
                self._wake([device_id])

        self._later(seconds, now)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        def now() -> None:
            self._timers.discard(timer)
            act()

        timer = asyncio.get_running_loop().call_later(seconds, now)
        self._timers.add(timer)

    def network_mode(self) -> str | None:
        """Return how the network is away from everybody, None where it is there."""
        fault = self.faults.everybodys("network_down", self._clock.monotonic())
        return None if fault is None else str(fault.values["mode"])

    def silence_seconds(self, page: AnyPage) -> float:
        """Return for how long nothing goes to this page and nothing comes from it, though the connection stands."""
        now = self._clock.monotonic()
        fault = self.faults.meeting("network_down", page.keys.device, page.number, now)
        return 0.0 if fault is None or fault.values["mode"] != "half_open" else fault.until - now

    async def network_back(self, page: AnyPage | None = None) -> None:
        """Return when the network is there again, for everybody or for one page."""
        while (seconds := self._away_seconds() if page is None else self.silence_seconds(page)) > 0:
            self._network_is_back.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if math.isinf(seconds) else seconds):
                    await self._network_is_back.wait()

    def _away_seconds(self) -> float:
        now = self._clock.monotonic()
        fault = self.faults.everybodys("network_down", now)
        return 0.0 if fault is None else fault.until - now

    async def load_delay(self) -> None:
        """Wait as long as a page load is stalled."""
        seconds = self.faults.load_delay_seconds(self._clock.monotonic())
        if seconds <= 0:
            return
        self._loads_may_go_on.clear()
        try:
            async with asyncio.timeout(None if seconds == float("inf") else seconds):
                await self._loads_may_go_on.wait()
        except TimeoutError:
            return

    def loads_go_on(self) -> None:
        """Let the loads that wait go on at once."""
        self._loads_may_go_on.set()
