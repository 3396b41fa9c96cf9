"""Backups with PostgreSQL as the database: its own tools copy it, into an empty database and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.backups import create, data_folder, quick_scrypt, refused, restore, verify
from support.postgresql import Cluster
from tuntas.storage.inspection import inspect_database

__all__ = ["quick_scrypt"]
pytestmark = pytest.mark.usefixtures("quick_scrypt")


@pytest.fixture(scope="module")
def cluster(postgresql: Cluster) -> Cluster:
    """Return a server that is there before the test begins, which otherwise would be taken for left over."""
    return postgresql


@pytest.fixture
def url(cluster: Cluster) -> str:
    return cluster.new_database()


@pytest.fixture
def source(tmp_path: Path, url: str) -> Path:
    return data_folder(tmp_path / "source", database_url=url)


def sessions_in(url: str) -> list[str]:
    with inspect_database(url) as found:
        return [one.name for one in found.sessions()]


def test_a_backup_comes_back_into_an_empty_database(cluster: Cluster, url: str, source: Path, tmp_path: Path) -> None:
    made = create(tmp_path / "b", source, database_url=url)
    assert verify(made.path).manifest.engine == "postgresql"
    other = cluster.new_database()
    restore(made.path, tmp_path / "new", database_url=other)
    assert sessions_in(other) == sessions_in(url) == ["shop"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["profiles", "tuntas.lock"]
    assert (tmp_path / "new/profiles/session-shop/Default/Local Storage/CURRENT").read_text() == "keys"
    # What was restored is a database like any other: it is backed up in its turn.
    assert create(tmp_path / "b2", tmp_path / "new", database_url=other).missing == ()


def test_a_database_that_is_not_empty_or_of_another_kind_is_refused(
    cluster: Cluster, url: str, source: Path, tmp_path: Path
) -> None:
    made = create(tmp_path / "b", source, database_url=url)
    with refused("TUNTAS_DATABASE_URL names is not empty"):
        restore(made.path, tmp_path / "new", database_url=url)
    with refused("is of postgresql, and the database here is sqlite"):
        restore(made.path, tmp_path / "new")
    plain = create(tmp_path / "b2", data_folder(tmp_path / "plain"))
    empty = cluster.new_database()
    with refused("is of sqlite, and the database here is postgresql"):
        restore(plain.path, tmp_path / "new", database_url=empty)
    assert not (tmp_path / "new").exists()
    assert sessions_in(url) == ["shop"]
    assert sessions_in(empty) == []


def test_a_tool_that_is_missing_and_a_server_that_does_not_answer_are_named(
    url: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refused("The database does not answer"):
        create(tmp_path / "b", source, database_url="postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("PATH", str(tmp_path))
    with refused("pg_dump is not on the PATH.*postgresql-client"):
        create(tmp_path / "b", source, database_url=url)
    assert list((tmp_path / "b").iterdir()) == []
    assert not (source / ".backup").exists()
