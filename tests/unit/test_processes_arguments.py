"""What a command line says about a profile: only exact mentions count, and only a browser's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuntas.processes.arguments import is_helper, names_profile

PROFILE = Path("/data/profiles/sales")


@pytest.mark.parametrize(
    "arguments",
    [
        ("chromium", "--user-data-dir=/data/profiles/sales", "about:blank"),
        ("chromium", "--no-first-run", "--user-data-dir=/data/profiles/sales/"),
        ("chromium", "--user-data-dir=/data/other/../profiles/sales"),
        ("chromium --type=renderer --user-data-dir=/data/profiles/sales --lang=en",),
        ("chromium --type=renderer --lang=en --user-data-dir=/data/profiles/sales",),
    ],
)
def test_a_profile_is_recognised_in_every_form_that_chromium_writes(arguments: tuple[str, ...]) -> None:
    assert names_profile(arguments, PROFILE)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("chromium",),
        ("--user-data-dir=/data/profiles/sales",),
        ("chromium", "--user-data-dir=/data/profiles/sales2"),
        ("chromium", "--user-data-dir=/data/profiles"),
        ("chromium", "--user-data-dir=/data/profiles/sales/Default"),
        ("chromium", "--user-data-dir=profiles/sales"),
        ("chromium --type=renderer --user-data-dir=/data/profiles/sales2 --lang=en",),
        ("rm", "-rf", "/data/profiles/sales"),
        ("sh", "-c", "ps ax | grep -- --user-data-dir=/data/profiles/sales --type="),
        ("vim --user-data-dir=/data/profiles/sales",),
    ],
)
def test_another_profile_or_a_mere_mention_is_not_taken_for_ours(arguments: tuple[str, ...]) -> None:
    assert not names_profile(arguments, PROFILE)


def test_a_profile_reached_through_a_link_is_the_same_profile(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert names_profile(("chromium", f"--user-data-dir={tmp_path / 'link'}"), tmp_path / "real")


def test_helpers_are_told_from_main_processes() -> None:
    assert is_helper(("chromium --type=zygote --no-sandbox",))
    assert is_helper(("chromium", "--type=utility"))
    assert not is_helper(("chromium", "--user-data-dir=/data/profiles/sales"))
    assert not is_helper(())
