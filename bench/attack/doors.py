"""The doors of a server, and one act at each that means harm. What an act does follows from its own seed alone.

An act raises nothing of the network: a server may drop whoever hurts it. It returns what must never happen, in words.
"""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from urllib.parse import quote

from bench.attack import values, wire
from bench.attack.requests import Operation, operations
from bench.attack.wire import Reply
from bench.attack.world import ADMIN_KEY, EVIL, PAGE, Target

Act = Callable[[Target, Random], Awaitable[list[str]]]

JSON = ("Content-Type", "application/json")
HOST = ("Host", "127.0.0.1")
_CHUNK = b"[]," * 21_000
_MEANT = {"try_later", "page_unavailable", "server_stopping", "file_unreachable"}
_PROGRAM_SECONDS = 60.0
_PAGE_SECONDS = 4.0


async def no_key(target: Target, chance: Random) -> list[str]:
    """A well-formed request without a key, or with a wrong one: never inside, never a defect."""
    operation = chance.choice(_operations(target))
    path, body = operation.filled(chance, values.NAMES)
    headers = [HOST, JSON]
    if chance.random() < 0.5:
        headers.append(("X-Api-Key", chance.choice(("x", "a" * 9000, "é", "tk_" + "a" * 43))))
    data = values.spoilt(chance, values.as_json(body))
    reply = await wire.exchange(target.place, [wire.request(operation.method, path, headers, data)])
    wrong = _defects(operation.name, reply)
    if operation.needs_key and reply.status is not None and reply.status < 300:
        wrong.append(f"authorisation: {operation.name} answered {reply.status} without a good key")
    return wrong


async def flood(target: Target, chance: Random) -> list[str]:
    """A body without end, by length or in chunks, with no key or with a good one."""
    headers = [HOST, JSON]
    if chance.random() < 0.3:
        headers.append(("X-Api-Key", target.key))
    size = chance.choice((4, 64, 200)) * 1024 * 1024
    target_path = chance.choice(("/api/sessions", "/api/sendText", "/api/sendImage", "/nowhere", "/dashboard/sign-in"))

    def by_length() -> Iterator[bytes]:
        yield wire.request("POST", target_path, [*headers, ("Content-Length", str(size))])
        yield from (_CHUNK for _ in range(size // len(_CHUNK)))

    def in_chunks() -> Iterator[bytes]:
        yield wire.request("POST", target_path, [*headers, ("Transfer-Encoding", "chunked")])
        yield from (b"%x\r\n%s\r\n" % (len(_CHUNK), _CHUNK) for _ in range(size // len(_CHUNK)))
        yield b"0\r\n\r\n"

    return _defects(f"flood {target_path}", await wire.exchange(target.place, chance.choice((by_length, in_chunks))()))


async def broken(target: Target, chance: Random) -> list[str]:
    """Bytes that are no request, or one with two meanings."""
    line = chance.choice(
        (
            "GET /ping HTTP/9.9",
            "GET\t/ping HTTP/1.1",
            f"GET /{'a' * 70_000} HTTP/1.1",
            "POST /api/sessions HTTP/1.1",
            "GET http://other.example/ping HTTP/1.1",
            "CONNECT 127.0.0.1:1 HTTP/1.1",
            "PRI * HTTP/2.0",
        )
    )
    headers = chance.sample(
        (
            "Host: 127.0.0.1",
            "Host: evil.example",
            "Host: a\r\nHost: b",
            "Content-Length: -1",
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: gzip, chunked",
            "X-A: " + "b" * 200_000,
            "X-Api-Key: \x00\xff",
            "Cookie: tuntas=é; a=" + "=" * 4000,
            "Upgrade: h2c",
            "Expect: 100-continue",
            "Accept-Language: " + "id;q=9," * 500,
        ),
        k=chance.randrange(6),
    )
    data = "\r\n".join([line, *headers, "", ""]).encode("utf-8", "surrogatepass") + chance.randbytes(
        chance.randrange(99)
    )
    if chance.random() < 0.2:
        data = chance.randbytes(2000)
    return _defects("broken request", await wire.exchange(target.place, [data], patience_seconds=wire.PATIENCE_SECONDS))


async def with_key(target: Target, chance: Random) -> list[str]:
    """Any operation, with a key that is good for the evil sessions, and with values that nobody expects."""
    operation = chance.choice([one for one in _operations(target) if one.scope != "admin"])
    path, body = operation.filled(chance, (*EVIL, *EVIL, *values.NAMES))
    key = target.key if chance.random() < 0.8 else target.read_key
    data = values.spoilt(chance, values.as_json(body)) if chance.random() < 0.3 else values.as_json(body)
    message = wire.request(operation.method, path, [HOST, JSON, ("X-Api-Key", key)], data)
    reply = await wire.exchange(target.place, [message])
    wrong = _defects(operation.name, reply)
    needs_more = operation.scope not in {None, "read"}
    if key == target.read_key and needs_more and reply.status is not None and reply.status < 300:
        wrong.append(f"authorisation: {operation.name} answered {reply.status} to a key that may only read")
    return wrong


async def sessions(target: Target, chance: Random) -> list[str]:
    """An administrator's sessions, keys and webhooks with names and configurations that should not be; then away."""
    name = chance.choice((*values.NAMES, f"evil-{chance.randrange(20)}x"))
    config = {"webhooks": values.webhooks(chance, target.receivers), "metadata": {"a": values.text(chance)}}
    if chance.random() < 0.2:
        config = {"metadata": values.nested(2000), "noise": "x" * chance.choice((10, 300_000))}
    headers = [HOST, JSON, ("X-Api-Key", ADMIN_KEY)]
    asked = [
        ("POST", "/api/sessions", {"name": name, "start": False, "config": config}),
        ("GET", "/api/sessions?all=true", None),
        ("POST", "/api/keys", {"name": values.text(chance), "scopes": ["read"], "sessions": [name]}),
        ("GET", "/api/keys", None),
    ]
    if name not in EVIL:
        asked.append(("DELETE", f"/api/sessions/{quote(name.encode('utf-8', 'replace'), safe='')}", None))
    wrong = []
    for method, path, body in asked:
        data = b"" if body is None else values.as_json(body)
        reply = await wire.exchange(target.place, [wire.request(method, path, headers, data)])
        wrong += _defects(f"{method} {path.partition('?')[0]}", reply)
        if method == "GET" and reply.status != 200:
            wrong.append(f"list: GET {path} answered {reply.status}")
    return wrong


async def receivers(target: Target, chance: Random) -> list[str]:
    """Webhooks to receivers that mean harm, and something to tell them."""
    name = chance.choice(EVIL)
    headers = [HOST, JSON, ("X-Api-Key", target.key)]
    config = {"webhooks": [{"url": url, "events": ["*"]} for url in chance.choices(target.receivers, k=20)]}
    wrong = []
    for method, path, body in (
        ("PUT", f"/api/sessions/{name}", {"config": config}),
        ("POST", f"/api/sessions/{name}/start", None),
        ("POST", f"/api/sessions/{name}/stop", None),
    ):
        data = b"" if body is None else values.as_json(body)
        reply = await wire.exchange(target.place, [wire.request(method, path, headers, data)])
        wrong += _defects(f"{method} /api/sessions/evil", reply)
    return wrong


async def idle(target: Target, chance: Random) -> list[str]:
    """Many connections that say half a request, or nothing, or take no answer."""
    half = chance.choice((b"", b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\nX-", b"GET /docs HTTP/1.1\r\n\r\n" * 50))
    writers = []
    try:
        for _ in range(chance.choice((20, 100, 300))):
            try:
                async with asyncio.timeout(5):
                    _, writer = await asyncio.open_connection(target.place.host, target.place.port)
            except (OSError, TimeoutError):
                break  # it may have had enough
            writers.append(writer)
            writer.write(half)
        await asyncio.sleep(chance.choice((0.2, 2)))
    finally:
        for writer in writers:
            writer.transport.abort()
    return []


async def web_socket(target: Target, chance: Random) -> list[str]:
    """A WebSocket with and without a key, which says what it should not, and goes without a goodbye."""
    key = chance.choice((target.key, target.read_key, "x", ""))
    query = chance.choice(("session=*&events=*", "session=victim", "events=no", "session=%00", "lastEventId=x"))
    nonce = base64.b64encode(chance.randbytes(16)).decode()
    headers = [HOST, ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
    headers += [
        ("Sec-WebSocket-Key", chance.choice((nonce, "x"))),
        ("X-Api-Key", key),
        ("Origin", "http://evil.example"),
    ]
    async with wire.connected(target.place) as (reader, writer):
        writer.write(wire.request("GET", f"/ws?{query}", headers))
        reply = await _head(reader)
        wrong = _defects("/ws", reply)
        if reply.status == 101 and key in {"x", ""}:
            wrong.append("authorisation: /ws was opened without a good key")
        if reply.status == 101 and query == "session=victim":
            wrong.append("authorisation: /ws followed a session that is not the key's")
        frames = (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x80", b"\x89\x7f" + b"x" * 200, chance.randbytes(400))
        if reply.status == 101:
            for _ in range(chance.randrange(40)):
                writer.write(chance.choice((_masked(chance, chance.randbytes(2000)), *frames)))
            await asyncio.wait_for(writer.drain(), 5)  # noqa: TID251 - a bound, no more
            await asyncio.sleep(chance.choice((0, 0.5)))
    return wrong


async def stream(target: Target, chance: Random) -> list[str]:
    """Streams of events that nobody reads."""
    path = chance.choice(("/api/events?session=*", "/api/evil-0/auth/qr/live", "/api/events?session=victim"))
    message = wire.request("GET", path, [HOST, ("X-Api-Key", target.key)])
    wrong: list[str] = []
    async with asyncio.TaskGroup() as group:
        for _ in range(chance.choice((1, 10, 40))):
            group.create_task(_unread(target, message, chance.choice((0.1, 1.5)), path, wrong), name="stream")
    return wrong


async def page(target: Target, chance: Random) -> list[str]:
    """A session whose WhatsApp is a hostile page."""
    headers = [HOST, JSON, ("X-Api-Key", target.key)]
    target.front.trap(chance.randrange(2**31))
    wrong = []
    try:
        start = wire.request("POST", f"/api/sessions/{PAGE}/start", headers)
        wrong += _defects("start with a hostile page", await wire.exchange(target.place, [start]))
        await asyncio.to_thread(target.front.trapped.wait, _PAGE_SECONDS * 2)
        await asyncio.sleep(_PAGE_SECONDS)
    finally:
        target.front.spare()
        stop = wire.request("POST", f"/api/sessions/{PAGE}/stop", headers)
        wrong += _defects("stop of a hostile page", await wire.exchange(target.place, [stop]))
    return wrong


async def command_line(target: Target, chance: Random) -> list[str]:
    """A command with arguments that nobody expects: an answer in words, never a traceback."""
    word = chance.choice([one for one in values.TEXTS if "\x00" not in one and len(one) < 5000])
    arguments = chance.choice(
        (
            ["sessions", "show", word],
            ["sessions", "create", word],
            ["sessions", "qr", word],
            ["keys", "create", word],
            ["cleanup", "--dry-run", "--session", word],
            ["cleanup", "--dir", word],
            ["import", word],
            ["ps", "--json"],
        )
    )
    return await _program([*arguments, "--data-dir", os.fspath(target.data_dir)], f"tuntas {arguments[0]}")


async def imports(target: Target, chance: Random) -> list[str]:
    """A folder of somebody else's, imported: into the folder that the server has, and into a new one."""
    folder = target.scratch / f"import-{chance.randrange(10**9)}"
    try:
        outside = _profile(chance, folder)
        data = chance.choice((target.data_dir, folder / "data"))
        more = chance.choice(([], ["--copy"]))
        wrong = await _program(
            ["import", os.fspath(folder / "auth"), *more, "--data-dir", os.fspath(data)], "tuntas import"
        )
        if outside.read_text() != "untouched":
            wrong.append("import: a file outside of the profile was changed")
        leaked = [path for path in data.rglob("*") if path.is_symlink()] if data != target.data_dir else []
        wrong += [f"import: {path.name} came in as a link" for path in leaked]
        return wrong
    finally:
        shutil.rmtree(folder, ignore_errors=True)


DOORS: dict[str, tuple[int, Act]] = {
    "no-key": (30, no_key),
    "flood": (4, flood),
    "broken": (20, broken),
    "with-key": (30, with_key),
    "sessions": (8, sessions),
    "receivers": (2, receivers),
    "idle": (4, idle),
    "web-socket": (10, web_socket),
    "stream": (4, stream),
    "page": (2, page),
    "command-line": (1, command_line),
    "imports": (1, imports),
}
"""Each door with its share of the strikes."""


def _operations(target: Target) -> list[Operation]:
    return operations(target.document)


def _defects(what: str, reply: Reply) -> list[str]:
    if reply.status is None or reply.status < 500 or any(code.encode() in reply.said for code in _MEANT):
        return []
    return [f"defect: {what} answered {reply.status}: {reply.said.partition(b'{')[2][:160]!r}"]


async def _head(reader: asyncio.StreamReader) -> Reply:
    try:
        async with asyncio.timeout(wire.ANSWER_SECONDS):
            said = await reader.readuntil(b"\r\n\r\n")
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return Reply(None, b"")
    return Reply(int(said.split(b" ")[1]), said)


def _masked(chance: Random, data: bytes) -> bytes:
    mask = chance.randbytes(4)
    hidden = bytes(one ^ mask[index % 4] for index, one in enumerate(data))
    return bytes([0x80 | chance.randrange(16), 0x80 | 126]) + len(data).to_bytes(2, "big") + mask + hidden


async def _unread(target: Target, message: bytes, seconds: float, path: str, wrong: list[str]) -> None:
    try:
        async with wire.connected(target.place) as (reader, writer):
            writer.write(message)
            reply = await _head(reader)
            wrong += _defects(path, reply)
            if reply.status == 200 and path.endswith("victim"):
                wrong.append("authorisation: a stream followed a session that is not the key's")
            await asyncio.sleep(seconds)
    except (OSError, TimeoutError):
        return


async def _program(arguments: list[str], name: str) -> list[str]:
    arguments = [os.fsdecode(one.encode("utf-8", "surrogatepass")) for one in arguments]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tuntas", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={name: text for name, text in os.environ.items() if not name.startswith("TUNTAS_")},
    )
    try:
        async with asyncio.timeout(_PROGRAM_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return [f"command line: {name} did not end within {_PROGRAM_SECONDS:g} s: {arguments}"]
    if b"Traceback" in said or process.returncode not in {0, 1, 2}:
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        return [f"command line: {name} ended with {process.returncode}: {last}, arguments {arguments[:-2]!r}"]
    return []


def _profile(chance: Random, folder: Path) -> Path:
    """Make a profile with something wrong in it; return a file outside that must stay as it is."""
    outside = folder / "outside"
    profile = folder / "auth" / chance.choice(("session-a", "session-CON", "session-all", "session", "session-x y"))
    (profile / "Default").mkdir(parents=True)
    outside.write_text("untouched")
    wrong = chance.randrange(6)
    if wrong == 0:
        (profile / "Default" / "Cookies").symlink_to(outside)
    elif wrong == 1:
        (profile / "Default" / "Cache").symlink_to(folder)
    elif wrong == 2:
        os.mkfifo(profile / "Last Version")
    elif wrong == 3:
        (profile / "Last Version").write_text("9" * 9000)
    elif wrong == 4:
        (profile / ".tuntas-profile.json").write_bytes(chance.randbytes(200))
    else:
        (profile / "Default" / ("x" * 200)).mkdir()
    return outside
