"""Fetches the files that clients name by their address: from checked addresses only, and no more than is allowed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

from tuntas.foundation.addresses import AddressRefused, CheckedTransport, NoSuchHost
from tuntas.sessions.errors import SessionError

REDIRECTS = 5
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "Tuntas"}


class FileRefused(SessionError):
    """The file is not one that can be sent, or its address not one that the server goes to: name another."""


class FileTooLarge(SessionError):
    """The file is larger than the limit: send a smaller one."""

    def __init__(self, limit_bytes: int) -> None:
        """Say the limit."""
        super().__init__(f"The file has more than the {limit_bytes} bytes that are allowed (TUNTAS_MEDIA_MAX_BYTES).")


class FileUnreachable(SessionError):
    """The file's address did not give it: see that it does, then ask again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is fetched. ``private_addresses``: also from this machine and its own networks."""

    most_bytes: int
    timeout_seconds: float
    private_addresses: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file as its server gave it; ``filename`` is the last part of the address."""

    data: bytes
    mimetype: str | None
    filename: str | None


async def fetch(url: str, limits: Limits) -> Fetched:
    """Return the file at ``url``.

    Raises:
        FileRefused: the address is not allowed.
        FileTooLarge: it has more bytes than allowed.
        FileUnreachable: no file came within the limit.
    """
    transport = CheckedTransport(private_addresses=limits.private_addresses, setting="TUNTAS_MEDIA_PRIVATE_ADDRESSES")
    try:
        async with (
            asyncio.timeout(limits.timeout_seconds),
            httpx.AsyncClient(
                transport=transport,
                trust_env=False,
                timeout=limits.timeout_seconds,
                follow_redirects=True,
                max_redirects=REDIRECTS,
            ) as client,
            client.stream("GET", url, headers=_HEADERS) as response,
        ):
            return await _read(response, limits)
    except AddressRefused as error:
        raise FileRefused(str(error)) from error
    except NoSuchHost as error:
        raise FileUnreachable(str(error)) from error
    except httpx.TooManyRedirects:
        message = f"The file's address redirects more than {REDIRECTS} times."
        raise FileUnreachable(message) from None
    except TimeoutError:
        message = f"The file's address did not answer in full within {limits.timeout_seconds:g} s."
        raise FileUnreachable(message) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = f"The file could not be fetched: {type(error).__name__}."
        raise FileUnreachable(message) from error


async def _read(response: httpx.Response, limits: Limits) -> Fetched:
    if response.status_code != httpx.codes.OK:
        message = f"The file's address answered {response.status_code}."
        raise FileUnreachable(message)
    declared = response.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > limits.most_bytes:
        raise FileTooLarge(limits.most_bytes)
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > limits.most_bytes:
            raise FileTooLarge(limits.most_bytes)
    mimetype = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Fetched(bytes(data), mimetype or None, unquote(PurePosixPath(response.url.path).name) or None)
