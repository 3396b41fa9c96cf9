"""What the running server says needs somebody: the same list as on the dashboard's first page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx

from tuntas.config import Settings
from tuntas.dashboard.languages import ENGLISH, load
from tuntas.dashboard.trouble_words import sentence_of
from tuntas.server.data_folder import DataFolder
from tuntas.server.doctor.finding import Finding, fine, warning
from tuntas.troubles import Trouble, TroubleKind

ANSWER_SECONDS = 10.0
MOST_SAID = 5


def needs(settings: Settings) -> Finding:
    """Whether anything is wrong with sessions, deliveries, deletions or the page, as the running server knows."""
    check = "troubles"
    noted = DataFolder(settings.data_dir).running_server()
    if noted is None:
        return fine(check, "no server runs that could know of any")
    try:
        answer = httpx.get(
            f"{noted.url}/api/troubles",
            headers={"X-Api-Key": noted.token},
            timeout=ANSWER_SECONDS,
            trust_env=False,
        )
        found = [_sentence(one) for one in answer.raise_for_status().json()]
    except httpx.HTTPError as error:
        return warning(check, f"the server did not say ({error})", "See what is said of the server itself.")
    if not found:
        return fine(check, "nothing needs anybody")
    said = "; ".join(found[:MOST_SAID]) + (f"; and {len(found) - MOST_SAID} more" if len(found) > MOST_SAID else "")
    return warning(check, said, "The dashboard's first page leads to each of them; docs/symptoms.md says more.")


def _sentence(document: dict[str, Any]) -> str:
    trouble = Trouble(
        TroubleKind(document["kind"]),
        document["session"],
        datetime.fromisoformat(document["since"]),
        document["detail"],
    )
    return sentence_of(load()[ENGLISH], trouble)
