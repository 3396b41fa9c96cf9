"""WAHA's environment variables in our words. Pure.

What WAHA documents at https://waha.devlike.pro/docs/how-to/config. Each of its variables is either a setting of ours,
or named as one that has no equivalent, with the reason: none is taken in silence. An empty one counts as unset, as in
WAHA's own examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field

from tuntas.foundation.identifiers import HASH_PREFIX, hash_of_key

PREFIXES = ("WAHA_", "WHATSAPP_")


@dataclass(slots=True)
class Translated:
    """By WAHA's name: our setting and its value, or why there is none."""

    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    without_equivalent: dict[str, str] = field(default_factory=dict)


def translated(variables: Mapping[str, str], fields: Set[str]) -> Translated:
    """Return what WAHA's variables among these say.

    Raises:
        ValueError: two contradict each other, or one would be dangerous to pass over; the message says what to do.
    """
    found = Translated()
    for name, value in variables.items():
        if not name.startswith(PREFIXES) or not value.strip():
            continue
        is_known = name in _TOLD_OTHERWISE or _SAME.get(name) in fields
        if name.startswith("WHATSAPP_PROXY_SERVER") and not is_known:
            message = f"{name} has no equivalent here, and without it sessions would connect directly. Unset it."
            raise ValueError(message)
        if name in _SAME:
            found.values[name] = (_SAME[name], value)
        elif name in _TOLD_OTHERWISE:
            _TOLD_OTHERWISE[name](found, name, value.strip())
        elif name not in _AS_HERE or value.strip().lower() not in _AS_HERE[name]:
            found.without_equivalent[name] = _WHY_NOT.get(name, "has no equivalent here")
    _compare_keys(variables)
    return found


def _compare_keys(variables: Mapping[str, str]) -> None:
    keys = {
        name: value.strip()
        for name in ("WAHA_API_KEY", "WHATSAPP_API_KEY", "WAHA_API_KEY_PLAIN")
        if (value := variables.get(name, "")).strip()
    }
    hashes = {
        key.removeprefix(HASH_PREFIX).lower() if key.startswith(HASH_PREFIX) else hash_of_key(key)
        for key in keys.values()
    }
    if len(hashes) > 1:
        message = f"{' and '.join(keys)} are set to different keys: unset all but one, or set TUNTAS_API_KEY."
        raise ValueError(message)


def _log_level(found: Translated, name: str, value: str) -> None:
    level = {"warn": "warning", "trace": "debug"}.get(value.lower(), value.lower())
    found.values[name] = ("log_level", level)


def _log_format(found: Translated, name: str, value: str) -> None:
    known = {"json": "true", "pretty": "false"}
    if value.lower() not in known:
        message = f"{name} must be JSON or PRETTY."
        raise ValueError(message)
    found.values[name] = ("log_json", known[value.lower()])


def _lifetime(found: Translated, name: str, value: str) -> None:
    if value == "0":
        found.without_equivalent[name] = "files are not kept for ever; TUNTAS_MEDIA_LIFETIME_SECONDS says how long"
    else:
        found.values[name] = ("media_lifetime_seconds", value)


def _proxy_server(found: Translated, name: str, value: str) -> None:
    # WAHA writes host:port, and Chromium, to which it gives that, takes it for an HTTP proxy.
    found.values[name] = ("proxy_server", value if "://" in value else f"http://{value}")


_SAME = {
    "WAHA_API_KEY": "api_key",
    "WHATSAPP_API_KEY": "api_key",
    "WAHA_BASE_URL": "public_url",
    "WHATSAPP_API_PORT": "port",
    "WHATSAPP_DOWNLOAD_MEDIA": "media_download",
    "WHATSAPP_HOOK_URL": "webhook_url",
    "WHATSAPP_HOOK_EVENTS": "webhook_events",
    "WHATSAPP_HOOK_HMAC_KEY": "webhook_hmac_key",
    "WHATSAPP_HOOK_RETRIES_POLICY": "webhook_retries_policy",
    "WHATSAPP_HOOK_RETRIES_DELAY_SECONDS": "webhook_retries_delay_seconds",
    "WHATSAPP_HOOK_RETRIES_ATTEMPTS": "webhook_retries_attempts",
    "WHATSAPP_HOOK_CUSTOM_HEADERS": "webhook_custom_headers",
    "WHATSAPP_START_SESSION": "start_sessions",
    "WAHA_SESSION_CONFIG_IGNORE_STATUS": "ignore_status",
    "WAHA_SESSION_CONFIG_IGNORE_GROUPS": "ignore_groups",
    "WAHA_SESSION_CONFIG_IGNORE_CHANNELS": "ignore_channels",
    "WAHA_SESSION_CONFIG_IGNORE_BROADCAST": "ignore_broadcast",
    "WHATSAPP_PROXY_SERVER_USERNAME": "proxy_username",
    "WHATSAPP_PROXY_SERVER_PASSWORD": "proxy_password",
}
_TOLD_OTHERWISE: dict[str, Callable[[Translated, str, str], None]] = {
    "WAHA_LOG_LEVEL": _log_level,
    "WAHA_LOG_FORMAT": _log_format,
    "WHATSAPP_FILES_LIFETIME": _lifetime,
    "WHATSAPP_PROXY_SERVER": _proxy_server,
}
# What these values ask for is done here anyway.
_AS_HERE: dict[str, Set[str]] = {
    "WHATSAPP_RESTART_ALL_SESSIONS": {"true", "1"},
    "WAHA_WORKER_RESTART_SESSIONS": {"true", "1"},
    "WAHA_DASHBOARD_ENABLED": {"true", "1"},
    "WHATSAPP_DEFAULT_ENGINE": {"wpp"},
    "WAHA_PRINT_QR": {"false", "0"},
    "WAHA_APPS_ENABLED": {"false", "0"},
}
_ADDRESS = "where clients reach this server is said by WAHA_BASE_URL or TUNTAS_PUBLIC_URL"
_SIGN_IN = "the dashboard and the documents are opened with an API key"
_TLS = "TLS is ended by a proxy in front, such as Caddy or nginx"
_WHY_NOT = {
    "WAHA_API_KEY_PLAIN": "WAHA_API_KEY is the key; clients send it as it is",
    "WAHA_NO_API_KEY": "every call needs a key: WAHA_API_KEY, or the one that the first start prints",
    "WAHA_API_KEY_EXCLUDE_PATH": "health is asked without a key, and nothing else",
    "WHATSAPP_API_KEY_EXCLUDE_PATH": "health is asked without a key, and nothing else",
    "WAHA_HTTPS_ENABLED": _TLS,
    "WAHA_HTTPS_PATH_KEY": _TLS,
    "WAHA_HTTPS_PATH_CERT": _TLS,
    "WAHA_HTTPS_PATH_CA": _TLS,
    "WAHA_AUTO_START_DELAY_SECONDS": "how many sessions start at one moment is said by TUNTAS_BOOT_CONCURRENCY",
    "WAHA_PUBLIC_URL": "the dashboard's addresses are relative",
    "WHATSAPP_API_HOSTNAME": _ADDRESS,
    "WHATSAPP_API_SCHEMA": _ADDRESS,
    "WHATSAPP_FILES_MIMETYPES": "files of every kind are fetched, or none: WHATSAPP_DOWNLOAD_MEDIA",
    "WHATSAPP_FILES_FOLDER": "files are kept in the data folder: TUNTAS_DATA_DIR",
    "WAHA_LOCAL_STORE_BASE_DIR": "everything is in the data folder: TUNTAS_DATA_DIR",
    "WHATSAPP_DEFAULT_ENGINE": "there is one engine, WPP, in a real Chromium",
    "WHATSAPP_RESTART_ALL_SESSIONS": "sessions that ran are always brought up again",
    "WAHA_WORKER_RESTART_SESSIONS": "sessions that ran are always brought up again",
    "WAHA_PRINT_QR": "`tuntas sessions qr NAME` draws it",
    "WHATSAPP_SESSIONS_POSTGRESQL_URL": "the database is named by TUNTAS_DATABASE_URL, and the profiles stay folders",
    "WHATSAPP_SESSIONS_MONGO_URL": "the database is named by TUNTAS_DATABASE_URL, SQLite or PostgreSQL",
    "WAHA_DASHBOARD_ENABLED": _SIGN_IN,
    "WAHA_DASHBOARD_USERNAME": _SIGN_IN,
    "WAHA_DASHBOARD_PASSWORD": _SIGN_IN,
    "WAHA_DASHBOARD_NO_PASSWORD": _SIGN_IN,
    "WHATSAPP_SWAGGER_ENABLED": _SIGN_IN,
    "WHATSAPP_SWAGGER_USERNAME": _SIGN_IN,
    "WHATSAPP_SWAGGER_PASSWORD": _SIGN_IN,
    "WHATSAPP_SWAGGER_NO_PASSWORD": _SIGN_IN,
}
