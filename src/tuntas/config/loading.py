"""Reads settings from where they are said, and remembers which gave what."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tuntas.config.settings import Settings
from tuntas.environment import Environment, Reading, read_environment
from tuntas.environment.reading import ConfigurationError

# Its value is no SecretStr, since only its password is one.
_SECRETS_BESIDE = frozenset({"database_url"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and where each came from: by name ``--option``, a variable, or the file; by default if not listed."""

    settings: Settings
    origins: Mapping[str, str]
    environment: Reading


def load(**options: Any) -> Settings:
    """Read the settings; ``options`` that are not None come first.

    Raises:
        ConfigurationError: a value is wrong or a name is unknown; the message names it.
    """
    return load_all(**options).settings


def load_all(**options: Any) -> Loaded:
    """Read the settings with where they came from; ``options`` that are not None come first.

    Raises:
        ConfigurationError: a value is wrong or a name is unknown; the message names it.
    """
    given = {name: value for name, value in options.items() if value is not None}
    reading = read_environment(Environment(os.environ, Settings.model_fields.keys(), secret_names()))
    path = Path(os.environ.get("TUNTAS_CONFIG", "tuntas.toml"))
    in_file = _read_file(path)
    origins = {
        **dict.fromkeys(in_file, str(path)),
        **reading.origins,
        **{name: "--" + name.replace("_", "-") for name in given},
    }
    try:
        settings = Settings(**{**in_file, **reading.values, **given})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        raise ConfigurationError(_refusal(name, first["msg"], origins.get(name, ""))) from error
    return Loaded(settings, origins, reading)


def secret_names() -> frozenset[str]:
    """Return the settings that are secrets or have one in them."""
    secrets = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    return _SECRETS_BESIDE | secrets


def _refusal(name: str, reason: str, origin: str) -> str:
    setting = "TUNTAS_" + name.upper()
    if name not in Settings.model_fields:
        return f"{origin}: {name} is no setting. `tuntas config show` lists all."
    where = "" if origin in ("", setting) else f" (from {origin})"
    return f"Setting {setting}{where}: {reason.removeprefix('Value error, ')}"


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if "TUNTAS_CONFIG" not in os.environ:
            return {}
        reason = "there is no such file"
    except OSError as error:
        reason = str(error.strerror)
    except ValueError as error:
        reason = str(error)
    message = f"The settings in {path} cannot be read: {reason}. Mend it, or name another by TUNTAS_CONFIG."
    raise ConfigurationError(message)
