"""What is said about a session: itself, its account, its page, its story."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from tuntas.api.secrets import masked
from tuntas.events import ENGINE
from tuntas.sessions.capabilities import Capability, PageFacts
from tuntas.sessions.model import SessionRecord, StateChange


class TimelockOut(BaseModel):
    """Whether the account may not write to people who never wrote to it: the reach-out timelock."""

    isActive: bool  # noqa: N815 - WAHA's name
    enforcementType: str | None = Field(None, description="WhatsApp's own word.", examples=["DEFAULT"])  # noqa: N815
    timeEnforcementEnds: int | None = Field(  # noqa: N815 - WAHA's name
        None, description="Unix seconds; null where WhatsApp does not say.", examples=[1784477333]
    )


class CappingOut(BaseModel):
    """How many chats the account may begin in a cycle: the capping of new chats."""

    cappingStatus: str = Field(  # noqa: N815 - WAHA's name
        description="NONE, FIRST_WARNING, SECOND_WARNING or CAPPED.", examples=["NONE"]
    )
    totalQuota: int = Field(description="-1: as many as it likes.", examples=[1000])  # noqa: N815 - WAHA's name
    usedQuota: int = Field(examples=[640])  # noqa: N815 - WAHA's name
    cycleStart: int | None = Field(None, description="Unix seconds.", examples=[1782874800])  # noqa: N815
    cycleEnd: int | None = Field(None, description="Unix seconds.", examples=[1785553199])  # noqa: N815
    mvStatus: str | None = Field(None, examples=["NOT_ELIGIBLE"])  # noqa: N815 - WAHA's name
    oteStatus: str | None = Field(None, examples=["NOT_ELIGIBLE"])  # noqa: N815 - WAHA's name


class MeOut(BaseModel):
    """The linked account."""

    id: str = Field(examples=["628111000111@c.us"])
    pushName: str | None = Field(examples=["Toko Sinar"])  # noqa: N815 - WAHA's name
    lid: str | None = Field(None, description="The hidden id.", examples=["123456789012345@lid"])
    jid: str | None = Field(
        None, description="The id with this device's number.", examples=["628111000111:12@s.whatsapp.net"]
    )
    reachoutTimelock: TimelockOut | None = Field(  # noqa: N815 - WAHA's name
        None, description="While it may write only to those who wrote to it; else null."
    )
    messageCapping: CappingOut | None = Field(  # noqa: N815 - WAHA's name
        None, description="Null where WhatsApp does not count the chats that it begins."
    )


class EngineOut(BaseModel):
    """What drives the session."""

    engine: str = ENGINE


class WhatsAppWebOut(BaseModel):
    """The page that a session has open."""

    version: str = Field(description="WhatsApp Web's own.", examples=["2.3000.1044822804"])
    waJs: str = Field(examples=["4.6.0"])  # noqa: N815 - like its neighbours


class CapabilitiesOut(BaseModel):
    """What the page that a session has open can do and cannot, as found on it; calls that need more answer 501."""

    available: list[str] = Field(examples=[["files", "groups", "reactions"]])
    missing: dict[str, list[str]] = Field(
        description="What it cannot do, and which names the page does not have.",
        examples=[{"polls": ["WAWebPollsSendVoteMsgAction.sendVote"]}],
    )

    @classmethod
    def of(cls, facts: PageFacts) -> CapabilitiesOut | None:
        """Write what is known; None while it is not."""
        if facts.lacking is None:
            return None
        available = [one.value for one in Capability if one not in facts.lacking]
        return cls(available=available, missing={one.value: list(names) for one, names in facts.lacking.items()})


class TimestampsOut(BaseModel):
    """When something happened, in milliseconds."""

    activity: int = Field(description="The last change of its state.", examples=[1764000000000])


class Session(BaseModel):
    """A session."""

    name: str = Field(examples=["shop"])
    status: Literal[
        "STOPPED",
        "STARTING",
        "SCAN_QR_CODE",
        "PASSKEY_REQUIRED",
        "PASSKEY_CONFIRMATION_REQUIRED",
        "WORKING",
        "FAILED",
    ] = Field(examples=["WORKING"])
    config: dict[str, Any]
    me: MeOut | None
    engine: EngineOut = EngineOut()
    timestamps: TimestampsOut
    presence: dict[str, Any] = Field(default_factory=dict, description="Empty: see `/api/{session}/presence`.")
    state: str = Field(description="The finer state behind the status.", examples=["working"])
    reason: str = Field(description="Why it is in this state.", examples=["connected"])
    changedAt: datetime = Field(description="Since when.", examples=["2026-11-25T08:00:00Z"])  # noqa: N815
    nextTryAt: datetime | None = Field(  # noqa: N815 - like its neighbours
        None, description="When a session that waits or has failed tries again by itself."
    )
    whatsappWeb: WhatsAppWebOut | None = Field(  # noqa: N815 - like its neighbours
        None, description="The page that it has open; null while there is none, or it did not say."
    )
    capabilities: CapabilitiesOut | None = Field(
        None, description="What that page can do; null until the account is connected."
    )
    damaged: str | None = Field(None, description="What of it could not be read from the database.", examples=[None])

    @classmethod
    def of(cls, record: SessionRecord) -> Session:
        """Write a session in WAHA's shape, with as much of its secrets as whoever asks may see."""
        me = None if record.me is None else MeOut(**record.me.payload())
        return cls(
            name=record.name,
            status=record.status.value,
            config=masked(record.config.document),
            me=me,
            state=record.state.value,
            reason=record.reason,
            changedAt=record.changed_at,
            timestamps=TimestampsOut(activity=int(record.changed_at.timestamp() * 1000)),
            damaged=record.config.damage,
        )


class Change(BaseModel):
    """One line of a session's story."""

    at: datetime
    before: str = Field(examples=["scan_qr_code"])
    after: str = Field(examples=["pairing"])
    status: str = Field(examples=["STARTING"])
    reason: str = Field(examples=["scanned"])
    detail: str | None
    askedBy: str = Field(examples=["api"])  # noqa: N815 - like its neighbours

    @classmethod
    def of(cls, change: StateChange) -> Change:
        """Write one line of a story."""
        return cls(
            at=change.at,
            before=change.before.value,
            after=change.after.value,
            status=change.status.value,
            reason=change.reason,
            detail=change.detail,
            askedBy=change.asked_by,
        )
