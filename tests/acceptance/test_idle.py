"""An idle session costs next to nothing: nothing polls, in the server or in the page."""

from __future__ import annotations

import asyncio

from bench.idle import page_timers, server_figures

SECONDS = 5.0


def test_an_idle_server_wakes_once_a_second_whatever_it_holds() -> None:
    figures = server_figures(1, SECONDS)
    # Once a second for HTTP's Date header.
    assert figures["server wakes per second, no session"] <= 1 + 2 / SECONDS
    # In these few seconds the page may be asked for life twice: its time has come, and its answer.
    assert figures["server wakes per second, 1 idle"] <= 1 + 4 / SECONDS


def test_no_timer_of_an_idle_page_fires_more_often_than_once_a_second() -> None:
    assert len(asyncio.run(page_timers(SECONDS))) <= SECONDS
