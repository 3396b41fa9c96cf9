"""``tuntas config``: what is in force and where it came from; secrets are never shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from tuntas.cli.options import AsJson, DataDir
from tuntas.foundation.masking import MASK, masked_address

app = typer.Typer(no_args_is_help=True, help="Show the settings that are in force.")


@app.command()
def show(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print every setting, its value and where that came from: an option, a variable, the file, or the default.

    Secrets are shown as ***. WAHA's variables that have no effect here are listed with the reason.
    """
    from tuntas.config import load_all

    loaded = load_all(data_dir=data_dir)
    settings = loaded.settings
    rows = [
        {
            "setting": f"TUNTAS_{name.upper()}",
            "value": _shown(settings.database if name == "database_url" else getattr(settings, name)),
            "source": loaded.origins.get(name, "default"),
        }
        for name in type(settings).model_fields
    ]
    without_effect = [
        {"variable": name, "reason": reason} for name, reason in sorted(loaded.environment.passed_over.items())
    ]
    if as_json:
        typer.echo(json.dumps({"settings": rows, "without_effect": without_effect}))
        return
    widths = [max(len(str(row[column])) for row in rows) for column in ("setting", "source")]
    for row in rows:
        value = "-" if row["value"] is None else row["value"]
        typer.echo(f"{row['setting']:<{widths[0]}}  {row['source']:<{widths[1]}}  {value}")
    for one in without_effect:
        typer.echo(f"{one['variable']} is without effect: {one['reason']}")


def _shown(value: Any) -> Any:
    from pydantic import SecretStr

    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, bool | int | float | list) or value is None:
        return value
    text = str(value)
    return masked_address(text) if "://" in text else text
