"""A profile's caches are bounded, and nothing else of it is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuntas.profiles import loaded_bytes, trim_caches

KEPT = ("Default/IndexedDB/keys", "Default/Service Worker/CacheStorage/page", "Default/Cookies", "Local State")
CACHED = ("Default/Cache/Cache_Data/f", "Default/Code Cache/js/f", "ShaderCache/f")


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    for name in (*KEPT, *CACHED):
        path = tmp_path / "profile" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 8192)
    return tmp_path / "profile"


def files(profile: Path) -> set[str]:
    return {str(path.relative_to(profile)) for path in profile.rglob("*") if path.is_file()}


def test_caches_within_their_bound_stay(profile: Path) -> None:
    assert loaded_bytes(profile) == 8192
    assert trim_caches(profile, 3 * 8192) == 0
    assert files(profile) == {*KEPT, *CACHED}


def test_caches_beyond_their_bound_go_and_what_the_page_stores_stays(profile: Path) -> None:
    assert trim_caches(profile, 3 * 8192 - 1) == 3 * 8192
    assert files(profile) == set(KEPT)
    assert trim_caches(profile, 0) == 0


def test_a_link_in_the_place_of_a_cache_is_not_followed(profile: Path, tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "file").write_bytes(b"x" * 8192)
    (profile / "GrShaderCache").symlink_to(tmp_path / "foreign")
    trim_caches(profile, 0)
    assert (tmp_path / "foreign" / "file").exists()
    (profile / "Default").rename(tmp_path / "elsewhere")
    (profile / "Default").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "Cache").mkdir()
    (tmp_path / "elsewhere" / "Cache" / "file").write_bytes(b"x" * 8192)
    assert trim_caches(profile, 0) == 0
    assert (tmp_path / "elsewhere" / "Cache" / "file").exists()
