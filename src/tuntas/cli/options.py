"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuntas.cli.completion import session_names

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", metavar="DIR", help="Folder of the profiles and the database; or TUNTAS_DATA_DIR. Default: ./data"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
SessionName = Annotated[str, typer.Argument(metavar="NAME", help="The session's name.", autocompletion=session_names)]
