"""When the canary looks again, and what a look that has seen nothing means."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tuntas.canary.book import CanaryBook
from tuntas.canary.course import HOUR_SECONDS, Course
from tuntas.canary.report import CanaryReport, Verdict

NOW = datetime(2026, 11, 27, tzinfo=UTC)
DAY = 24 * HOUR_SECONDS


def fine() -> CanaryReport:
    return CanaryReport("u", version="2.3", wa_js="4.6", build="7", qr=True, required=[])


def changed() -> CanaryReport:
    return CanaryReport("u", qr=True, required=["whatsapp.functions.addAndSendMsgToChat"])


def away(problem: str = "page_unreachable: WhatsApp's servers do not answer") -> CanaryReport:
    return CanaryReport("u", problem=problem)


def after(*reports: CanaryReport) -> Course:
    course = Course()
    for number, report in enumerate(reports):
        course = course.after(report, NOW + timedelta(hours=number))
    return course


def test_a_day_lies_between_two_looks_and_chance_adds_a_tenth() -> None:
    course = after(fine())
    assert course.wait_seconds(NOW, DAY, 0.0) == DAY
    assert course.wait_seconds(NOW, DAY, 0.5) == DAY * 1.05
    assert course.wait_seconds(NOW + timedelta(hours=20), DAY, 0.0) == 4 * HOUR_SECONDS


def test_a_server_that_starts_lets_its_sessions_go_first() -> None:
    assert Course().wait_seconds(NOW, DAY, 0.5) == DAY / 20
    assert after(fine()).wait_seconds(NOW + timedelta(days=9), DAY, 0.5) == DAY / 20


def test_a_clock_that_was_set_back_keeps_nobody_waiting_for_years() -> None:
    assert after(fine()).wait_seconds(NOW - timedelta(days=900), DAY, 0.0) == DAY


@pytest.mark.parametrize("report", [changed(), away()])
def test_what_may_mend_itself_is_looked_at_an_hour_later(report: CanaryReport) -> None:
    assert after(report).wait_seconds(NOW, DAY, 0.0) == HOUR_SECONDS


def test_a_network_that_is_away_is_no_news_of_the_page() -> None:
    course = after(fine(), away(), away("browser_did_not_start: no memory"), away("page_did_not_load: slow"))
    assert course.known is not None
    assert (course.known.verdict, course.known.at, course.unusable) == (Verdict.FINE, NOW, None)
    assert course.problem == "page_did_not_load: slow"
    assert after(away(), away(), away()).known is None


def test_a_page_that_lacks_what_sessions_need_is_unusable_since_it_was_first_seen_so() -> None:
    course = after(fine(), changed(), away(), changed())
    assert course.unusable is not None
    assert course.unusable.since == NOW + timedelta(hours=1)
    assert course.unusable.lacks == ("whatsapp.functions.addAndSendMsgToChat",)
    assert course.after(fine(), NOW).unusable is None


def test_a_page_that_refuses_this_browser_is_unusable_and_a_banned_address_is_not() -> None:
    refused = after(away("unsupported_browser: update it")).unusable
    assert refused is not None
    assert refused.lacks == ("unsupported_browser: update it",)
    assert after(away("service_unavailable: 503")).unusable is None


def test_a_page_that_shows_nothing_is_a_changed_one_only_the_second_time() -> None:
    silent = away("page_silent: it showed no QR in time")
    assert after(silent).unusable is None
    assert after(silent, silent).unusable is not None
    assert after(silent, away(), silent).unusable is None


def test_what_is_known_outlives_a_restart_and_a_damaged_file_is_nothing_known(tmp_path: Path) -> None:
    book = CanaryBook(tmp_path / "canary.json")
    assert book.read() == Course()
    report = fine()
    report.missing = {"polls": ["whatsapp.functions.sendPollVote"]}
    for course in (after(report), after(changed(), away()), after(away())):
        book.write(course)
        assert book.read() == course
    kept = json.loads((tmp_path / "canary.json").read_text())
    for damaged in ("", "[]", "{", json.dumps(kept | {"tried_at": "soon"}), json.dumps(kept | {"known": 7})):
        (tmp_path / "canary.json").write_text(damaged)
        assert book.read() == Course()
