"""A session's configuration on its way to the store: masks undone, quotas asked, written once as a proof."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import to_json

from tuntas.api.quotas import Quotas
from tuntas.api.secrets import NothingToKeep, masked, restored
from tuntas.api.session_inputs import Config
from tuntas.sessions.model import SessionConfig


def session_config(config: Config, stored: Mapping[str, Any], quotas: Quotas) -> SessionConfig:
    """Return what is to be stored in the place of the document ``stored``.

    Raises:
        RequestValidationError: it names the field and what is wrong with it; nothing has changed.
    """
    document = config.model_dump(mode="json", exclude_unset=True)
    try:
        whole = Config.model_validate(restored(document, stored))
    except NothingToKeep as error:
        raise _refused(error.place, str(error)) from None
    except ValidationError as error:
        # A stored value that would not be taken today, such as a header from before the wire's limits were asked.
        first = error.errors(include_url=False, include_input=False)[0]
        raise _refused(".".join(str(part) for part in first["loc"]), str(first["msg"])) from None
    document = whole.model_dump(mode="json", exclude_unset=True)
    try:
        written = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        # And as every answer and every list will show it: what cannot be shown is never stored.
        to_json(masked(document))
    except (ValueError, RecursionError):
        raise _refused("", "Texts must be UTF-8 and numbers finite.") from None
    if (too_much := quotas.too_much(document, len(written))) is not None:
        raise _refused(*too_much)
    return whole.domain()


def _refused(place: str, message: str) -> RequestValidationError:
    location = ("body", "config", *(place.split(".") if place else ()))
    return RequestValidationError([{"loc": location, "msg": message, "type": "value_error"}])
