"""What a cluster asks of its engine, asked of each engine: real NATS servers, a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from cluster.conftest import NewRegister
from support.members import soon
from tuntas.cluster.ports import Outdated
from tuntas.cluster.records import RegisterEntry
from tuntas.foundation.tasks import end, spawn


async def test_a_key_is_set_once_and_then_only_over_what_was_seen(new_register: NewRegister) -> None:
    register = new_register()
    await register.open()
    first = await register.write("nodes/a", b"1", 0)
    for wrong in (0, first + 1):
        with pytest.raises(Outdated):
            await register.write("nodes/a", b"2", wrong)
    second = await register.write("nodes/a", b"2", first)
    assert await register.read("nodes/a") == RegisterEntry("nodes/a", second, b"2")
    assert await register.read("nodes/b") == RegisterEntry("nodes/b", 0, None)
    await register.close()


async def test_of_many_that_set_a_key_at_one_moment_one_does(new_register: NewRegister) -> None:
    registers = [new_register() for _ in range(4)]
    for one in registers:
        await one.open()

    async def tried(one: int) -> bool:
        try:
            await registers[one % 4].write("owners/s", str(one).encode(), 0)
        except Outdated:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(tried(one)) for one in range(16)]
    assert [task.result() for task in tasks].count(True) == 1
    for one in registers:
        await one.close()


async def test_who_follows_is_told_all_and_then_each_change_in_its_order(new_register: NewRegister) -> None:
    register, other = new_register(), new_register()
    await register.open()
    await other.open()
    first = await register.write("nodes/a", b"1", 0)
    gone = await register.write("owners/s", None, await register.write("owners/s", b"x", 0))
    told: list[Sequence[RegisterEntry]] = []
    heard: list[RegisterEntry] = []
    following = spawn(other.follow(told.append, heard.append, 0.05), name="follow")
    await soon(lambda: told)
    revisions = [first]
    for number in range(20):
        revisions.append(await register.write("nodes/a", str(number).encode(), revisions[-1]))
    await soon(lambda: heard and heard[-1].revision == revisions[-1])
    await end(following)
    assert sorted(told[0], key=lambda one: one.revision) == [
        RegisterEntry("nodes/a", first, b"1"),
        RegisterEntry("owners/s", gone, None),
    ]
    assert [one.revision for one in heard] == sorted({one.revision for one in heard})
    await register.close()
    await other.close()
