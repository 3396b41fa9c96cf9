"""What can be asked of the control API's ``faults``: one model for each kind, and the list of all."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError

from tuntas.sandbox.body import Body, message_of
from tuntas.sandbox.errors import InvalidRequestError

Number = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{4,14}$")]
"""A phone number in international form, digits only: ``628111000111``."""
Seconds = Annotated[float, Field(ge=0, le=86_400)]
LongSeconds = Annotated[float, Field(ge=0, le=10 * 365 * 86_400)]
ModuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]{1,100}$")]
Version = Annotated[str, StringConstraints(pattern=r"^2\.[0-9]{1,6}\.[0-9]{1,12}$")]
DAY_SECONDS = 86_400.0


class AnyFault(Body):
    """What every fault says."""

    kind: str

    def values(self) -> dict[str, Any]:
        """Return what is particular about this fault."""
        return self.model_dump(exclude={"kind", "number", "device", "module", "seconds"}, exclude_none=True)


class _OfPages(AnyFault):
    """Meets pages that are connected or connect: everybody's, those of one phone, or one device's."""

    number: Number | None = None
    device: str | None = None


class _OfLoads(AnyFault):
    """Meets pages as they are loaded: everybody's, or those of a profile that is linked to a phone."""

    number: Number | None = None


class _OfPhone(AnyFault):
    """Meets one phone and all its pages."""

    number: Number


class HangPage(_OfPages):
    """The connected pages run an endless loop."""


class CrashPage(_OfPages):
    """The connected pages' renderer processes die."""


class Replaced(_OfPages):
    """Another login takes over from the connected pages."""


class Deaf(_OfPages):
    """The connected pages get nothing any more that they have not asked for, until they connect anew."""


class DropSocket(_OfPages):
    """Connections are closed, and refused for so long."""

    seconds: Seconds = 0.0


class NetworkDown(_OfPages):
    """The server is not to be reached."""

    seconds: Seconds | None = None
    mode: Literal["refused", "half_open", "dns"] = "refused"


class Slow(_OfPages):
    """Every answer comes so much later; 0 ends it."""

    seconds: Seconds


class ServiceUnavailable(_OfPages):
    """The server refuses logins with 503."""

    seconds: Seconds | None = None


class TemporaryBan(_OfPages):
    """The account is banned for so long."""

    seconds: LongSeconds = 3_600.0
    code: Annotated[int, Field(ge=0, le=10_000)] = 101
    message: Annotated[str, StringConstraints(max_length=1_000)] | None = None


class Terms(_OfPages):
    """The account has to accept terms of service on the phone."""

    business: bool = False


class UpdateRequired(_OfPages):
    """The page is too old for the server."""


class StorageFailure(_OfLoads):
    """The profile's disk: it cannot be opened at a page's next load, or it takes no more ``writes`` from now on."""

    writes: bool = False


class StallLoad(AnyFault):
    """The page's address answers so late, or never."""

    seconds: Seconds | None = None

    def values(self) -> dict[str, Any]:
        """Return how late; None is never."""
        return {"seconds": self.seconds}


class LateModule(_OfLoads):
    """Libraries do not find this module until so long after the others."""

    module: ModuleId
    seconds: Seconds

    def values(self) -> dict[str, Any]:
        """Return how late."""
        return {"seconds": self.seconds}


class MissingModule(_OfLoads):
    """Libraries do not find this module."""

    module: ModuleId


class RemoveModule(AnyFault):
    """As ``missing_module`` for everybody; null restores all."""

    module: ModuleId | None


class Trickle(_OfLoads):
    """Modules go on being registered for so long."""

    seconds: Seconds = 30.0
    every_seconds: Annotated[float, Field(ge=0.01, le=60)] = 0.4

    def values(self) -> dict[str, Any]:
        """Return how long, and how often."""
        return {"seconds": self.seconds, "every_seconds": self.every_seconds}


class PageVersion(AnyFault):
    """The page says that it is of this version, and keeps message keys as pages of it did; null is the usual one."""

    version: Version | None


class UnsupportedPage(AnyFault):
    """The address shows a page that asks for another browser."""


class AsksForPasskey(_OfPhone):
    """The phone's account asks for its passkey after each scan."""

    error: Literal["timeout", "server_error"] | None = None
    skip_code: bool = False


class Timelocked(_OfPhone):
    """The account may not write to people who never wrote to it."""

    seconds: LongSeconds = DAY_SECONDS
    enforcement_type: Annotated[str, StringConstraints(pattern=r"^[A-Z_]{1,60}$")] = "DEFAULT"


class Capped(_OfPhone):
    """The account may begin only so many chats in a cycle."""

    quota: Annotated[int, Field(ge=0, le=100_000)]
    used: Annotated[int, Field(ge=0, le=100_000)] = 0
    seconds: LongSeconds = 30 * DAY_SECONDS


class CiphertextFirst(_OfPhone):
    """What comes for this phone's devices can be read only after so long, or never."""

    seconds: Seconds | None = None

    def values(self) -> dict[str, Any]:
        """Return how long; None is never."""
        return {"readable_after_seconds": self.seconds}


class Clear(AnyFault):
    """Switches off one kind of fault, or all."""

    fault: str | None = None


KINDS: dict[str, type[AnyFault]] = {
    "hang_page": HangPage,
    "crash_page": CrashPage,
    "deaf": Deaf,
    "drop_socket": DropSocket,
    "slow": Slow,
    "stall_load": StallLoad,
    "late_module": LateModule,
    "trickle": Trickle,
    "missing_module": MissingModule,
    "remove_module": RemoveModule,
    "page_version": PageVersion,
    "replaced": Replaced,
    "passkey": AsksForPasskey,
    "temp_ban": TemporaryBan,
    "service_unavailable": ServiceUnavailable,
    "storage_failure": StorageFailure,
    "unsupported_page": UnsupportedPage,
    "terms": Terms,
    "update_required": UpdateRequired,
    "timelock": Timelocked,
    "capping": Capped,
    "network_down": NetworkDown,
    "ciphertext_first": CiphertextFirst,
    "clear": Clear,
}


def fault_of(text: bytes) -> AnyFault:
    """Return the fault that a request's body asks for. Raises ``InvalidRequestError``."""
    try:
        values = json.loads(text or b"{}")
    except ValueError as error:
        message = "body: it is no JSON"
        raise InvalidRequestError(message) from error
    kind = values.get("kind") if isinstance(values, dict) else None
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        message = f"kind: there is no fault {kind!r}; there are {', '.join(KINDS)}"
        raise InvalidRequestError(message)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InvalidRequestError(message_of(error)) from error
