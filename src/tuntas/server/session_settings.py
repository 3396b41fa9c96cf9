"""A session's configuration as the dashboard's forms bring it, judged as the API judges it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from tuntas.api.quotas import Quotas
from tuntas.api.session_config import session_config
from tuntas.api.session_inputs import Config
from tuntas.dashboard.context import SettingsRefused
from tuntas.sessions.model import SessionConfig


def settings_reader(quotas: Quotas) -> Callable[[Mapping[str, Any], Mapping[str, Any]], SessionConfig]:
    """Return what makes a configuration of a document, given the stored one. It raises SettingsRefused."""

    def read(document: Mapping[str, Any], stored: Mapping[str, Any]) -> SessionConfig:
        try:
            return session_config(Config.model_validate(document), stored, quotas)
        except (RequestValidationError, ValidationError) as error:
            first = error.errors()[0]
            place = [str(part) for part in first["loc"] if part not in ("body", "config")]
            raise SettingsRefused(tuple(place), str(first["msg"])) from None

    return read
