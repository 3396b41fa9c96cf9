"""What values of settings must look like. Each function returns the value; ValueError says what to write."""

from __future__ import annotations

import json
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from pydantic import AnyHttpUrl, SecretStr

from tuntas.foundation.identifiers import HASH_PREFIX
from tuntas.foundation.sub_path import SubPath

SHORTEST_KEY = 20
SHORTEST_BACKUP_KEY = 16


def absolute_path(value: Path) -> Path:
    """Return a path without anything that depends on where or who we are."""
    # Chromium writes the profile's path as it was given; identity checks compare absolute ones.
    return value.expanduser().absolute()


def key_that_cannot_be_guessed(value: SecretStr | None) -> SecretStr | None:
    """Return a key, or what stands for one, that is long enough."""
    if value is None:
        return None
    secret = value.get_secret_value()
    if secret.startswith(HASH_PREFIX):
        if not re.fullmatch(r"[0-9A-Fa-f]{128}", secret.removeprefix(HASH_PREFIX)):
            message = "after sha512: there must be 128 hexadecimal digits, as `printf %s KEY | sha512sum` prints"
            raise ValueError(message)
    elif len(secret) < SHORTEST_KEY:
        message = (
            f"fewer than {SHORTEST_KEY} characters can be guessed; give more, such as "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(32))'` prints"
        )
        raise ValueError(message)
    return value


def key_of_backups(value: SecretStr | None) -> SecretStr | None:
    """Return a key for backups that is long enough."""
    if value is not None and len(value.get_secret_value()) < SHORTEST_BACKUP_KEY:
        message = f"fewer than {SHORTEST_BACKUP_KEY} characters can be guessed; give more, such as five words"
        raise ValueError(message)
    return value


def names_in_a_list(value: Any) -> Any:
    """Return a list that was written as JSON or with commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            message = 'is neither a list in JSON, ["message"], nor names with commas between them'
            raise ValueError(message) from None
    return [name.strip() for name in value.split(",") if name.strip()]


def names_of_hosts(value: str) -> str:
    """Return names of hosts with commas between them."""
    for name in filter(None, (one.strip() for one in value.split(","))):
        if name != "*" and not re.fullmatch(r"[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]+\]?", name):
            message = f"{name!r} is no name of a host: no scheme, port or path, and names with commas between them"
            raise ValueError(message)
    return value


def public_address(value: AnyHttpUrl | None) -> AnyHttpUrl | None:
    """Return an address with nothing but a scheme, a host, a port and a path."""
    if value is not None:
        if value.query is not None or value.fragment is not None or value.username is not None:
            message = "nothing but a scheme, a host, a port and a path, as in https://example.com/whatsapp/"
            raise ValueError(message)
        SubPath(value.path or "")
    return value


def session_and_number(value: str) -> str:
    """Return a session's name and a number with a colon between them."""
    if value and not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}:[0-9]{6,20}", value):
        message = "must be a session's name, a colon and a number with its country's code, as in shop:628123456789"
        raise ValueError(message)
    return value


def networks(value: str) -> str:
    """Return addresses and networks with commas between them."""
    for one in filter(None, (one.strip() for one in value.split(","))):
        try:
            ip_network(one, strict=False)
        except ValueError:
            message = f"{one!r} is no address or network; write 127.0.0.1 or 10.0.0.0/8"
            raise ValueError(message) from None
    return value
