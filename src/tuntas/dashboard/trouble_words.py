"""What is wrong, in sentences: for pages, and for those who are told of it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tuntas.alerts.book import Alert
from tuntas.dashboard import words
from tuntas.dashboard.languages import Language
from tuntas.dashboard.words import N_
from tuntas.profiles import Reason
from tuntas.troubles import Trouble, TroubleKind

TROUBLES: Mapping[TroubleKind, str] = {
    TroubleKind.SESSION_FAILED: N_("%(session)s has failed: %(why)s"),
    TroubleKind.SCAN_NEEDED: N_("%(session)s has to be linked again: %(why)s"),
    TroubleKind.ACCOUNT_RESTRICTED: N_("%(session)s is restricted: %(why)s"),
    TroubleKind.DELIVERIES_GIVEN_UP: N_("Webhook deliveries of %(session)s were given up: %(why)s"),
    TroubleKind.RECEIVER_STUCK: N_("A webhook receiver of %(session)s takes nothing: %(why)s"),
    TroubleKind.REMOVAL_HELD: N_("Files of the deleted session %(session)s are held: %(why)s"),
    TroubleKind.SERVER_NOT_READY: N_("The server cannot work: %(why)s"),
    TroubleKind.PAGE_UNUSABLE: N_("WhatsApp has changed its page; sessions that start now cannot work: %(why)s"),
    TroubleKind.TEST: N_("This is a test: alerts of Tuntas arrive here."),
}

RESOLVED = N_("Over: %(what)s")


def sentence_of(language: Language, trouble: Trouble | Alert) -> str:
    """Return what is wrong as a sentence."""
    why = _why(language, trouble)
    return language.say(TROUBLES[trouble.kind], session=trouble.session or "", why=why)


@dataclass(frozen=True, slots=True)
class ShownTrouble:
    """A trouble on a page, with what leads on. ``key`` is the same as long as it is the same trouble."""

    key: str
    is_of_server: bool
    sentence: str
    since: datetime
    address: str
    act: str


_ACTS: Mapping[TroubleKind, tuple[str, str]] = {
    TroubleKind.SESSION_FAILED: ("/dashboard/sessions/%s", N_("Look at it")),
    TroubleKind.SCAN_NEEDED: ("/dashboard/sessions/%s", N_("Link it")),
    TroubleKind.ACCOUNT_RESTRICTED: ("/dashboard/sessions/%s", N_("Look at it")),
    TroubleKind.DELIVERIES_GIVEN_UP: ("/dashboard/health", N_("Look at it")),
    TroubleKind.RECEIVER_STUCK: ("/dashboard/sessions/%s", N_("Look at it")),
    TroubleKind.REMOVAL_HELD: ("/dashboard/cleanup", N_("Look at it")),
    TroubleKind.SERVER_NOT_READY: ("/dashboard/health", N_("Look at it")),
    TroubleKind.PAGE_UNUSABLE: ("/dashboard/health", N_("Look at it")),
}


def shown_trouble(language: Language, trouble: Trouble) -> ShownTrouble:
    """Return a trouble as a page shows it."""
    address, act = _ACTS[trouble.kind]
    leads_to = address % trouble.session if "%s" in address else address
    return ShownTrouble(
        key=f"{trouble.kind.value}:{trouble.session or ''}:{trouble.since.timestamp():.0f}",
        is_of_server=trouble.session is None,
        sentence=sentence_of(language, trouble),
        since=trouble.since,
        address=leads_to,
        act=act,
    )


def alert_text(language: Language, alert: Alert) -> str:
    """Return what somebody is told of an alert that begins, or is over."""
    sentence = sentence_of(language, alert)
    return sentence if alert.resolved_at is None else language.say(RESOLVED, what=sentence)


def _why(language: Language, trouble: Trouble | Alert) -> str:
    match trouble.kind:
        case TroubleKind.SESSION_FAILED | TroubleKind.SCAN_NEEDED | TroubleKind.ACCOUNT_RESTRICTED:
            return language.say(words.reason(trouble.detail))
        case TroubleKind.REMOVAL_HELD if trouble.detail in set(Reason):
            return language.say(words.left(Reason(trouble.detail)))
        case TroubleKind.PAGE_UNUSABLE:
            return why_unusable(language, trouble.detail)
        case _:
            return trouble.detail


def why_unusable(language: Language, lacks: str) -> str:
    """Return why sessions cannot work with WhatsApp's page: its refusal in words, or the names that it lacks."""
    return language.say(words.reason(reason)) if (reason := lacks.partition(":")[0]) in words.REASONS else lacks
