"""The command line of a browser: what must be there, and what must never be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tuntas.browser.find import BrowserKind
from tuntas.browser.flags import command_line

EXECUTABLE, PROFILE = Path("/opt/browser"), Path("/data/profiles/sales")


@pytest.mark.parametrize("kind", list(BrowserKind))
def test_the_pipe_and_the_profile_are_always_named(kind: BrowserKind) -> None:
    arguments = command_line(EXECUTABLE, kind, PROFILE)
    assert arguments[0] == "/opt/browser"
    assert "--remote-debugging-pipe" in arguments
    assert "--user-data-dir=/data/profiles/sales" in arguments
    assert arguments[-1] == "about:blank"
    assert not [flag for flag in arguments if "remote-debugging-port" in flag or "web-security" in flag]


def test_only_full_browsers_are_told_to_be_headless() -> None:
    assert "--headless=new" not in command_line(EXECUTABLE, BrowserKind.HEADLESS_SHELL, PROFILE)
    assert "--headless=new" in command_line(EXECUTABLE, BrowserKind.CHROMIUM, PROFILE)
    assert "--headless=new" not in command_line(EXECUTABLE, BrowserKind.CHROMIUM, PROFILE, headed=True)


def test_the_sandbox_is_off_for_root_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "--no-sandbox" in command_line(EXECUTABLE, BrowserKind.CHROMIUM, PROFILE)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "--no-sandbox" not in command_line(EXECUTABLE, BrowserKind.CHROMIUM, PROFILE)


def test_features_of_the_caller_join_ours_because_chromium_heeds_only_the_last_list() -> None:
    arguments = command_line(
        EXECUTABLE, BrowserKind.CHROMIUM, PROFILE, extra_flags=("--enable-features=One,Two", "--lang=de")
    )
    lists = [flag for flag in arguments if flag.startswith("--enable-features=")]
    assert lists == ["--enable-features=NetworkServiceInProcess2,One,Two"]
    assert "--lang=de" in arguments
