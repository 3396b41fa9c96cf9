"""``tuntas mcp``: the tools for agents over standard input and output, as most of them start such a program."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from tuntas.foundation.extras import how_to_install
from tuntas.foundation.user_error import UserError


def mcp(
    url: Annotated[
        str, typer.Option("--url", envvar="TUNTAS_URL", help="The server's address.")
    ] = "http://127.0.0.1:3000",
    key: Annotated[
        str | None,
        typer.Option("--key", envvar="TUNTAS_KEY", help="An API key for the agent, best in the environment."),
    ] = None,
) -> None:
    """Let an agent use a server over the Model Context Protocol: read, and send what its key allows.

    A key whose messages a person approves: tuntas keys create agent --scope read --scope ask
    """
    if key is None:
        message = "Name the agent's key by TUNTAS_KEY. Make one: tuntas keys create agent --scope read --scope ask"
        raise typer.BadParameter(message)
    if find_spec("mcp") is None:
        message = f"The packages for agents are not installed: {how_to_install('mcp')}"
        raise UserError(message)
    import asyncio

    from tuntas.client import TuntasError
    from tuntas.mcp.serving import serve_standard_streams

    try:
        asyncio.run(serve_standard_streams(url, key))
    except (TuntasError, ValueError) as error:
        raise UserError(str(error)) from error
