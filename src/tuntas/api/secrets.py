"""What of a session's configuration is a secret, and the one way in which it is shown: ``***``.

Signing keys and passwords of proxies are shown to nobody again. The values of custom headers and what addresses carry
beside their path (a user, a query) are shown to admin keys only. ``***`` that comes back means "as it was": it takes
the stored value's place again or is refused, and is never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from tuntas.foundation.masking import MASK, masked_address
from tuntas.sessions.access import Caller, Scope

# Members by these names are secrets wherever they stand in the parts of a configuration that we only keep.
_SECRET_NAMES = ("password", "secret", "token", "apikey", "api_key", "authorization", "credential", "private_key")

# Documents are written in many places; whose request it is belongs to the request. Nobody's: all is hidden.
_sees_secrets: ContextVar[bool] = ContextVar("sees_secrets", default=False)


class NothingToKeep(ValueError):
    """``***`` stands where nothing is stored that it could stand for; ``place`` names the field."""

    def __init__(self, place: str) -> None:
        """Name the field."""
        super().__init__(f"{MASK} stands for what is stored at the same address, and there is nothing. Give the value.")
        self.place = place


def show_to(caller: Caller) -> None:
    """Have what this request answers show as much as ``caller`` may see."""
    _sees_secrets.set(caller.may(Scope.ADMIN))


def masked(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration as whoever asks may see it."""
    sees_all = _sees_secrets.get()
    shown = {name: value if sees_all or name == "metadata" else _hidden(name, value) for name, value in config.items()}
    if isinstance(config.get("proxy"), Mapping):
        shown["proxy"] = _hidden("proxy", config["proxy"])
    webhooks = config.get("webhooks")
    if isinstance(webhooks, list):
        shown["webhooks"] = [_masked_webhook(one, sees_all=sees_all) for one in webhooks]
    return shown


def shown_address(url: str) -> str:
    """Return a receiver's address as whoever asks may see it."""
    return url if _sees_secrets.get() else masked_address(url)


def restored(config: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration that came in, with the stored values in the places of ``***``.

    A webhook is the one with its address, or else the one at its place. Whoever cannot see a secret cannot have it sent
    to another address either.

    Raises:
        NothingToKeep: there is no such value.
    """
    found = {
        name: value if name in ("webhooks", "metadata") else _kept(name, value, stored.get(name), name)
        for name, value in config.items()
    }
    _require_same_proxy(config.get("proxy"), stored.get("proxy"))
    old = [one for one in stored.get("webhooks") or [] if isinstance(one, Mapping)]
    if isinstance(config.get("webhooks"), list):
        found["webhooks"] = [_restored_webhook(place, one, old) for place, one in enumerate(config["webhooks"])]
    return found


def _masked_webhook(webhook: Any, *, sees_all: bool) -> Any:
    if not isinstance(webhook, Mapping):
        return MASK
    shown = dict(webhook)
    if isinstance(shown.get("hmac"), Mapping) and shown["hmac"].get("key") is not None:
        shown["hmac"] = {**shown["hmac"], "key": MASK}
    if not sees_all:
        if "url" in shown:
            shown["url"] = masked_address(str(shown["url"]))
        if isinstance(shown.get("customHeaders"), list):
            shown["customHeaders"] = [
                {**one, "value": MASK} if isinstance(one, Mapping) else MASK for one in shown["customHeaders"]
            ]
    return shown


def _hidden(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {inner: _hidden(inner, one) for inner, one in value.items()}
    if isinstance(value, list):
        return [_hidden(name, one) for one in value]
    if value is not None and any(secret in name.lower() for secret in _SECRET_NAMES):
        return MASK
    return masked_address(value) if isinstance(value, str) and "://" in value else value


def _kept(name: str, value: Any, stored: Any, place: str) -> Any:
    if isinstance(value, Mapping):
        old = stored if isinstance(stored, Mapping) else {}
        return {inner: _kept(inner, one, old.get(inner), f"{place}.{inner}") for inner, one in value.items()}
    if isinstance(value, list):
        olds = stored if isinstance(stored, list) else []
        return [_kept(name, one, olds[at] if at < len(olds) else None, f"{place}.{at}") for at, one in enumerate(value)]
    if not isinstance(value, str) or MASK not in value or not (value == MASK or "://" in value):
        return value
    if stored is None or value != _hidden(name, stored):
        raise NothingToKeep(place)
    return stored


def _require_same_proxy(proxy: Any, stored: Any) -> None:
    """Refuse to keep a password that would go to another proxy than the one that it was given for."""
    if not isinstance(proxy, Mapping) or proxy.get("password") != MASK:
        return
    old = stored.get("server") if isinstance(stored, Mapping) else None
    if not isinstance(old, str) or proxy.get("server") not in (old, masked_address(old)):
        raise NothingToKeep("proxy.password")


def _restored_webhook(place: int, webhook: Mapping[str, Any], stored: list[Mapping[str, Any]]) -> dict[str, Any]:
    found, where = dict(webhook), f"webhooks.{place}"
    url = str(webhook["url"])
    here = stored[place : place + 1]
    same = next(
        (one for one in (*here, *stored) if url in (str(one.get("url")), masked_address(str(one.get("url"))))), None
    )
    found["url"] = _or_refused(None if same is None else same["url"], f"{where}.url") if MASK in url else url
    old = same or (here[0] if here else {})
    if (webhook.get("hmac") or {}).get("key") == MASK:
        key = (old.get("hmac") or {}).get("key")
        found["hmac"] = {**webhook["hmac"], "key": _or_refused(key, f"{where}.hmac.key")}
    if webhook.get("customHeaders"):
        # By name; those who cannot see the value cannot have it sent to another address either.
        stays = same is not None or _sees_secrets.get()
        known = {str(one["name"]).lower(): one["value"] for one in old.get("customHeaders") or [] if stays}
        found["customHeaders"] = [
            {**one, "value": _or_refused(known.get(one["name"].lower()), f"{where}.customHeaders.{at}.value")}
            if one["value"] == MASK
            else one
            for at, one in enumerate(webhook["customHeaders"])
        ]
    return found


def _or_refused(stored: Any, place: str) -> Any:
    if stored is None:
        raise NothingToKeep(place)
    return stored
