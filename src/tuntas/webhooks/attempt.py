"""One attempt to deliver: a request that the wire can carry, within one deadline, judged by its answer's status.

What a receiver answers is a stranger's: its body is not read (only drained, so that the connection can be used again),
never unpacked, and a redirect is an answer like any other. Whatever happens here is a failure with a text, never an
exception: a lane must not stand still because of something that nobody has thought of.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

import httpx

from tuntas.events import Subscription
from tuntas.foundation.checked_network import AddressRefused, CheckedNetwork, certificates
from tuntas.foundation.clock import milliseconds
from tuntas.foundation.identifiers import ulid
from tuntas.webhooks.custom_headers import refused_name, refused_value
from tuntas.webhooks.ports import Delivery
from tuntas.webhooks.signing import headers
from tuntas.webhooks.wire import Request, Wire

LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class AttemptFailure:
    """What went wrong. ``is_final``: it would go wrong each time."""

    error: str
    asked_seconds: float = 0.0
    is_final: bool = False


class Undeliverable(Exception):
    """The request cannot be made; the message says why and shows no secret."""


class Sender:
    """Makes attempts."""

    def __init__(self, *, timeout_seconds: float, version: str, private_addresses: bool) -> None:
        """A receiver has ``timeout_seconds`` for one attempt, from its name's look-up to its answer."""
        self._timeout_seconds = timeout_seconds
        self._agent = f"Tuntas/{version}"
        self._network = CheckedNetwork(private_addresses=private_addresses, setting="TUNTAS_WEBHOOK_PRIVATE_ADDRESSES")

    def wire(self) -> Wire:
        """Return a way to one receiver."""
        return Wire(self._network, certificates)

    async def attempt(self, wire: Wire, delivery: Delivery, now: datetime) -> AttemptFailure | None:
        """Make one request; return what went wrong, or None."""
        try:
            request = request_of(delivery, now, self._agent)
        except Undeliverable as error:
            return AttemptFailure(f"Undeliverable: {error}", is_final=True)
        except Exception as error:  # noqa: BLE001 - see above
            return AttemptFailure(f"Undeliverable: {_said(error)}", is_final=True)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                head = await wire.post(request)
        except TimeoutError:
            failure = AttemptFailure(f"Timeout: no answer within {self._timeout_seconds:g} s")
        except AddressRefused as error:
            failure = AttemptFailure(_said(error), is_final=True)
        except Exception as error:  # noqa: BLE001 - see above
            failure = AttemptFailure(_said(error))
        else:
            await wire.finish()
            is_good = httpx.codes.is_success(head.status)
            return (
                None if is_good else AttemptFailure(f"HTTP {head.status}", retry_after_seconds(head.retry_after, now))
            )
        await wire.close()
        return failure


def request_of(delivery: Delivery, now: datetime, agent: str) -> Request:
    """Return the request of one attempt.

    Raises:
        Undeliverable, ValueError: it cannot be made.
    """
    subscription = delivery.subscription
    try:
        url = httpx.URL(subscription.url)
    except (httpx.InvalidURL, ValueError):
        message = "the address is none"
        raise Undeliverable(message) from None
    if url.scheme not in ("http", "https") or not url.host:
        message = "the address must begin with http:// or https://"
        raise Undeliverable(message)
    if url.port is not None and not 0 < url.port < 65536:
        message = f"the address has the port {url.port}, and there is none"
        raise Undeliverable(message)
    body = delivery.body.encode()
    ours = headers(
        body,
        request_id=ulid(),
        event_id=delivery.event_id,
        timestamp=milliseconds(now),
        key=subscription.hmac_key,
    )
    chosen = _checked(subscription)
    overridden = {name.lower() for name, _ in chosen}
    defaults = {"User-Agent": agent, "Accept": "*/*"} | _authorization(url)
    sent = [(name, value) for name, value in defaults.items() if name.lower() not in overridden]
    sent += [*chosen, ("Accept-Encoding", "identity"), *ours.items()]
    lines = [(b"Host", url.netloc), (b"Content-Length", b"%d" % len(body))]
    return Request(url, [*lines, *((name.encode("ascii"), value.encode("ascii")) for name, value in sent)], body)


def retry_after_seconds(value: str | None, now: datetime) -> float:
    """Return what a Retry-After header asks for, in seconds from ``now``; 0 without one, or for nonsense."""
    if value is None:
        return 0.0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _checked(subscription: Subscription) -> tuple[tuple[str, str], ...]:
    for name, value in subscription.headers:
        if (reason := refused_name(name) or refused_value(value)) is not None:
            message = f"the custom header {name[:100]!a} {reason}"
            raise Undeliverable(message)
    return subscription.headers


def _authorization(url: httpx.URL) -> dict[str, str]:
    if not url.userinfo:
        return {}
    user, _, password = url.userinfo.partition(b":")
    plain = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return {"Authorization": f"Basic {base64.b64encode(plain).decode()}"}


def _said(error: Exception) -> str:
    """Return an error as a line that any database and any page can take."""
    text = f"{type(error).__name__}: {error}".encode("utf-8", "replace").decode()
    return "".join(one if one.isprintable() else " " for one in text)[:LONGEST_ERROR].rstrip(": ")
