"""A session's webhooks and settings in forms. What a form does not show stays as a program has set it.

For those who administer: an address may carry a password. A signing key and a proxy's password are never shown again;
an empty field keeps what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import Response

from tuntas.dashboard import words
from tuntas.dashboard.context import SettingsRefused
from tuntas.dashboard.forms import Form
from tuntas.dashboard.page_request import BY, PageRequest
from tuntas.dashboard.session import name_in, path_of
from tuntas.dashboard.words import N_
from tuntas.events import Event, EventName
from tuntas.foundation.clock import milliseconds
from tuntas.foundation.masking import masked_address
from tuntas.sessions.model import SessionRecord

NEW = "new"
ALL = "*"
IGNORABLE = {
    "status": N_("Status posts"),
    "groups": N_("Groups"),
    "channels": N_("Channels"),
    "broadcast": N_("Broadcast lists"),
}
_WRONG: dict[str, str] = {
    "url": N_("Nothing can be sent to this address. It begins with http:// or https:// and names a host."),
    "events": N_("Choose at least one event."),
    "hmac": N_("The signing key has 1 to 1024 letters."),
    "proxy": N_("This proxy cannot be used. Write it like http://proxy.example:3128 or socks5://proxy.example:1080."),
}
_NOT_TAKEN = N_("The server does not take these settings.")


@dataclass(frozen=True, slots=True)
class WebhookForm:
    """A webhook as its form shows it. ``id`` is "new" for one that is to be."""

    id: str
    url: str = field(default="", repr=False)
    events: frozenset[str] = frozenset({"message"})
    is_signed: bool = False
    error: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ProxyForm:
    """What a session goes through, and what it does not want to know of, as the form shows it."""

    server: str = field(default="", repr=False)
    username: str = ""
    has_password: bool = False
    ignored: frozenset[str] = frozenset()
    error: str | None = None
    detail: str = ""


async def show(request: PageRequest) -> Response:
    """Show the forms."""
    return _page(request, request.context.sessions.get(name_in(request)))


async def save_webhook(request: PageRequest) -> Response:
    """Add a webhook, or change one; where it is not taken, the form says why and keeps what was typed."""
    record = request.context.sessions.get(name_in(request))
    place = _place(request, record)
    hooks = _hooks(record)
    old = {} if place is None else hooks[place]
    try:
        fresh = _webhook(request.form, old)
        hooks = [*hooks, fresh] if place is None else [*hooks[:place], fresh, *hooks[place + 1 :]]
        await _configure(request, record, {**record.config.document, "webhooks": hooks})
    except SettingsRefused as error:
        shown = WebhookForm(
            NEW if place is None else record.config.subscriptions[place].id,
            request.form["url"],
            frozenset(request.form.all("event")),
            bool((old.get("hmac") or {}).get("key")),
            *_said(error),
        )
        return _page(request, record, status=422, webhook=shown)
    return request.leave_for(_own_path(record))


async def delete_webhook(request: PageRequest) -> Response:
    """Take a webhook away; what waits for it is given up."""
    record = request.context.sessions.get(name_in(request))
    place = _place(request, record)
    hooks = _hooks(record)
    if place is not None:
        await _configure(request, record, {**record.config.document, "webhooks": hooks[:place] + hooks[place + 1 :]})
    return request.leave_for(_own_path(record))


async def try_webhook(request: PageRequest) -> Response:
    """Deliver a test event, and say what the receiver answered."""
    record = request.context.sessions.get(name_in(request))
    place = _place(request, record)
    if place is None:
        raise HTTPException(404)
    payload = {"name": record.name, "status": record.status.value, "test": True}
    at = milliseconds(request.context.now())
    event = Event(EventName.SESSION_STATUS, record.name, at, payload, record.config.metadata, record.me)
    subscription = record.config.subscriptions[place]
    host = urlsplit(subscription.url).hostname or ""
    failure = await request.context.try_webhook(subscription, event.envelope())
    if failure is None:
        return request.done(request.say(N_("%(host)s has taken the test event."), host=host), _own_path(record))
    said = request.say(N_("%(host)s has not taken the test event:"), host=host)
    return request.notice(said, tone="bad", detail=failure)


async def save(request: PageRequest) -> Response:
    """Set the proxy, and which chats are ignored."""
    record = request.context.sessions.get(name_in(request))
    ignored = frozenset(request.form.all("ignore")) & IGNORABLE.keys()
    stored = record.config.document
    old = stored.get("proxy") or {}
    server, username, password = (request.form[name].strip() for name in ("server", "username", "password"))
    document = {name: value for name, value in stored.items() if name not in ("proxy", "ignore")}
    document["ignore"] = {name: name in ignored for name in IGNORABLE}
    if server:
        known = str(old.get("server") or "")
        kept = old.get("password") if server in (known, masked_address(known)) and username else None
        chosen = {"username": username, "password": password or kept}
        document["proxy"] = {"server": server} | {name: value for name, value in chosen.items() if value}
    try:
        await _configure(request, record, document)
    except SettingsRefused as error:
        shown = ProxyForm(server, username, bool(old.get("password")), ignored, *_said(error))
        return _page(request, record, status=422, proxy=shown)
    return request.leave_for(_own_path(record))


async def _configure(request: PageRequest, record: SessionRecord, document: Mapping[str, Any]) -> None:
    config = request.context.read_settings(document, record.config.document)
    await request.context.sessions.configure(record.name, config, asked_by=BY)


def _webhook(form: Form, old: Mapping[str, Any]) -> dict[str, Any]:
    """Return a webhook's document: the stored one with what the form says. Raises SettingsRefused."""
    events = form.all("event")
    if not events:
        raise SettingsRefused(("webhooks", "0", "events"), "")
    document = dict(old) | {"url": form["url"].strip(), "events": [ALL] if ALL in events else events}
    if form["unsigned"]:
        document.pop("hmac", None)
    elif form["key"]:
        document["hmac"] = {"key": form["key"]}
    return document


def _hooks(record: SessionRecord) -> list[dict[str, Any]]:
    return [dict(one) for one in record.config.document.get("webhooks") or []]


def _place(request: PageRequest, record: SessionRecord) -> int | None:
    """Return which of the session's webhooks the address names, None for a new one. Raises HTTPException (404)."""
    asked = str(request.http.path_params["webhook"])
    ids = [one.id for one in record.config.subscriptions]
    if asked == NEW:
        return None
    if asked not in ids:
        raise HTTPException(404)
    return ids.index(asked)


def _own_path(record: SessionRecord) -> str:
    return f"{path_of(record.name)}/settings"


def _said(error: SettingsRefused) -> tuple[str, str]:
    return next((_WRONG[part] for part in reversed(error.place) if part in _WRONG), _NOT_TAKEN), str(error)


def _page(
    request: PageRequest,
    record: SessionRecord,
    *,
    status: int = 200,
    webhook: WebhookForm | None = None,
    proxy: ProxyForm | None = None,
) -> Response:
    shown = [
        WebhookForm(one.id, one.url, frozenset(one.events), one.hmac_key is not None)
        for one in record.config.subscriptions
    ]
    webhooks = [webhook if webhook and webhook.id == one.id else one for one in [*shown, WebhookForm(NEW)]]
    stored = record.config.document.get("proxy") or {}
    username, server = str(stored.get("username") or ""), masked_address(str(stored.get("server") or ""))
    standing = ProxyForm(server, username, bool(stored.get("password")), record.config.ignored(request.context.ignored))
    return request.page(
        "settings.html",
        status=status,
        session=record,
        webhooks=webhooks,
        form=proxy or standing,
        events={name: words.event(name.value) for name in EventName},
        ignorable=IGNORABLE,
        path=_own_path(record),
    )
