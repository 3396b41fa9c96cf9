"""What is shown of a page's answers: made into the API's models here only, so that it is known whose fault it is.

An answer that does not fit is the page's and an error that says so; in a list it costs itself. Whatever else does not
fit its model is a defect of ours. Never logs what a page said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import structlog
from pydantic import BaseModel, BeforeValidator, ValidationError

from tuntas.foundation.metrics import REPORTS_REFUSED
from tuntas.sessions.errors import PageUnavailable

log = structlog.get_logger(__name__)

Model = TypeVar("Model", bound=BaseModel)

_MOST_PLACES = 5

# The address of a picture as WAHA shows it: empty where there is none, or none that we may see.
PictureUrl = Annotated[str, BeforeValidator(lambda url: url or "")]


def from_page(model: type[Model], answer: Any) -> Model:
    """Return a page's answer as the API shows it.

    Raises:
        PageUnavailable: it does not fit.
    """
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        _count(error)
        message = "The page answered in a way that this version does not know."
        raise PageUnavailable(message) from None


def all_from_page(model: type[Model], answers: Sequence[Any]) -> list[Model]:
    """Return a page's list as the API shows it, without what does not fit."""
    fitting = []
    for one in answers:
        try:
            fitting.append(model.model_validate(one))
        except ValidationError as error:
            _count(error)
    return fitting


def _count(error: ValidationError) -> None:
    REPORTS_REFUSED.labels("invalid").inc()
    # Our own names of fields only: all else is the page's.
    found = error.errors(include_url=False, include_input=False, include_context=False)[:_MOST_PLACES]
    places = [str(one["loc"][0]) if one["loc"] else "" for one in found]
    log.warning("page_answer_unusable", model=error.title, fields=places)
