"""Who has to mend what: us, the world, or a person."""

from __future__ import annotations

import pytest

from tuntas.sessions.faults import Blame, blame_for

OURS, WORLD, PERSON = Blame.OURS, Blame.WORLD, Blame.PERSON


@pytest.mark.parametrize(
    ("reasons", "blame", "while_the_network_is_away"),
    [
        ({"page_crashed", "browser_did_not_start", "none"}, OURS, OURS),
        (
            {"page_silent", "page_did_not_load", "pairing_stalled", "qr_not_renewed", "page_hung"},
            OURS,
            WORLD,
        ),
        (
            {
                "page_unreachable",
                "connection_lost",
                "service_unavailable",
                "disk_full",
                "storage_failure",
                "proxy_unreachable",
                "passkey_not_answered",
            },
            WORLD,
            WORLD,
        ),
        (
            {
                "temporary_ban",
                "unsupported_browser",
                "terms_not_accepted",
                "update_required",
                "replaced",
                "proxy_refused",
            },
            PERSON,
            PERSON,
        ),
    ],
)
def test_each_reason_has_somebody_to_mend_it(reasons: set[str], blame: Blame, while_the_network_is_away: Blame) -> None:
    assert {blame_for(reason) for reason in reasons} == {blame}
    assert {blame_for(reason, is_network_away=True) for reason in reasons} == {while_the_network_is_away}


def test_a_login_in_this_one_s_place_is_the_world_s_where_it_is_to_be_taken_back() -> None:
    assert blame_for("replaced", takes_over=True) is WORLD
