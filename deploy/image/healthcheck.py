"""Ends with 0 if the server of this container answers, with 1 if not: what ``HEALTHCHECK`` runs every half minute.

It asks ``/healthz``, which costs the server nothing; a server that hangs, stops or is not there fails it. Whether the
disk has room and the database answers is ``/readyz``'s to say: no restart would mend that. The server's own note says
where it listens, whatever it was told by. Only the standard library, and little of that: it starts in 30 ms.
"""

import http.client
import json
import os
import sys
from pathlib import Path

SECONDS = 4.0


def main() -> str | None:
    """Return what is wrong, None if nothing is."""
    note = Path(os.environ.get("TUNTAS_DATA_DIR", "/data"), "server.json")
    try:
        host, _, port = json.loads(note.read_text(encoding="utf-8"))["url"].rpartition("//")[2].rpartition(":")
        loopback = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}  # noqa: S104 - compared with, not bound to
        connection = http.client.HTTPConnection(loopback.get(host, host).strip("[]"), int(port), timeout=SECONDS)
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
        return f"no answer: {type(error).__name__}: {error}"
    return None if status == 200 else f"/healthz answered {status}"


if __name__ == "__main__":
    sys.exit(main())
