"""The pipe as a stream of messages: framing, big messages, back-pressure, the end. Over real pipes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

import psutil
import pytest

from support.processes import open_descriptors
from tuntas.browser.transport import HEAD_BYTES, MOST_MESSAGE_BYTES, MessageTooLong, PipeTransport


class Ends:
    """A transport, what it has reported, and the browser's ends of its pipes."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.closed: list[Exception | None] = []
        self.arrived = asyncio.Event()
        self.too_long: list[tuple[bytes, int]] = []
        self.transport = PipeTransport(
            self._message, self.closed.append, limit_of=self._limit_of, on_too_long=self._message_too_long
        )
        self.browser_reads = self.browser_writes = -1

    async def open(self) -> None:
        self.browser_reads, write_descriptor = os.pipe()
        read_descriptor, self.browser_writes = os.pipe()
        await self.transport.open(read_descriptor, write_descriptor)

    def _message(self, message: bytes | bytearray) -> None:
        self.messages.append(bytes(message))
        self.arrived.set()

    def _limit_of(self, head: bytes) -> int:
        return 200 if head.startswith(b"short") else MOST_MESSAGE_BYTES

    def _message_too_long(self, head: bytes, size_bytes: int) -> None:
        self.too_long.append((head, size_bytes))


def run(test: Callable[[Ends], Awaitable[None]]) -> None:
    async def main() -> None:
        ends = Ends()
        await ends.open()
        try:
            async with asyncio.timeout(30):
                await test(ends)
        finally:
            ends.transport.close()
            await ends.transport.wait_closed()
            for descriptor in (ends.browser_reads, ends.browser_writes):
                if descriptor >= 0:
                    os.close(descriptor)

    before = open_descriptors()
    asyncio.run(main())
    assert open_descriptors() == before


def test_messages_are_cut_at_nul_bytes_however_the_reads_fall() -> None:
    async def test(ends: Ends) -> None:
        for piece in (b"on", b"e\0two\0th", b"ree", b"\0\0"):
            ends.arrived.clear()
            os.write(ends.browser_writes, piece)
            await asyncio.sleep(0)
        while len(ends.messages) < 4:
            await ends.arrived.wait()
            ends.arrived.clear()
        assert ends.messages == [b"one", b"two", b"three", b""]

    run(test)


def test_a_message_of_sixty_megabytes_comes_through_whole_and_in_linear_time() -> None:
    async def test(ends: Ends) -> None:
        size = 60_000_000
        loop = asyncio.get_running_loop()
        started = loop.time()
        writer = loop.run_in_executor(None, _write_all, ends.browser_writes, b"x" * size + b"\0")
        await ends.arrived.wait()
        await writer
        assert [len(message) for message in ends.messages] == [size]
        # Copying what has come so far at each read would take minutes: some 900 reads of 64 KiB.
        assert loop.time() - started < 5

    run(test)


@pytest.mark.parametrize("size", [201, 255, 5_000, 40_000_000])
def test_a_message_that_is_longer_than_its_kind_may_be_is_dropped_as_it_arrives(size: int) -> None:
    async def test(ends: Ends) -> None:
        long = b"short" + b"x" * (size - 5)
        before = psutil.Process().memory_info().rss
        said = b"\0".join((b"first", long, b"short" + b"y" * 195, b"last", b""))
        writer = asyncio.get_running_loop().run_in_executor(None, _write_all, ends.browser_writes, said)
        while len(ends.messages) < 3:
            await ends.arrived.wait()
            ends.arrived.clear()
        await writer
        assert ends.messages == [b"first", b"short" + b"y" * 195, b"last"]
        assert ends.too_long == [(long[:HEAD_BYTES], size)]
        assert psutil.Process().memory_info().rss - before - len(said) < 10_000_000

    run(test)


@pytest.mark.parametrize("step", [1, 7, 100, 129])
def test_a_limit_holds_however_the_reads_fall(step: int) -> None:
    async def test(ends: Ends) -> None:
        said = b"short" + b"x" * 400 + b"\0" + b"other" + b"x" * 400 + b"\0"
        for at in range(0, len(said), step):
            os.write(ends.browser_writes, said[at : at + step])
            await asyncio.sleep(0)
        while not ends.messages:
            await ends.arrived.wait()
            ends.arrived.clear()
        assert ends.messages == [b"other" + b"x" * 400]
        assert ends.too_long == [((b"short" + b"x" * 400)[:HEAD_BYTES], 405)]

    run(test)


def test_a_message_without_end_closes_the_pipe_also_where_nothing_of_it_is_kept() -> None:
    async def test(ends: Ends) -> None:
        said = b"short" + b"x" * (MOST_MESSAGE_BYTES + 1_000_000)
        writer = asyncio.get_running_loop().run_in_executor(None, _write_all, ends.browser_writes, said)
        await ends.transport.wait_closed()
        with pytest.raises(BrokenPipeError):
            await writer
        assert isinstance(ends.closed[0], MessageTooLong)

    run(test)


def test_a_browser_that_does_not_read_makes_senders_wait_and_not_the_memory_grow() -> None:
    async def test(ends: Ends) -> None:
        await ends.transport.send(b"a" * 3_000_000)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ends.transport.send(b"b")
        reader = asyncio.get_running_loop().run_in_executor(None, _read_messages, ends.browser_reads, 2)
        await ends.transport.send(b"c")
        assert await reader == [3_000_000, 1]

    run(test)


def test_the_end_of_the_pipe_is_told_once_and_sending_fails_from_then_on() -> None:
    async def test(ends: Ends) -> None:
        os.close(ends.browser_writes)
        ends.browser_writes = -1
        await ends.transport.wait_closed()
        assert len(ends.closed) == 1
        with pytest.raises(ConnectionError):
            await ends.transport.send(b"late")

    run(test)


def test_a_sender_that_waits_is_freed_when_the_browser_dies() -> None:
    async def test(ends: Ends) -> None:
        await ends.transport.send(b"a" * 3_000_000)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(_fails(ends.transport))
            await asyncio.sleep(0)
            os.close(ends.browser_reads)
            ends.browser_reads = -1
        assert waiting.result()

    run(test)


async def _fails(transport: PipeTransport) -> bool:
    try:
        await transport.send(b"b")
    except ConnectionError:
        return True
    return False


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _read_messages(descriptor: int, count: int) -> list[int]:
    data = b""
    while data.count(b"\0") < count:
        data += os.read(descriptor, 1 << 20)
    return [len(message) for message in data.split(b"\0")[:-1]]
