"""``tuntas demo``: one session's whole life on real parts, told in a dozen lines.

Two real processes are started, the sandbox and the server, and spoken to over HTTP as any client would. What is left
at the end is looked up in the process table and on the disk, not asked of the server.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuntas.cli.options import AsJson, DataDir

if TYPE_CHECKING:
    from tuntas.cli.demo_story import Story


def demo(
    as_json: AsJson = False,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep everything running afterwards, with a session to play with.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Show a session's whole life in some seconds, with no phone: a sandbox phone scans the QR.

    Starts a sandbox and a server, creates a session in a real Chromium, scans its QR, sends and receives messages over
    HTTP and a webhook, deletes the session, and proves that no process and no folder is left. Exit code 1 otherwise.
    """
    from tuntas.cli.demo_parts import DemoFailed
    from tuntas.cli.demo_story import Story

    # With --json the story goes to standard error, so that the last line of output is the JSON.
    story = Story(partial(typer.echo, err=as_json))
    with ExitStack() as stack:
        result: dict[str, Any]
        try:
            result = _tell(_folder(data_dir, stack), story, stay=stay)
        except DemoFailed as error:
            story.say("failed", str(error))
            result = {"ok": False, "error": str(error)}
    if as_json:
        typer.echo(json.dumps(result))
    if not result["ok"]:
        raise typer.Exit(1)


def _folder(data_dir: Path | None, stack: ExitStack) -> Path:
    from tuntas.cli.demo_parts import DemoFailed, left_folders
    from tuntas.config import load

    if data_dir is not None:
        chosen = load(data_dir=data_dir).data_dir
        if left_folders(chosen / "profiles"):
            # Sessions of the real WhatsApp must never meet the sandbox.
            message = f"{chosen} has sessions of its own; name an empty folder, or none"
            raise DemoFailed(message)
        return chosen.absolute()
    folder = Path(tempfile.mkdtemp(prefix="tuntas-demo-")).resolve()
    stack.callback(shutil.rmtree, folder)
    return folder


def _tell(folder: Path, story: Story, *, stay: bool) -> dict[str, Any]:
    from tuntas.cli.demo_parts import DemoReceiver, Part, left_folders, left_processes

    profiles = folder / "profiles"
    with DemoReceiver() as receiver:
        with Part.sandbox(folder) as sandbox, Part.server(folder, sandbox.url) as server:
            story.say("ready", f"sandbox at {sandbox.url}, server at {server.url}")
            counts = story.live(server, sandbox, receiver)
            if stay:
                story.stay(server, sandbox)
            story.delete(server, profiles)
        # Both have ended; now nothing may be left but the database and the logs.
        processes, folders = left_processes(folder), left_folders(profiles)
    story.say("proof", f"{len(processes)} processes and {len(folders)} folders left")
    for line in (*processes, *folders):
        story.say("left", line)
    return {
        "ok": not processes and not folders,
        "reached": "WORKING",
        **counts,
        "processes_left": len(processes),
        "folders_left": len(folders),
        "seconds": story.seconds(),
    }
