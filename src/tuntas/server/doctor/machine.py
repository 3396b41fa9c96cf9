"""The machine around: clock, memory, port, name resolution, and whether somebody reaps the dead."""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tuntas.config import Settings
from tuntas.foundation.http_server import PortTaken
from tuntas.server.data_folder import DataFolder
from tuntas.server.doctor.finding import Finding, broken, fine, warning

# Certificates and WhatsApp's own protocol refuse a clock that is far off; this code was not written before that year.
YEAR_FIRST, YEAR_LAST = 2025, 2100
MEMORY_WARNING_BYTES = 500 * 1024 * 1024
MEMORY_BROKEN_BYTES = 150 * 1024 * 1024
_BROWSER_NAMES = ("chrom", "headless_shell", "msedge")


def clock(_settings: Settings) -> Finding:
    """Whether the wall clock is plausible. It is compared with nothing outside this machine."""
    booted = datetime.fromtimestamp(psutil.boot_time(), UTC)
    return judge_clock(datetime.now(UTC), booted, time.monotonic())


def judge_clock(now: datetime, booted: datetime, monotonic_seconds: float) -> Finding:
    """Judge three clocks by each other: the wall's, the boot's on the wall, and the one that only runs forward."""
    check = "clock"
    advice = "Switch on time synchronisation (timedatectl set-ntp true); a wrong clock breaks HTTPS."
    detail = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if not YEAR_FIRST <= now.year <= YEAR_LAST:
        return broken(check, f"{detail} cannot be right", advice)
    if booted > now:
        return broken(check, f"{detail}, but this machine booted at {booted:%Y-%m-%d %H:%M:%S}", advice)
    # A container or a suspended machine may count less than since boot, never more.
    if monotonic_seconds > (now - booted).total_seconds() + 60 and sys.platform == "linux":
        return warning(check, f"{detail}; it runs behind the time since boot", advice)
    return fine(check, detail)


def reaping(settings: Settings) -> Finding:
    """Whether ended browser processes stay as zombies, because process 1 or a server does not ask after them."""
    if sys.platform == "win32":
        return fine("reaping", "not needed on this system")
    noted = DataFolder(settings.data_dir).running_server()
    ended = [
        (str(process.info["name"]), int(process.info["ppid"]))
        for process in psutil.process_iter(["status", "ppid", "name"])
        if process.info["status"] == psutil.STATUS_ZOMBIE
    ]
    return judge_ended(ended, noted.pid if noted else None)


def judge_ended(ended: list[tuple[str, int]], server_pid: int | None) -> Finding:
    """Judge processes that have ended and were not asked after, each with its name and its parent's pid."""
    check = "reaping"
    parents = [parent for name, parent in ended if name.startswith(_BROWSER_NAMES)]
    if server_pid is not None and (count := parents.count(server_pid)):
        advice = "Look again in a moment; if they stay, restart the server, and report it with its log."
        return warning(check, f"{count} ended browser processes that the server has not reaped", advice)
    if count := parents.count(1):
        advice = "In a container: docker run --init (Compose: init: true). They fill the table of processes."
        return warning(check, f"{count} ended browser processes that process 1 does not reap", advice)
    return fine(check, "no ended browser process waits to be reaped")


def memory(_settings: Settings) -> Finding:
    """Whether there is memory for one more session, the container's limit counted."""
    check = "memory"
    free = psutil.virtual_memory().available
    where = "available"
    limit = _free_below_limit()
    if limit is not None and limit < free:
        free, where = limit, "below this container's limit"
    detail = f"{free / 1e6:.0f} MB {where}"
    advice = "Stop a session or another program, or give the machine more: a session takes 200 to 400 MB."
    if free < MEMORY_BROKEN_BYTES:
        return broken(check, detail, advice)
    return warning(check, detail, advice) if free < MEMORY_WARNING_BYTES else fine(check, detail)


def port(settings: Settings) -> Finding:
    """Whether the port is free, or ours."""
    check = "port"
    noted = DataFolder(settings.data_dir).running_server()
    if noted is not None:
        return fine(check, f"our server listens at {noted.url}")
    where = f"{settings.host}:{settings.port}"
    try:
        _try(settings.host, settings.port)
    except PortTaken as error:
        advice = f"Stop {_listener(settings.port)}, or choose another --port or --host."
        return broken(check, f"{where} cannot be listened on: {error}", advice)
    if not _is_loopback(settings.host):
        advice = "Put a proxy with TLS in front, and let the firewall keep the rest out: the key travels in clear text."
        return warning(check, f"{where} is free, and open to the network", advice)
    return fine(check, f"{where} is free" if settings.port else "any free one")


def whatsapp(settings: Settings) -> Finding:
    """Whether the host of the running server's page, or else of the set one, can be resolved. Nothing is sent there."""
    check = "WhatsApp's host"
    # A server may have been started with other settings than this terminal has.
    running = DataFolder(settings.data_dir).running_server()
    url = (running.whatsapp_url if running is not None else "") or str(settings.whatsapp_url)
    host = urlsplit(url).hostname or ""
    try:
        addresses = {one[4][0] for one in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except socket.gaierror as error:
        advice = "Sessions cannot start until it can: look at the network, DNS and the firewall."
        return warning(check, f"{host} cannot be resolved ({error.strerror})", advice)
    return fine(check, f"{host} is {min(str(one) for one in addresses)}")


def _try(host: str, number: int) -> None:
    """Bind and let go, without listening: that can be seen by nobody, and fails where the server's own bind would."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = "another program has it" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise PortTaken(reason) from error


def _listener(number: int) -> str:
    try:
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr[1] == number and one.pid:
                return f"{psutil.Process(one.pid).name()} (pid {one.pid})"
    except psutil.Error:
        pass  # another user's process: it is there, and only its name is not for us
    return "the program that listens there"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _free_below_limit() -> int | None:
    """Return the bytes that the control group of this container may still use; caches that can go count as free."""
    for limit, used, statistics, cache in (
        ("memory.max", "memory.current", "memory.stat", "inactive_file"),
        (
            "memory/memory.limit_in_bytes",
            "memory/memory.usage_in_bytes",
            "memory/memory.stat",
            "total_inactive_file",
        ),
    ):
        folder = Path("/sys/fs/cgroup")
        try:
            most = (folder / limit).read_text().strip()
            now = int((folder / used).read_text())
            said = dict(line.split() for line in (folder / statistics).read_text().splitlines())
        except (OSError, ValueError):
            continue
        if most != "max":
            return int(most) - now + int(said.get(cache, 0))
    return None
