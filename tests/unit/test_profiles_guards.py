from __future__ import annotations

import os
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuntas.profiles.guards import RefusedPath, checked_name, located, refuse_dangerous, refuse_outside

HARMLESS = string.ascii_letters + string.digits + "_-"


@given(st.text(alphabet=HARMLESS + ".", min_size=1, max_size=200))
def test_a_harmless_name_is_one_path_component_below_the_root(name: str) -> None:
    try:
        accepted = checked_name(name)
    except RefusedPath:
        assert name.startswith(".") or name.endswith(".")
        return
    root = Path("/srv/profiles")
    assert os.path.normpath(root / accepted) == f"{root}/{name}"
    assert not accepted.startswith(".")


@given(st.text(max_size=300))
def test_whatever_is_accepted_has_only_harmless_characters(name: str) -> None:
    try:
        checked_name(name)
    except RefusedPath:
        return
    assert set(name) <= set(HARMLESS + ".")
    assert 0 < len(name) <= 200
    assert name[0] != "." != name[-1]


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".trash", "a/b", "a\\b", "a\0b", "a\n", "a b", "C:", "é", "a.", "x" * 201]
)
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(RefusedPath):
        checked_name(name)


def test_the_last_component_of_a_path_is_never_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert located(tmp_path / "link") == tmp_path / "link"
    assert located(f"{tmp_path}/link/") == tmp_path / "link"
    assert located(tmp_path / "link" / "inner") == tmp_path / "real" / "inner"
    assert located(f"{tmp_path}/link/..") == tmp_path


def test_places_where_somebody_lives_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "people" / "ani"
    working = tmp_path / "work" / "here"
    home.mkdir(parents=True)
    working.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(working)
    for place in (home, home.parent, working, working.parent, tmp_path, Path("/"), Path("/usr"), Path("/root")):
        with pytest.raises(RefusedPath):
            refuse_dangerous(located(place))


def test_what_is_no_real_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    refuse_dangerous(tmp_path / "real")
    for name in ("link", "file", "pipe", "missing"):
        with pytest.raises(RefusedPath):
            refuse_dangerous(tmp_path / name)


def test_only_direct_children_of_the_root_are_profiles(tmp_path: Path) -> None:
    root = tmp_path / "profiles"
    refuse_outside(root / "ani", root)
    for path in (root, tmp_path, tmp_path / "other", root / "ani" / "Default", root / ".trash"):
        with pytest.raises(RefusedPath):
            refuse_outside(path, root)
