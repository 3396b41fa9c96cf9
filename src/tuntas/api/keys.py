"""``/api/keys``: who may come in. A key's secret is shown once, when it is made."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import HTTPException, Path, Request, Response
from pydantic import BaseModel, Field, model_validator

from tuntas.api.context import ContextHere
from tuntas.api.errors import problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.schemas import SessionName
from tuntas.sessions.access import Caller, Key, Scope

router = json_router(prefix="/api/keys", tags=["keys"])

KeyId = Annotated[str, Path(description="The key's id.", examples=["01kd3m0q0gv4x6w6m8j8q2b1za"])]


class Actions(Input):
    """What a key is good for in WAHA's words: `control`, `setting` and `delete` are our `control`; `app` is nothing."""

    read: bool = False
    send: bool = False
    control: bool = False
    setting: bool = False
    app: bool = False
    delete: bool = False

    def scopes(self) -> set[Scope]:
        """Return the same in our words."""
        controls = self.control or self.setting or self.delete
        wanted = {Scope.READ: self.read, Scope.SEND: self.send, Scope.CONTROL: controls}
        return {scope for scope, is_wanted in wanted.items() if is_wanted}


class ChangeKey(Input):
    """What a key is good for: `scopes` and `sessions`, or in WAHA's shape `isAdmin`, `session` and `actions`."""

    name: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="For people: who or what has it.",
        examples=["shop bot"],
    )
    scopes: set[Scope] | None = Field(
        None, min_length=1, description="What it is good for.", examples=[["read", "send"]]
    )
    sessions: set[SessionName] | None = Field(
        None, min_length=1, description="The only sessions it may see, by name; null: all.", examples=[["shop"]]
    )

    isAdmin: bool | None = Field(None, description="WAHA's: good for everything.", examples=[None])  # noqa: N815
    session: SessionName | None = Field(None, description="WAHA's: the only session.", examples=[None])
    isActive: bool = Field(True, description="WAHA's. A key that is worthless is none: revoke it.")  # noqa: N815
    actions: Actions | None = Field(None, description="WAHA's: null is all of them.", examples=[None])

    @property
    def is_theirs(self) -> bool:
        """Whether it says it in WAHA's shape."""
        return self.isAdmin is not None or self.actions is not None or self.session is not None

    @model_validator(mode="after")
    def _in_our_words(self) -> Self:
        if self.is_theirs and (self.scopes is not None or self.sessions is not None):
            message = "give scopes and sessions, or isAdmin, session and actions"
            raise ValueError(message)
        if not self.isActive:
            message = "isActive: there is no key that is not active; revoke one to make it worthless"
            raise ValueError(message)
        if self.is_theirs:
            actions = self.actions or Actions(read=True, send=True, control=True)
            self.scopes = {Scope.ADMIN} if self.isAdmin else actions.scopes()
            self.sessions = None if self.isAdmin or self.session is None else {self.session}
        if not self.scopes:
            message = "give scopes, or isAdmin, session and actions"
            raise ValueError(message)
        if Scope.ADMIN in self.scopes and self.sessions is not None:
            message = "a key with the scope admin cannot be limited to sessions"
            raise ValueError(message)
        return self

    def caller(self, name: str) -> Caller:
        """Return what the key will be good for; ``name``: whose it is, unless it says so."""
        sessions = None if self.sessions is None else frozenset(self.sessions)
        return Caller(self.name or name, frozenset(self.scopes or ()), sessions)


class CreateKey(ChangeKey):
    """A new key; with `scopes` it needs a `name`."""

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if self.name is None and not self.is_theirs:
            message = "give a name and scopes, or isAdmin, session and actions"
            raise ValueError(message)
        return self


class KeyOut(BaseModel):
    """A key, without its secret: in our words and in WAHA's."""

    id: str = Field(examples=["01m856kp0q8jkj3ecrkxda3m6b"])
    name: str = Field(examples=["shop bot"])
    scopes: list[Scope] = Field(examples=[["read", "send"]])
    sessions: list[str] | None = Field(examples=[["shop"]])
    createdAt: datetime  # noqa: N815 - like its neighbours
    lastUsedAt: datetime | None = Field(description="Exact to a minute.")  # noqa: N815 - like its neighbours
    key: str = Field("***", description="Masked: the secret was shown when it was made.", examples=["***"])
    isActive: bool = Field(True, description="A key that is revoked is not listed.")  # noqa: N815 - WAHA's name
    isAdmin: bool = Field(examples=[False])  # noqa: N815 - WAHA's name
    session: str | None = Field(description="The only session, where it is one.", examples=["shop"])
    actions: Actions


class NewKey(KeyOut):
    """A key that was just made."""

    key: str = Field(description="The secret, for X-Api-Key. It is shown only now.", examples=["tk_Jx3…"])


@router.post("", status_code=201, responses=problems(422), summary="Make a key")
async def create(context: ContextHere, body: CreateKey) -> NewKey:
    """Make a key. Its secret is in this answer and nowhere else; only its fingerprint is stored."""
    key, secret = await context.keys.create(body.caller(body.session or "admin"))
    return NewKey(**_out(key).model_dump() | {"key": secret})


class AskForLink(Input):
    """Whom a link signs in."""

    key: str | None = Field(
        None, description="The id of the key that it stands for; null: the one that asks.", examples=[None]
    )


class SignInLink(BaseModel):
    """A link that signs somebody in to the dashboard, once."""

    url: str = Field(examples=["https://wa.example.com/dashboard/sign-in?link=Jx3mN0cVbq2yHq4nS1u8wZ7tKfLrP5a"])
    expiresAt: datetime = Field(description="Until when it does.")  # noqa: N815 - like its neighbours


@router.post("/sign-in-link", status_code=201, responses=problems(404, 422), summary="A link that signs in")
async def sign_in_link(context: ContextHere, request: Request, response: Response, body: AskForLink) -> SignInLink:
    """Make a link to the dashboard that signs in, once, whoever opens it and presses the button there.

    In ten minutes it is worthless. What it opens is what its key is good for, for as long as that key is good.
    """
    mark = request.state.mark if body.key is None else context.keys.mark_of(body.key)
    if mark is None:
        raise HTTPException(404, "There is no such key.")
    links, base = context.sign_in_links, context.public_address.of(request)
    expires_at = context.now() + timedelta(seconds=links.seconds)
    response.headers["Cache-Control"] = "no-store"
    return SignInLink(url=f"{base}dashboard/sign-in?link={links.issue(mark)}", expiresAt=expires_at)


@router.get("", responses=problems(), summary="List keys")
async def listing(context: ContextHere) -> list[KeyOut]:
    """List the keys that were made, oldest first, without their secrets. The configured key is not among them."""
    return [_out(key) for key in context.keys.all()]


@router.put("/{key}", responses=problems(404, 422), summary="Change a key")
async def change(context: ContextHere, key: KeyId, body: ChangeKey) -> KeyOut:
    """Say anew what a key is good for, and its name where one is given; its secret stays.

    It holds at once: streams that were opened with the key end, and open again as far as it may still.
    """
    changed = await context.keys.change(key, lambda was: body.caller(was.name))
    if changed is None:
        raise _no_such_key(key)
    return _out(changed)


@router.delete("/{key}", status_code=204, responses=problems(404, 422), summary="Revoke a key")
async def revoke(context: ContextHere, key: KeyId) -> Response:
    """Make a key worthless at once."""
    if not await context.keys.revoke(key):
        raise _no_such_key(key)
    return Response(status_code=204)


def _no_such_key(key_id: str) -> HTTPException:
    return HTTPException(404, f"There is no key with the id {key_id!r}.")


def _out(key: Key) -> KeyOut:
    caller = key.caller
    sessions = sorted(caller.sessions or ())
    controls = caller.may(Scope.CONTROL)
    return KeyOut(
        id=key.id,
        name=caller.name,
        scopes=sorted(caller.scopes),
        sessions=None if caller.sessions is None else sessions,
        isAdmin=Scope.ADMIN in caller.scopes,
        session=sessions[0] if len(sessions) == 1 else None,
        actions=Actions(
            read=caller.may(Scope.READ),
            send=caller.may(Scope.SEND),
            control=controls,
            setting=controls,
            delete=controls,
        ),
        createdAt=key.created_at,
        lastUsedAt=key.last_used_at,
    )
