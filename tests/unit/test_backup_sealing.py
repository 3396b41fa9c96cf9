"""The sealed file: what went in comes out, and a file in which any byte is another, or that ends early, is refused."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuntas.backup import sealing
from tuntas.backup.errors import ArchiveRefused
from tuntas.backup.sealing import CHUNK_BYTES, opened, read_head, sealed

KEY = "correct horse battery staple"


@pytest.fixture(autouse=True)
def quick_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guess fast: what a guess costs is not what is tested."""
    monkeypatch.setattr(sealing, "_SCRYPT", sealing._SCRYPT | {"n": 16})


def seal(content: bytes, key: str | None = KEY) -> bytes:
    return b"".join(sealed("backup", "0.1.0", "2026-11-26T07:00:00+00:00", key, iter([content])))


def unseal(archive: bytes, key: str | None = KEY) -> bytes:
    source = io.BytesIO(archive)
    head, raw = read_head(source)
    return b"".join(opened(source, head, raw, key))


SMALL = {key: seal(b"what must not be changed" * 20, key) for key in (None,)}


@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_what_was_sealed_comes_out_as_it_was(key: str | None, size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    assert unseal(seal(content[:size], key), key) == content[:size]


def test_pieces_of_any_size_make_the_same_content() -> None:
    pieces = [b"", b"a", b"b" * CHUNK_BYTES, b"c" * (2 * CHUNK_BYTES + 7), b"d"]
    archive = b"".join(sealed("backup", "0", "now", None, iter(pieces)))
    assert unseal(archive) == b"".join(pieces)


def test_nothing_of_the_content_or_the_key_is_readable() -> None:
    archive = seal(b"secret words of somebody")
    assert b"secret words" not in archive
    assert KEY.encode() not in archive


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_file_with_any_byte_changed_is_refused(data: st.DataObject) -> None:
    archive = bytearray(SMALL[None])
    place = data.draw(st.integers(0, len(archive) - 1))
    archive[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ArchiveRefused):
        unseal(bytes(archive))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, len(SMALL[None])))
def test_a_file_that_is_cut_anywhere_is_refused(missing: int) -> None:
    with pytest.raises(ArchiveRefused):
        unseal(SMALL[None][:-missing])


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=1, max_size=40))
def test_a_file_with_anything_behind_it_is_refused(more: bytes) -> None:
    with pytest.raises(ArchiveRefused):
        unseal(SMALL[None] + more)


def chunks_of(archive: bytes) -> tuple[bytes, list[bytes]]:
    source = io.BytesIO(archive)
    read_head(source)
    source.read(32)
    start, size = source.tell(), CHUNK_BYTES + 16
    rest = archive[start:]
    return archive[:start], [rest[place : place + size] for place in range(0, len(rest), size)]


def rearranged(archive: bytes) -> Iterator[list[bytes]]:
    _, (first, second, last) = chunks_of(archive)
    yield [second, first, last]
    yield [first, last]
    yield [first, first, second, last]
    yield [first, second]
    yield [first, second, last, last]
    yield [last]
    yield []


def test_chunks_in_another_order_left_out_or_repeated_are_refused() -> None:
    archive = seal(b"x" * (2 * CHUNK_BYTES) + b"the end")
    head, chunks = chunks_of(archive)
    assert unseal(head + b"".join(chunks)).endswith(b"the end")
    for other in rearranged(archive):
        with pytest.raises(ArchiveRefused, match="damaged or cut off"):
            unseal(head + b"".join(other))


def test_a_chunk_of_another_file_of_the_same_key_is_refused() -> None:
    head, chunks = chunks_of(seal(b"one"))
    _, others = chunks_of(seal(b"two"))
    with pytest.raises(ArchiveRefused):
        unseal(head + b"".join(others))
    assert chunks != others


def test_another_key_is_told_from_damage() -> None:
    archive = seal(b"content")
    with pytest.raises(ArchiveRefused, match="another key"):
        unseal(archive, KEY + "r")
    with pytest.raises(ArchiveRefused, match="set TUNTAS_BACKUP_KEY"):
        unseal(archive, None)
    with pytest.raises(ArchiveRefused, match="damaged or cut off"):
        unseal(archive[:-1] + b"x")


def test_a_newer_version_s_archive_names_that_version() -> None:
    archive = seal(b"content").replace(b'"format": 1', b'"format": 2')
    with pytest.raises(ArchiveRefused, match=r"a newer Tuntas \(0.1.0\) made it"):
        unseal(archive)


def test_what_is_no_archive_of_ours_is_told_so() -> None:
    foreign = io.BytesIO()
    with tarfile.open(fileobj=foreign, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../etc/passwd"))
    for content in (b"", b"\0" * 1000, foreign.getvalue(), b"SQLite format 3\0" * 10):
        with pytest.raises(ArchiveRefused, match="no archive of Tuntas's"):
            unseal(content)


def test_a_head_that_claims_to_be_huge_is_refused_before_it_is_read() -> None:
    with pytest.raises(ArchiveRefused, match="head is damaged"):
        unseal(sealing.MAGIC + b"\xff\xff\xff\xff" + b"{" * 100)
