"""Backups in a bucket, with a server that speaks S3 (moto): as on a disk, whole or not there at all."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import obstore
import pytest
from obstore.store import S3Store

from support.backups import create, data_folder, quick_scrypt, refused, restore, verify
from support.ports import free_port
from support.python_packages import python_with
from support.running import wait_for
from tuntas.backup.profile_files import CopiedFile
from tuntas.config import load
from tuntas.server import backups

__all__ = ["quick_scrypt"]
pytestmark = pytest.mark.usefixtures("quick_scrypt")

# More than one part of an upload, of what cannot be made smaller.
LARGE_BYTES = 24_000_000


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code > 0
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the server; return its address."""
    python, port = python_with(Path(__file__).parents[1] / "s3"), free_port()
    url = f"http://127.0.0.1:{port}"
    with (tmp_path_factory.mktemp("moto") / "log").open("wb") as log:
        process = subprocess.Popen(
            [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log
        )
    try:
        wait_for(lambda: answers(url), what="the bucket's server answers")
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def bucket(s3: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a bucket of the test's own; the variables that all tools read lead to it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "their secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    name = str(request.node.name).replace("_", "-")[:60].rstrip("-")
    assert httpx.put(f"{s3}/{name}", trust_env=False).is_success
    return name


def objects(s3: str, bucket: str) -> str:
    return httpx.get(f"{s3}/{bucket}", trust_env=False).text


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = data_folder(tmp_path_factory.mktemp("source"))
    large = folder / "profiles/session-shop/Default/IndexedDB/large.ldb"
    large.write_bytes(os.urandom(LARGE_BYTES))
    return folder


def test_a_backup_in_a_bucket_comes_back(bucket: str, source: Path, tmp_path: Path) -> None:
    place = f"s3://{bucket}/some/folder"
    older, newer = create(place, source), create(place, source)
    assert older.size_bytes > LARGE_BYTES
    settings = load(data_dir=tmp_path / "unused")
    assert [one.stored.name for one in backups.listing(settings, place)[1]] == [older.name, newer.name]
    assert [one.stored.name for one in backups.listing(settings, f"s3://{bucket}")[1]] == []
    assert verify(older.path).head.created_at == older.created_at.isoformat()
    restore(place, tmp_path / "new")
    name = "profiles/session-shop/Default/IndexedDB/large.ldb"
    assert (tmp_path / "new" / name).read_bytes() == (source / name).read_bytes()


def test_a_backup_under_a_name_of_one_s_own_is_never_written_over(bucket: str, source: Path) -> None:
    path = create(f"s3://{bucket}/mine.tuntas", source).path
    assert path == f"s3://{bucket}/mine.tuntas"
    with refused("is there already"):
        create(path, source)
    assert verify(path).files == 3


def test_an_upload_that_fails_in_its_middle_leaves_nothing(
    bucket: str, s3: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: CopiedFile) -> Iterator[bytes]:
        yield os.urandom(self.size_bytes // 2)
        raise OSError(5, "Input/output error", str(self.path))

    monkeypatch.setattr(CopiedFile, "parts", fails)
    with refused("The backup was not made: .*Input/output error"):
        create(f"s3://{bucket}/x", source)
    assert "<Key>" not in objects(s3, bucket)
    assert "<UploadId>" not in objects(s3, f"{bucket}?uploads")


def test_an_object_that_was_tampered_with_is_refused(bucket: str, s3: str, source: Path, tmp_path: Path) -> None:
    path = create(f"s3://{bucket}/mine.tuntas", source).path
    store = S3Store(bucket, endpoint=s3, client_options={"allow_http": True})
    content = bytes(obstore.get(store, "mine.tuntas").bytes())
    for changed in (content[: len(content) // 2], content[:-1] + bytes([content[-1] ^ 1]), b""):
        obstore.put(store, "mine.tuntas", changed)
        with refused("was refused"):
            restore(path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_bucket_that_is_not_there_or_does_not_answer_is_named(
    bucket: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refused("s3://no-such-bucket-here.* cannot be used.*Check the bucket"):
        create("s3://no-such-bucket-here/x", source)
    with refused("There is no backup in s3://"):
        restore(f"s3://{bucket}/empty", tmp_path / "new")
    with refused("cannot be used"):
        restore(f"s3://{bucket}/none.tuntas", tmp_path / "new")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with refused("cannot be used.*AWS_ENDPOINT_URL"):
        create(f"s3://{bucket}/x", source)
    with refused("names no bucket"):
        create("s3:///x", source)
    assert not (tmp_path / "new").exists()
    assert not (source / ".backup").exists()
