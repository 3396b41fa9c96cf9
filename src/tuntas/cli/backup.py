"""``tuntas backup``: make, list, verify and restore backups; with a server running or without."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuntas.cli.options import AsJson, DataDir

if TYPE_CHECKING:
    from tuntas.backup.manifest import KeptProfile
    from tuntas.config import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Make, list, verify and restore backups: the database and the sessions' profiles in one encrypted file.",
    epilog="Set TUNTAS_BACKUP_KEY (or _FILE) first, and keep the key elsewhere too: without it nobody opens a backup.",
)


class Profiles(StrEnum):
    """How much of each profile goes into a backup."""

    minimal = "minimal"
    whole = "whole"


_WHERE = "A folder, a file, or s3://bucket/folder; or TUNTAS_BACKUP_TARGET. Of several, the newest."
Target = Annotated[str | None, typer.Argument(metavar="[DIR|FILE|s3://…]", help=_WHERE)]


@app.command()
def create(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[DIR|FILE|s3://…]", help="A folder, a new file, or s3://bucket/folder; or TUNTAS_BACKUP_TARGET."
        ),
    ] = None,
    profiles: Annotated[
        Profiles,
        typer.Option("--profiles", help="minimal: what brings a session back without a scan; whole: caches too."),
    ] = Profiles.minimal,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a backup. Sessions go on; each one's browser stands still for some milliseconds while its files are read.

    It is shown when it is whole. Exit code 1 with a backup made: a profile is missing in it, and the line says why.
    """
    from tuntas.backup.profile_files import Extent
    from tuntas.server import backups

    settings = _settings(data_dir)
    with _progress(as_json=as_json) as tell:
        made = backups.create(settings, target, Extent(profiles.value), tell)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "path": made.path,
                    "bytes": made.size_bytes,
                    "created_at": made.created_at.isoformat(),
                    "encrypted": made.is_encrypted,
                    "profiles": made.extent.value,
                    "sessions": _rows(made.kept),
                    "longest_pause_ms": made.longest_pause_ms,
                }
            )
        )
    else:
        count = sum(one.files > 0 for one in made.kept)
        typer.echo(
            f"{made.path}: {_size(made.size_bytes)}, {count} profiles, longest pause {made.longest_pause_ms:g} ms"
        )
    if not made.is_encrypted:
        typer.echo(
            "It is NOT encrypted: whoever reads it has the accounts. Set TUNTAS_BACKUP_KEY for the next one.", err=True
        )
    _end_with_missing(made.missing)


@app.command("list")
def listing(target: Target = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the backups in a place, the newest last. Only their heads are read; no key is needed."""
    from tuntas.server import backups

    place, found = backups.listing(_settings(data_dir), target)
    if as_json:
        rows = [
            {
                "path": place.shown(one.stored.name),
                "bytes": one.stored.size_bytes,
                "kind": one.head.kind if one.head else None,
                "created_at": one.head.created_at if one.head else None,
                "encrypted": one.head.is_encrypted if one.head else None,
                "made_by": one.head.made_by if one.head else None,
                "problem": one.problem,
            }
            for one in found
        ]
        typer.echo(json.dumps(rows))
        return
    if not found:
        typer.echo(f"No backup in {place.shown()}. Make one: tuntas backup create {place.shown()}")
    for one in found:
        said = one.problem
        if one.head is not None:
            how = "encrypted" if one.head.is_encrypted else "NOT encrypted"
            said = f"{one.head.created_at[:19]}Z  {one.head.kind}  {how}  by {one.head.made_by}"
        typer.echo(f"{one.stored.name}  {_size(one.stored.size_bytes):>9}  {said}")


@app.command()
def verify(target: Target = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Read a backup to its last byte with the key, and say what is in it. Changes nothing.

    A backup that was never verified is a hope. Rehearse a restore too: into a new folder, on another machine.
    """
    from tuntas.server import backups

    archive, contents = backups.check(_settings(data_dir), target)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "path": archive.shown,
                    "ok": True,
                    "kind": contents.head.kind,
                    "created_at": contents.head.created_at,
                    "encrypted": contents.head.is_encrypted,
                    "made_by": contents.head.made_by,
                    "profiles": contents.manifest.extent.value,
                    "files": contents.files,
                    "bytes": contents.size_bytes,
                    "sessions": _rows(contents.kept),
                }
            )
        )
    else:
        typer.echo(
            f"{archive.shown} is whole: made {contents.head.created_at[:19]}Z by {contents.head.made_by}, "
            f"{len(contents.kept)} sessions, {contents.files} files, {_size(contents.size_bytes)}."
        )
    _end_with_missing(contents.missing)


@app.command()
def restore(
    target: Annotated[str, typer.Argument(metavar="DIR|FILE|s3://…", help=_WHERE)],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty data folder. All of it is read before anything is written.

    Stop the old server first: two servers with one account take the connection away from each other. Then:

    tuntas backup restore BACKUP --data-dir NEW && tuntas serve --data-dir NEW
    """
    from tuntas.server import backups

    settings = _settings(data_dir)
    with _progress(as_json=as_json) as tell:
        archive, contents = backups.bring_back(settings, target, tell)
    if as_json:
        rows = _rows(contents.kept)
        typer.echo(json.dumps({"path": archive.shown, "data_dir": str(settings.data_dir), "sessions": rows}))
    else:
        count = sum(one.files > 0 for one in contents.kept)
        typer.echo(f"Restored {archive.shown} into {settings.data_dir}: {count} of {len(contents.kept)} profiles.")
        typer.echo(f"Is the old server stopped? Then: tuntas serve --data-dir {settings.data_dir}")
    _end_with_missing(contents.missing)


def _settings(data_dir: Path | None) -> Settings:
    from tuntas.config import load
    from tuntas.foundation import logs

    logs.configure(level="warning")
    return load(data_dir=data_dir)


def _rows(kept: Sequence[KeptProfile]) -> list[dict[str, Any]]:
    return [
        {
            "session": one.session,
            "files": one.files,
            "bytes": one.size_bytes,
            "pause_ms": one.pause_ms,
            "missing": one.missing,
        }
        for one in kept
    ]


def _end_with_missing(missing: Sequence[KeptProfile]) -> None:
    for one in missing:
        typer.echo(f"The profile of {one.session} is not in it: {one.missing}.", err=True)
    if missing:
        raise typer.Exit(1)


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 100_000 else f"{size_bytes / 1e3:.1f} KB"


@contextmanager
def _progress(*, as_json: bool) -> Iterator[Callable[[str], None]]:
    """Show what is being done while it lasts; nothing where nobody watches."""
    from rich.console import Console

    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield lambda _: None
        return
    with console.status("…") as status:
        yield status.update
