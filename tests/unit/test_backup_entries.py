"""What an archive may have in it: nothing that could be written anywhere but below its own profiles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuntas.backup.entries import END, MANIFEST, check_path, document_entry, entries, entry
from tuntas.backup.errors import ArchiveRefused
from tuntas.backup.manifest import KeptProfile, Manifest, SessionEntry, end_document
from tuntas.backup.profile_files import Extent
from tuntas.backup.reading import ArchiveReading, Contents
from tuntas.backup.sealing import ArchiveHead

HEAD = ArchiveHead("backup", "0.1.0", "2026-11-26T07:00:00+00:00", True, b"", None)
MANIFEST_OF_SHOP = Manifest(
    "0.1.0", datetime(2026, 11, 26, tzinfo=UTC), Extent.MINIMAL, (SessionEntry("shop", "shop"),), "sqlite", "0008"
)


def file(path: str, content: bytes = b"x") -> Iterator[bytes]:
    return entry(path, len(content), iter([content]))


def archive(
    *files: Iterator[bytes], kept: tuple[KeptProfile, ...], manifest: Manifest = MANIFEST_OF_SHOP
) -> Iterator[bytes]:
    yield from document_entry(MANIFEST, manifest.document())
    for one in files:
        yield from one
    yield from document_entry(END, end_document(kept))


def read(content: Iterator[bytes]) -> Contents:
    walk = ArchiveReading(HEAD, entries(content))
    for one in walk.files():
        for _ in one.parts:
            pass
    return walk.contents()


def test_a_good_archive_is_counted() -> None:
    files = (file("database", b"1234"), file("profiles/shop/Default/IndexedDB/a.log", b"56"))
    contents = read(archive(*files, kept=(KeptProfile("shop", "shop", 1, 2, 0.5),)))
    assert (contents.files, contents.size_bytes) == (1, 6)
    assert contents.kept[0].pause_ms == 0.5


@pytest.mark.parametrize(
    "path",
    [
        "../tuntas.db",
        "profiles/../../x",
        "profiles/shop/../../x",
        "/etc/passwd",
        "profiles//x",
        "profiles/shop/./x",
        "C:/Windows/x",
        "profiles/shop/x:stream",
        "profiles\\..\\x",
        "profiles/shop/nul",
        "profiles/shop/COM1.txt",
        "profiles/shop/a\0b",
        "profiles/shop/a\nb",
        "profiles/shop/end.",
        "profiles/shop/end ",
        "profiles/shop/" + "a" * 256,
        "a/" * 40 + "x",
        "",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ArchiveRefused, match=r"could lead elsewhere|folders in it"):
        check_path(path)
    with pytest.raises(ArchiveRefused):
        read(archive(file("database"), file(path), kept=()))


@given(st.text(max_size=40))
def test_a_path_that_is_taken_stays_where_it_belongs(path: str) -> None:
    try:
        check_path(path)
    except ArchiveRefused:
        return
    parts = path.split("/")
    assert all(part.strip(". ") for part in parts)
    assert not path.startswith("/")
    assert "\\" not in path


@pytest.mark.parametrize(
    "path",
    [
        "profiles/other/Default/x",  # no session of the archive
        "profiles/shop",  # the folder itself as a file
        "profiles/shop/.tuntas-profile.json",  # the marker is ours to write
        "profiles/shop/SingletonLock",
        "tuntas.db",
        "server.json",
    ],
)
def test_a_file_that_is_none_of_its_profiles_is_refused(path: str) -> None:
    with pytest.raises(ArchiveRefused, match="none of its profiles' files"):
        read(archive(file("database"), file(path), kept=()))


@pytest.mark.parametrize("second", ["profiles/shop/Default/a", "profiles/shop/default/A"])
def test_a_path_that_comes_twice_is_refused_also_in_another_case(second: str) -> None:
    with pytest.raises(ArchiveRefused, match="twice"):
        read(archive(file("database"), file("profiles/shop/Default/a"), file(second), kept=()))


def test_what_it_says_of_itself_must_be_what_is_in_it() -> None:
    good = file("profiles/shop/Default/a")
    for kept in (
        (),
        (KeptProfile("shop", "shop", 2, 1),),
        (KeptProfile("shop", "shop", 1, 9),),
        (KeptProfile("x", "other", 1, 1),),
    ):
        with pytest.raises(ArchiveRefused, match="not what is in it"):
            read(archive(file("database"), file("profiles/shop/Default/a"), kept=kept))
    with pytest.raises(ArchiveRefused, match="no database"):
        read(archive(good, kept=(KeptProfile("shop", "shop", 1, 1),)))


def test_an_archive_that_claims_more_than_it_has_costs_nothing_and_is_refused() -> None:
    huge = json.dumps({"path": "database", "bytes": 10**15}).encode()
    content = b"".join(document_entry(MANIFEST, MANIFEST_OF_SHOP.document())) + len(huge).to_bytes(4, "big") + huge
    with pytest.raises(ArchiveRefused, match="ends before its end"):
        read(iter([content, b"x" * 100]))


@pytest.mark.parametrize(
    "head", [b"[]", b"{}", b'{"path": 1, "bytes": 1}', b'{"path": "a", "bytes": -1}', b'{"path": "a", "bytes": true}']
)
def test_an_entry_that_is_none_is_refused(head: bytes) -> None:
    with pytest.raises(ArchiveRefused, match="none of an archive"):
        list(entries(iter([len(head).to_bytes(4, "big") + head])))


def test_what_comes_behind_the_end_is_refused() -> None:
    with pytest.raises(ArchiveRefused, match="behind its end"):
        list(entries(iter([*document_entry(END, {}), b"more"])))


@given(st.binary(max_size=200))
def test_any_bytes_as_content_are_refused_in_words(content: bytes) -> None:
    with pytest.raises(ArchiveRefused):
        list(entries(iter([content])))


@pytest.mark.parametrize(
    "change",
    [{"sessions": 1}, {"extent": "half"}, {"created_at": "x"}, {"session": 1}, {"sessions": [{"name": "a"}]}],
)
def test_a_manifest_that_is_none_is_refused(change: dict[str, object]) -> None:
    document = MANIFEST_OF_SHOP.document() | change
    with pytest.raises(ArchiveRefused, match="manifest cannot be read"):
        ArchiveReading(
            HEAD, entries(iter([*document_entry(MANIFEST, document), *document_entry(END, end_document(()))]))
        )


@pytest.mark.parametrize("folder", ["..", "a/b", "/a", "", "con"])
def test_a_manifest_whose_folder_leads_elsewhere_is_refused(folder: str) -> None:
    document = MANIFEST_OF_SHOP.document() | {"sessions": [{"name": "shop", "folder": folder}]}
    with pytest.raises(ArchiveRefused, match="lead elsewhere"):
        ArchiveReading(HEAD, entries(iter([*document_entry(MANIFEST, document)])))
