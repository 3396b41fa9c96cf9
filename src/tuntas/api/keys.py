"""``/api/keys``: who may come in. A key's secret is shown once, when it is made."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tuntas.api.context import GatewayHere
from tuntas.api.errors import problems
from tuntas.api.schemas import SessionName
from tuntas.sessions.access import Caller, Key, Scope

router = APIRouter(prefix="/api/keys", tags=["keys"])


class CreateKey(BaseModel):
    """A new key."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=64, description="For people: who or what has it.", examples=["shop bot"])
    scopes: set[Scope] = Field(min_length=1, description="What it is good for.", examples=[["read", "send"]])
    sessions: set[SessionName] | None = Field(
        None, min_length=1, description="The only sessions it may see, by name; null: all.", examples=[["shop"]]
    )

    @model_validator(mode="after")
    def _admin_sees_all(self) -> CreateKey:
        if Scope.ADMIN in self.scopes and self.sessions is not None:
            message = "a key with the scope admin cannot be limited to sessions"
            raise ValueError(message)
        return self

    def caller(self) -> Caller:
        """Return what the key will be good for."""
        return Caller(self.name, frozenset(self.scopes), None if self.sessions is None else frozenset(self.sessions))


class KeyOut(BaseModel):
    """A key, without its secret."""

    id: str = Field(examples=["01m856kp0q8jkj3ecrkxda3m6b"])
    name: str = Field(examples=["shop bot"])
    scopes: list[Scope] = Field(examples=[["read", "send"]])
    sessions: list[str] | None = Field(examples=[["shop"]])
    createdAt: datetime  # noqa: N815 - like its neighbours
    lastUsedAt: datetime | None = Field(description="Exact to a minute.")  # noqa: N815 - like its neighbours


class NewKey(KeyOut):
    """A key that was just made."""

    key: str = Field(description="The secret, for X-Api-Key. It is shown only now.", examples=["tk_Jx3…"])


@router.post("", status_code=201, responses=problems(422), summary="Make a key")
async def create(gateway: GatewayHere, body: CreateKey) -> NewKey:
    """Make a key. Its secret is in this answer and nowhere else; only its fingerprint is stored."""
    key, secret = await gateway.keys.create(body.caller())
    return NewKey(key=secret, **_out(key).model_dump())


@router.get("", responses=problems(), summary="List keys")
async def listing(gateway: GatewayHere) -> list[KeyOut]:
    """List the keys that were made, oldest first, without their secrets. The configured key is not among them."""
    return [_out(key) for key in gateway.keys.all()]


@router.delete("/{key}", status_code=204, responses=problems(404, 422), summary="Revoke a key")
async def revoke(
    gateway: GatewayHere,
    key: Annotated[str, Path(description="The key's id.", examples=["01kd3m0q0gv4x6w6m8j8q2b1za"])],
) -> Response:
    """Make a key worthless at once."""
    if not await gateway.keys.revoke(key):
        raise HTTPException(404, f"There is no key with the id {key!r}.")
    return Response(status_code=204)


def _out(key: Key) -> KeyOut:
    caller = key.caller
    return KeyOut(
        id=key.id,
        name=caller.name,
        scopes=sorted(caller.scopes),
        sessions=None if caller.sessions is None else sorted(caller.sessions),
        createdAt=key.created_at,
        lastUsedAt=key.last_used_at,
    )
