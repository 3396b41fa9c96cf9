"""What a session takes on the disk: newly paired, and after a thousand messages have come in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.peers.contestant import Contestant, pair
from bench.peers.trees import MEGABYTE
from bench.peers.world import World

MESSAGES = 1000
WRITERS = 4
TEXT = "Good morning, is the blue one still there? I would take two of them, if they are. This is question {}."


def measure(world: World) -> None:
    """Do it once for each contestant. What is on the disk is looked at when the session is stopped."""
    for one in (world.tuntas(), world.web_js(["disk"])):
        world.tell(f"disk of a session: {one.name}")
        with one:
            _turn(world, one)


def _turn(world: World, one: Contestant) -> None:
    number, partner = world.number(), world.number()
    pair(one, world.sandbox, "disk", number)
    one.stop("disk")
    world.figures.add("disk_new_megabytes", one.name, disk_bytes(one.profile("disk")) / MEGABYTE)
    one.start("disk")
    one.ready_at("disk")
    world.sandbox.phone(partner)

    def write(text: str) -> None:
        world.sandbox.call("POST", f"/phones/{partner}/send", {"to": number, "text": text})

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, [TEXT.format(one) for one in range(MESSAGES)]))
    one.stop("disk")
    world.figures.add("disk_1000_megabytes", one.name, disk_bytes(one.profile("disk")) / MEGABYTE)


def disk_bytes(folder: Path) -> int:
    """Return the space that the files below a folder use."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*") if not path.is_dir())
