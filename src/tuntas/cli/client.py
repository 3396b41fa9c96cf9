"""How the terminal talks with a server: by the note in its data folder, so no key has to be typed on its machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuntas.foundation.plain_values import readable
from tuntas.foundation.user_error import UserError

if TYPE_CHECKING:
    import httpx

# Longer than any wish may take on the server, which answers "try later" by itself.
TIMEOUT_SECONDS = 90.0


class ServerUnreachable(UserError):
    """No server runs on the data folder; the message says how to start one."""


class Refused(UserError):
    """The server said no; the message is its reason."""


class Client:
    """A server's HTTP interface."""

    def __init__(self, http: httpx.Client) -> None:
        """Use ``http``, which knows the address and the key."""
        self._http = http

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the JSON of a GET."""
        return self.request("GET", path, params=parameters).json()

    def post(self, path: str, document: Any | None = None) -> Any:
        """Return the JSON of a POST."""
        return self.request("POST", path, json=document).json()

    def delete(self, path: str) -> httpx.Response:
        """Return the answer of a DELETE."""
        return self.request("DELETE", path)

    @contextmanager
    def follow(self, path: str) -> Iterator[Iterator[tuple[str, Any]]]:
        """Open a stream of server-sent events; it gives each one's name and its data as JSON, until the server ends it.

        Raises:
            Refused: the server answered with a problem.
            ServerUnreachable: it did not answer, or went away.
        """
        import httpx

        try:
            with self._http.stream("GET", path, timeout=httpx.Timeout(TIMEOUT_SECONDS, read=None)) as answer:
                if not answer.is_success:
                    answer.read()
                    raise Refused(_reason(answer))
                yield _events(answer.iter_lines())
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Make a request.

        Raises:
            Refused: the server answered with a problem, or what was typed is no text and could not be sent.
            ServerUnreachable: it did not answer.
        """
        import httpx

        try:
            answer = self._http.request(method, path, **options)
        except UnicodeEncodeError as error:
            # Arguments may be any bytes; what JSON and addresses carry is UTF-8.
            message = f"{readable(str(error.object))} is no UTF-8 text. Type it anew."
            raise Refused(message) from error
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if answer.is_success:
            return answer
        raise Refused(_reason(answer))

    def _unreachable(self, error: httpx.TransportError) -> ServerUnreachable:
        message = f"The server at {self._http.base_url} does not answer ({error}). Is it still starting or stopping?"
        return ServerUnreachable(message)


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name = "message"
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


@contextmanager
def connect(data_dir: Path | None) -> Iterator[Client]:
    """Connect with the server that runs on a data folder.

    Raises:
        ServerUnreachable: none does.
    """
    import httpx

    from tuntas.config import load
    from tuntas.server.data_folder import DataFolder

    settings = load(data_dir=data_dir)
    server = DataFolder(settings.data_dir).running_server()
    if server is None:
        message = (
            f"No Tuntas server runs on {settings.data_dir}. Start one with `tuntas serve`, or name its --data-dir."
        )
        raise ServerUnreachable(message)
    headers = {"X-Api-Key": server.token}
    with httpx.Client(base_url=server.url, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False) as http:
        yield Client(http)
