"""The register on NATS JetStream: one key-value bucket, its leader's word for every read, its order for every watch.

One bucket for leases and owners together, since the order between them is what a claim rests on. NATS before 2.12
failed fault tests that newer ones pass, so it is refused; so is a server that does not sync each write, where it can be
seen (only where our account imports that service): an acknowledged write could be lost at a power cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import structlog

from tuntas.cluster.ports import ClusterUnusable, Outdated, Unreachable
from tuntas.cluster.records import RegisterEntry
from tuntas.foundation.user_error import NotInstalled

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext

OLDEST = (2, 12)
BUCKET = "tuntas"
STREAM, PREFIX = f"KV_{BUCKET}", f"$KV.{BUCKET}."
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 3.0
OPEN_SECONDS, RETRY_SECONDS = 20.0, 0.25
_WRONG_REVISION = frozenset({10071, 10164})
_SYNC_SUBJECT = "$SYS.REQ.SERVER.PING.JSZ"

log = structlog.get_logger(__name__)


class NatsRegister:
    """Implements ``tuntas.cluster.ports.Register``."""

    def __init__(self, url: str, *, replicas: int = 3) -> None:
        """Prepare for the servers at ``url``, several with commas between them; nothing is opened yet."""
        self._url = url
        self._replicas = replicas
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None

    async def open(self) -> None:
        """Connect, check the engine, and make the bucket if there is none. Raises ClusterUnusable."""
        try:
            import nats
            from nats.errors import Error, NoServersError
        except ImportError as error:
            what = "A cluster on NATS"
            raise NotInstalled(what, error, "cluster") from error
        where = _shown(self._url)
        faults: list[str] = []

        async def on_error(error: Exception) -> None:
            faults.append(str(error))
            log.warning("cluster_connection", error=str(error))

        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                self._client = await nats.connect(
                    self._url.split(","),
                    **_credentials(self._url),
                    name="tuntas",
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.25,
                    connect_timeout=2,
                    ping_interval=5,
                    max_outstanding_pings=2,
                    error_cb=on_error,
                )
        except (TimeoutError, OSError, Error, NoServersError) as error:
            said = " ".join([*faults, str(error)]).lower()
            if "authorization" in said or "authentication" in said:
                message = f"NATS at {where} refuses these credentials. Mend the user and password in TUNTAS_CLUSTER."
            else:
                message = f"NATS does not answer at {where}. Start it, or mend TUNTAS_CLUSTER."
            raise ClusterUnusable(message) from error
        try:
            self._refuse_old(self._client.connected_server_version)
            await self._refuse_unsynced(where)
            await self._open_bucket(where)
        except BaseException:
            await self.close()
            raise

    def _refuse_old(self, version: Any) -> None:
        if (version.major, version.minor) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            message = (
                f"NATS {version.major}.{version.minor}.{version.patch} is too old: Tuntas needs {oldest} or newer."
            )
            raise ClusterUnusable(message)

    async def _refuse_unsynced(self, where: str) -> None:
        assert self._client is not None
        from nats.errors import Error

        try:
            answer = await self._client.request(_SYNC_SUBJECT, b'{"config":true}', timeout=0.5)
            found = json.loads(answer.data)["data"]["config"]
        except (Error, ValueError, KeyError, TypeError):
            log.warning("cluster_sync_not_seen", advice="Set `sync_interval: always` in NATS")
            return
        if not found.get("sync_always", False):
            message = f"NATS at {where} does not sync each write. Set `sync_interval: always` in its `jetstream` block."
            raise ClusterUnusable(message)

    async def _open_bucket(self, where: str) -> None:
        assert self._client is not None
        from nats.errors import Error
        from nats.js.api import KeyValueConfig, StorageType
        from nats.js.errors import APIError, NotFoundError

        self._stream = self._client.jetstream(timeout=ANSWER_SECONDS)
        wanted = KeyValueConfig(BUCKET, history=1, storage=StorageType.FILE, replicas=self._replicas, direct=False)
        fault = "it does not answer"
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                while True:
                    try:
                        await self._stream.stream_info(STREAM)
                        return
                    except NotFoundError:
                        fault = "its bucket cannot be made"
                    except (APIError, Error) as error:
                        fault = getattr(error, "description", None) or fault
                        await asyncio.sleep(RETRY_SECONDS)
                        continue
                    try:
                        await self._stream.create_key_value(wanted)
                    except (APIError, Error) as error:
                        # Servers that have just started have no leader yet, or not enough of them are known.
                        fault = getattr(error, "description", None) or fault
                        await asyncio.sleep(RETRY_SECONDS)
        except TimeoutError as error:
            message = (
                f"JetStream at {where} cannot be used: {fault}. Is it on for this account, and are "
                f"{self._replicas} servers there?"
            )
            raise ClusterUnusable(message) from error

    async def write(self, key: str, value: bytes | None, expected: int) -> int:
        """Publish, if the key's last message is the one that is expected."""
        from nats.errors import Error
        from nats.js.errors import APIError

        assert self._stream is not None
        headers = {"Nats-Expected-Last-Subject-Sequence": str(expected)}
        if value is None:
            headers["KV-Operation"] = "DEL"
        try:
            done = await self._stream.publish(_subject(key), value or b"", headers=headers, timeout=ANSWER_SECONDS)
        except APIError as error:
            if error.err_code in _WRONG_REVISION:
                raise Outdated(key) from error
            raise Unreachable(str(error)) from error
        except (Error, OSError) as error:
            raise Unreachable(str(error)) from error
        return done.seq

    async def read(self, key: str) -> RegisterEntry:
        """Ask the leader, and no replica that may be behind."""
        from nats.errors import Error
        from nats.js.errors import NotFoundError

        assert self._stream is not None
        try:
            found = await self._stream.get_last_msg(STREAM, _subject(key), direct=False)
        except NotFoundError:
            return RegisterEntry(key, 0, None)
        except (Error, OSError) as error:
            raise Unreachable(str(error)) from error
        is_removed = "KV-Operation" in (found.headers or {})
        return RegisterEntry(key, found.seq or 0, None if is_removed else found.data)

    async def follow(
        self,
        on_all: Callable[[Sequence[RegisterEntry]], None],
        on_entry: Callable[[RegisterEntry], None],
        pause_seconds: float,  # noqa: ARG002 - it tells by itself
    ) -> None:
        """Watch the bucket."""
        from nats.errors import Error

        assert self._stream is not None
        try:
            bucket = await self._stream.key_value(BUCKET)
            watcher = await bucket.watchall()
            try:
                _keep_cancellation()
                first: list[RegisterEntry] | None = []
                async for found in watcher:
                    if found is None:
                        on_all(first or ())
                        first = None
                        continue
                    value = None if found.operation else found.value or b""
                    entry = RegisterEntry(_key(found.key), found.revision or 0, value)
                    if first is None:
                        on_entry(entry)
                    else:
                        first.append(entry)
            finally:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await watcher.stop()  # type: ignore[no-untyped-call]
        except (Error, OSError, TimeoutError) as error:
            raise Unreachable(str(error)) from error
        message = "the watch ended"
        raise Unreachable(message)

    async def close(self) -> None:
        """End the connection."""
        client, self._client, self._stream = self._client, None, None
        if client is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await client.close()


def _keep_cancellation() -> None:
    """Raise a cancellation that the client has lost, as ``asyncio.wait_for`` of Python 3.11 can."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _subject(key: str) -> str:
    return PREFIX + key.replace("/", ".")


def _key(name: str) -> str:
    table, _, rest = name.partition(".")
    return f"{table}/{rest}"


def _credentials(url: str) -> dict[str, str]:
    """Return what opens the door of servers too that only a server's own word names."""
    parts = urlsplit(url.partition(",")[0])
    if parts.username and parts.password:
        return {"user": unquote(parts.username), "password": unquote(parts.password)}
    return {"token": unquote(parts.username)} if parts.username else {}


def _shown(url: str) -> str:
    """Return addresses without what is secret in them."""
    places = []
    for one in url.split(","):
        parts = urlsplit(one if "//" in one else f"nats://{one}")
        places.append(re.sub(r"^.*@", "", parts.netloc))
    return ", ".join(places)
