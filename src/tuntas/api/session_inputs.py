"""What a session is told when it is created or configured, in WAHA's shapes."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import httpx
from pydantic import AfterValidator, AnyHttpUrl, ConfigDict, Field, model_validator

from tuntas.api.inputs import Input, ignore
from tuntas.api.schemas import SessionName
from tuntas.events import EventName, Retries, RetryPolicy, SilentEvent, Subscription, identified
from tuntas.foundation.proxy import Proxy, read_proxy
from tuntas.sessions.model import SessionConfig
from tuntas.sessions.pacing import Pace
from tuntas.webhooks.custom_headers import LONGEST_NAME, LONGEST_VALUE, refused_name, refused_value

LONGEST_ADDRESS = 2048


def _reachable(url: AnyHttpUrl) -> AnyHttpUrl:
    """Refuse what the browser's rules for addresses allow and our client cannot ask."""
    if len(str(url)) > LONGEST_ADDRESS:  # older releases of pydantic cannot count an address by themselves
        message = f"should have at most {LONGEST_ADDRESS} characters"
        raise ValueError(message)
    try:
        asked = httpx.URL(str(url))
    except (httpx.InvalidURL, ValueError):
        asked = httpx.URL()
    if not asked.host or asked.port == 0 or any(not part for part in asked.host.rstrip(".").split(".")):
        message = "no request can be made to this address"
        raise ValueError(message)
    return url


def _told(event: EventName | SilentEvent) -> EventName | SilentEvent:
    if isinstance(event, SilentEvent):
        ignore(f"config.webhooks.events.{event}")
    return event


def _without_effect(client: dict[str, Any]) -> dict[str, Any]:
    ignore("config.client")
    return client


class Hmac(Input):
    """How deliveries are signed."""

    key: str | None = Field(None, min_length=1, max_length=1024, examples=["my-secret-key"])


class RetriesInput(Input):
    """How failed deliveries are tried again."""

    policy: RetryPolicy = RetryPolicy.CONSTANT
    delaySeconds: float = Field(2.0, ge=0, le=3600)  # noqa: N815 - WAHA's name
    attempts: int = Field(15, ge=1, le=1000)


class Header(Input):
    """A header that is sent with every delivery."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
        max_length=LONGEST_NAME,
        description="Not one of the connection's, the body's or ours.",
        examples=["X-Tenant"],
    )
    value: str = Field(
        pattern=r"^([\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?)?$", max_length=LONGEST_VALUE, examples=["shop-1"]
    )

    @model_validator(mode="after")
    def _can_be_sent(self) -> Header:
        if (reason := refused_name(self.name)) is not None:
            message = f"the header {self.name} {reason}"
            raise ValueError(message)
        if (reason := refused_value(self.value)) is not None:
            message = f"the value of {self.name} {reason}"
            raise ValueError(message)
        return self


class Webhook(Input):
    """A receiver of events."""

    url: Annotated[AnyHttpUrl, AfterValidator(_reachable)] = Field(
        json_schema_extra={"maxLength": LONGEST_ADDRESS}, examples=["https://example.com/webhook"]
    )
    events: list[Annotated[EventName | SilentEvent, AfterValidator(_told)] | Literal["*"]] = Field(
        min_length=1, examples=[["session.status", "message"]]
    )
    hmac: Hmac | None = None
    retries: RetriesInput | None = None
    customHeaders: list[Header] | None = None  # noqa: N815 - WAHA's name

    def subscription(self) -> Subscription:
        """Return the receiver as the rest of Tuntas knows it."""
        retries = self.retries or RetriesInput()
        return Subscription(
            url=str(self.url),
            events=tuple(str(event) for event in self.events),
            hmac_key=self.hmac.key if self.hmac else None,
            retries=Retries(retries.policy, retries.delaySeconds, retries.attempts),
            headers=tuple((header.name, header.value) for header in self.customHeaders or ()),
        )


class PaceInput(Input):
    """How fast a session sends. Without it: TUNTAS_SENDS_PER_MINUTE and TUNTAS_SENDS_AT_ONCE."""

    perMinute: float = Field(60.0, ge=0, le=6000, description="0: without a pace.")  # noqa: N815 - like its neighbours
    atOnce: int = Field(10, ge=1, le=1000)  # noqa: N815 - like its neighbours

    def pace(self) -> Pace:
        """Return the pace as the rest of Tuntas knows it."""
        return Pace(self.perMinute, self.atOnce)


class IgnoreInput(Input):
    """Kinds of chats that the session does not want to know of: nothing of them is told, or kept."""

    status: bool = False
    groups: bool = False
    channels: bool = False
    broadcast: bool = False


class MediaInput(Input):
    """What becomes of files that come."""

    download: bool | None = Field(
        None, description="Fetched as their messages arrive; null: as TUNTAS_MEDIA_DOWNLOAD says."
    )


class ProxyInput(Input):
    """What everything of a session goes through, and nothing past it."""

    server: str = Field(max_length=2048, examples=["http://proxy.example:3128", "socks5://proxy.example:1080"])
    username: str | None = Field(None, max_length=255)
    password: str | None = Field(None, max_length=255)

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        self.proxy()
        return self

    def proxy(self) -> Proxy:
        """Return it as the rest of Tuntas knows it."""
        return read_proxy(self.server, self.username, self.password)


class Config(Input):
    """What a session is told when it is created."""

    model_config = ConfigDict(extra="allow")  # WAHA has engine-specific parts (noweb, gows …) that mean nothing here

    webhooks: list[Webhook] = Field(default_factory=list)
    metadata: dict[str, str] = Field(default_factory=dict, examples=[{"customer": "42"}])
    debug: bool = Field(False, description="Log each thing that the page tells, without what it says.")
    ignore: IgnoreInput | None = None
    media: MediaInput | None = None
    client: Annotated[dict[str, Any], AfterValidator(_without_effect)] | None = Field(
        None, description="Taken, and without effect here: what the phone shows is the browser's own name."
    )
    sends: PaceInput | None = None
    proxy: ProxyInput | None = None

    def domain(self) -> SessionConfig:
        """Return the configuration as the rest of Tuntas knows it."""
        return SessionConfig(
            document=self.model_dump(mode="json", exclude_unset=True),
            subscriptions=identified([webhook.subscription() for webhook in self.webhooks]),
            metadata=self.metadata,
            pace=None if self.sends is None else self.sends.pace(),
            proxy=None if self.proxy is None else self.proxy.proxy(),
        )


class CreateSession(Input):
    """A new session."""

    without_effect = frozenset({"apps"})

    name: SessionName | None = None
    start: bool = True
    config: Config = Field(default_factory=Config)


class UpdateSession(Input):
    """A new configuration for a session."""

    without_effect = frozenset({"apps"})

    name: SessionName | None = None
    config: Config = Field(default_factory=Config)


class NamedSession(Input):
    """Names a session in the body, as WAHA's older routes have it."""

    model_config = ConfigDict(extra="ignore")

    name: SessionName = "default"
    logout: bool = False


class Terminate(Input):
    """Which sessions to delete: ``unlinked`` are those with no account, whose deletion loses no link."""

    which: Literal["unlinked", "all"] = Field(examples=["unlinked"])
