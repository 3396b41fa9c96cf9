"""``tuntas cleanup``: what earlier lives have left, found, said, and taken away; with a server running or without.

Exit code 1 says that something is left; the lines say what, why and who holds it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuntas.cli.options import AsJson, DataDir
from tuntas.foundation.user_error import UserError

if TYPE_CHECKING:
    from tuntas.cleanup.leftovers import Plan
    from tuntas.cleanup.survey import CleanupCommand
    from tuntas.config import Settings


class NotAName(UserError):
    """What was given as a session cannot be the name of one."""


def cleanup(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done; change nothing.")] = False,
    session: Annotated[
        str | None,
        typer.Option(
            "--session", metavar="NAME", help="Only this session; a folder of this name that no session has goes too."
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="A whatsapp-web.js folder (.wwebjs_auth) instead of a data folder."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also end a browser whose owner still runs, after saying so.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """End orphaned browsers, clear stale locks, finish deletions, empty the trash. Exit code 1: something is left.

    With a server running it asks the server; its sessions are left alone. Other people's browsers, and folders that no
    session has, are never touched unasked. A whatsapp-web.js folder needs neither a server nor a data folder:

    tuntas cleanup --dir .wwebjs_auth --session XX
    """
    from tuntas.cleanup.survey import CleanupCommand
    from tuntas.foundation import logs
    from tuntas.profiles import RefusedPath

    logs.configure(level="warning")
    wish = CleanupCommand(session, force)
    try:
        if folder is not None:
            done = _clean_web_js(folder, wish, dry_run=dry_run, as_json=as_json)
        else:
            done = _clean_data_folder(data_dir, wish, dry_run=dry_run, as_json=as_json)
    except RefusedPath as error:
        message = f"--session: {error}"
        raise NotAName(message) from error
    if as_json:
        typer.echo(json.dumps(done))
    else:
        _print(done, str(folder or "the data folder"))
    if done["kept"] and not dry_run:
        raise typer.Exit(1)


def _clean_web_js(folder: Path, wish: CleanupCommand, *, dry_run: bool, as_json: bool) -> dict[str, Any]:
    import asyncio

    from tuntas.cleanup.leftovers import document
    from tuntas.cleanup.web_js import clean_web_js, survey_web_js

    plan = survey_web_js(folder, wish)
    if dry_run:
        return document(plan.as_report(), dry_run=True, warnings=plan.warnings())
    _warn(plan.warnings())
    with _progress(_steps(plan), as_json=as_json) as tell:
        report = asyncio.run(clean_web_js(plan, tell))
    return document(report, dry_run=False, warnings=plan.warnings())


def _clean_data_folder(data_dir: Path | None, wish: CleanupCommand, *, dry_run: bool, as_json: bool) -> dict[str, Any]:
    import asyncio

    from tuntas.cleanup.leftovers import Report, document
    from tuntas.config import load
    from tuntas.server.data_folder import DataFolder

    settings = load(data_dir=data_dir)
    if DataFolder(settings.data_dir).running_server() is not None:
        return _ask_server(data_dir, wish, dry_run=dry_run, as_json=as_json)
    if not (settings.data_dir / "tuntas.db").exists() and not settings.profiles_dir.is_dir():
        typer.echo(f"There is nothing of Tuntas in {settings.data_dir}; another folder: --data-dir.", err=True)
        return document(Report(), dry_run=dry_run, warnings=[])
    return asyncio.run(_clean_unserved(settings, wish, dry_run=dry_run, as_json=as_json))


def _ask_server(data_dir: Path | None, wish: CleanupCommand, *, dry_run: bool, as_json: bool) -> dict[str, Any]:
    from tuntas.cli.client import connect

    body = {"session": wish.session, "force": wish.force}
    with connect(data_dir) as client:
        if wish.force and not dry_run:
            _warn(client.post("/api/cleanup", body | {"dryRun": True})["warnings"])
        with _progress(1, as_json=as_json) as tell:
            tell("The server cleans up")
            return dict(client.post("/api/cleanup", body | {"dryRun": dry_run}))


async def _clean_unserved(settings: Settings, wish: CleanupCommand, *, dry_run: bool, as_json: bool) -> dict[str, Any]:
    from tuntas.cleanup.leftovers import document
    from tuntas.server.cleanup import unserved

    async with unserved(settings, wish, dry_run=dry_run) as work:
        if not dry_run:
            _warn(work.plan.warnings())
        with _progress(_steps(work.plan), as_json=as_json) as tell:
            report = await work.perform(tell)
        return document(report, dry_run=dry_run, warnings=work.plan.warnings())


def _warn(lines: list[str]) -> None:
    for line in lines:
        typer.echo(line, err=True)


def _steps(plan: Plan) -> int:
    return max(1, len(plan.browsers) + len(plan.folders) + len(plan.removals))


@contextmanager
def _progress(steps: int, *, as_json: bool) -> Iterator[Callable[[str], None]]:
    """Show a bar while something is done, on a terminal only; yields what tells it that a step begins."""
    if as_json or not sys.stderr.isatty():
        yield lambda _line: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Looking", total=steps)
        begun = 0

        def tell(line: str) -> None:
            nonlocal begun
            bar.update(task, description=line, completed=begun)
            begun += 1

        yield tell


def _print(done: dict[str, Any], where: str) -> None:
    dry_run = done["dry_run"]
    if dry_run:
        for line in done["warnings"]:
            typer.echo(f"With --force: {line}")
    for one in done["browsers_stopped"]:
        of = "orphaned browser" if one["owner"] is None else f"browser of {one['owner']['name']}"
        said = "Would end" if dry_run else "Ended"
        typer.echo(f"{said} the {of} of session {one['session']} (pid {one['pid']}, {one['processes']} processes)")
    for path in done["removed"]:
        size = f" ({_size(done['sizes'][path])})" if path in done["sizes"] else ""
        typer.echo(f"{'Would remove' if dry_run else 'Removed'} {path}{size}")
    for one in done["kept"]:
        held = ", ".join(f"{holder['name']} (pid {holder['pid']})" for holder in one["holders"])
        by = f", held by {held}" if held else ""
        typer.echo(
            f"{'Would keep' if dry_run else 'Kept'} {one['path']}: {one['reason']}{by}. {one['message'] or ''}".rstrip()
        )
    kept = {one["path"] for one in done["kept"]}
    for one in done["sessions"]:
        if one["path"] in kept:
            continue
        typer.echo(f"Session {one['name']}: {one['path']}, {_size(one['bytes'])}, left as it is")
    if not (done["browsers_stopped"] or done["removed"] or done["kept"]):
        typer.echo(f"Nothing is left over in {where}.")
    elif done["bytes_freed"]:
        typer.echo(f"{_size(done['bytes_freed'])} {'would be freed' if dry_run else 'freed'}.")


def _size(used_bytes: int) -> str:
    return f"{used_bytes / 1e6:.1f} MB"
