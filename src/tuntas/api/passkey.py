"""``/api/{session}/auth/passkey``: what WhatsApp asks of the account's passkey between the scan and the linking."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tuntas.api.context import ContextHere
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.parameters import SessionHere
from tuntas.api.session_answers import Session

router = json_router(prefix="/api/{session}/auth/passkey", tags=["pairing"])

Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,8192}={0,2}$")]


class Descriptor(BaseModel):
    """One of the account's passkeys."""

    id: str
    type: str = "public-key"
    transports: list[str] = []


class Challenge(BaseModel):
    """WebAuthn's request options, for `PublicKeyCredential.parseRequestOptionsFromJSON`."""

    challenge: str = Field(examples=["9WVUYm9AsQ"])
    timeout: int | None = Field(None, description="Milliseconds.", examples=[600000])
    rpId: str = Field(examples=["whatsapp.com"])  # noqa: N815 - WebAuthn's name
    allowCredentials: list[Descriptor]  # noqa: N815 - WebAuthn's name
    userVerification: str = Field(examples=["required"])  # noqa: N815 - WebAuthn's name


class Code(BaseModel):
    """What has to be the same on the phone."""

    code: str = Field(examples=["1A2B3C4D"])


class Signed(Input):
    """What the passkey has signed."""

    model_config = ConfigDict(extra="ignore")

    clientDataJSON: Base64Url  # noqa: N815 - WebAuthn's name
    authenticatorData: Base64Url  # noqa: N815 - WebAuthn's name
    signature: Base64Url
    userHandle: Base64Url | None = None  # noqa: N815 - WebAuthn's name


class Assertion(Input):
    """A passkey's answer, as `PublicKeyCredential.toJSON()` writes it."""

    model_config = ConfigDict(extra="ignore")

    id: Base64Url
    rawId: Base64Url  # noqa: N815 - WebAuthn's name
    type: Literal["public-key"] = "public-key"
    response: Signed
    authenticatorAttachment: str | None = Field(None, max_length=64)  # noqa: N815 - WebAuthn's name
    clientExtensionResults: dict[str, Any] = Field(default_factory=dict)  # noqa: N815 - WebAuthn's name


@router.get("/challenge", responses=problems(404, 422), summary="What the passkey has to sign")
async def challenge(context: ContextHere, session: SessionHere) -> Challenge:
    """Return what the account's passkey has to sign while the session is in PASSKEY_REQUIRED.

    Only a browser at `https://web.whatsapp.com` can have it signed.
    """
    return Challenge.model_validate(context.sessions.passkey_challenge(session))


@router.post("", status_code=201, responses=problems(404, 422, 503), summary="Hand over what the passkey has signed")
async def answer(context: ContextHere, session: SessionHere, body: Assertion) -> Session:
    """Hand over the passkey's answer; then the session is linked, or a code has to be compared.

    An answer that WhatsApp does not take ends the linking, and a new QR comes.
    """
    return Session.of(await context.sessions.answer_passkey(session, body.model_dump()))


@router.get("/confirmation", responses=problems(404, 422), summary="The code to compare")
async def confirmation(context: ContextHere, session: SessionHere) -> Code:
    """Return the code that the phone shows too, while the session is in PASSKEY_CONFIRMATION_REQUIRED."""
    return Code(code=context.sessions.passkey_code(session))


@router.post("/confirm", status_code=201, responses=problems(404, 422, 503), summary="Say that the code is the same")
async def confirm(context: ContextHere, session: SessionHere) -> Session:
    """Say that the phone shows the same code; the session is linked then."""
    return Session.of(await context.sessions.confirm_passkey(session))
