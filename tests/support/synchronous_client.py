"""Writes ``client/synchronous.py`` from ``client/asynchronous.py``: they differ in how they wait, and in nothing else.

``PYTHONPATH=tests python -m support.synchronous_client`` renews it.
"""

from __future__ import annotations

import re
from pathlib import Path

CLIENT = Path(__file__).parents[2] / "src" / "tuntas" / "client"
WORDS = {
    "The client for asyncio.": "The client without asyncio, made of ``asynchronous`` by the tests' support.",
    "A Tuntas server, for asyncio: use it": "A Tuntas server: use it",
    "import asyncio\n": "import time\n",
    "await asyncio.sleep": "time.sleep",
    "AsyncBaseTransport": "BaseTransport",
    "from collections.abc import AsyncIterator, Callable, Iterable, Mapping": (
        "from collections.abc import Callable, Iterable, Iterator, Mapping"
    ),
    "asynccontextmanager": "contextmanager",
    "async ": "",
    "await ": "",
    "aclose": "close",
    "aread": "read",
    "aiter_lines": "iter_lines",
}


def synchronous() -> str:
    """Return the text that belongs into ``synchronous.py``."""
    text = (CLIENT / "asynchronous.py").read_text(encoding="utf-8")
    for word, other in WORDS.items():
        text = text.replace(word, other)
    text = re.sub(r"\bAsync(Client|Events|Iterator)\b", r"\1", text)
    return re.sub(r"__a(enter|exit|iter|next)__", r"__\1__", text)


if __name__ == "__main__":
    (CLIENT / "synchronous.py").write_text(synchronous(), encoding="utf-8")
