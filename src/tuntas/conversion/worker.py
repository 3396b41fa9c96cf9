"""The process that decodes and encodes: ``python -m tuntas.conversion.worker ORDER``. It says what came of it in JSON.

Started by ``converter`` for one file. It limits itself before it looks at that file, and ends when whoever started it
does. What it does with the file is in ``recipes``, which needs the extra.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

from tuntas.conversion.order import ConversionOrder, MadeTooLarge, UnfitFile


def main() -> None:
    """Do what the first argument says, and print what came of it."""
    order = ConversionOrder(**json.loads(sys.argv[1]))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _limit(order)
    sys.stdout.write(json.dumps(_answer(order)))
    sys.stdout.flush()
    os._exit(0)  # without the decoders' own farewell, which a damaged file may disturb


def _answer(order: ConversionOrder) -> dict[str, Any]:
    try:
        from tuntas.conversion import recipes

        return recipes.follow(order)
    except ImportError as error:
        return {"missing": error.name or "av"}
    except UnfitFile as error:
        return {"refused": str(error)}
    except MadeTooLarge:
        return {"is_too_large": True}
    except MemoryError:
        return {"refused": "The conversion needs more memory than TUNTAS_CONVERT_MEGABYTES allows."}
    except Exception as error:  # noqa: BLE001 - whatever a file does to the decoders, its sender hears that it failed
        return {"failed": repr(error)[:500]}


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _limit(order: ConversionOrder) -> None:
    if sys.platform == "win32":
        threading.Thread(target=_watch_memory, args=(order.memory_bytes,), daemon=True).start()
        return
    import resource

    os.nice(10)
    for what, most in ((resource.RLIMIT_AS, order.memory_bytes), (resource.RLIMIT_FSIZE, order.file_bytes)):
        resource.setrlimit(what, (most, most))


def _watch_memory(most_bytes: int) -> None:
    """End this process when it takes more, where the system has no limit for that."""
    import psutil

    ourselves, never = psutil.Process(), threading.Event()
    while ourselves.memory_info().rss <= most_bytes:
        never.wait(0.05)
    os._exit(1)


if __name__ == "__main__":
    main()
