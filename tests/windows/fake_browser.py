"""A stand-in for Chromium on Windows: the pipes by handle numbers, the lock file, helpers and their helpers.

It leaves at ``Browser.close`` and at the end of its pipe, unless told to hang. It opens and holds files in its profile
in Chromium's own ways, so that what is proven with it is what Windows does about them.
"""

from __future__ import annotations

import json
import msvcrt
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

assert sys.platform == "win32"

FLAGS = dict(argument.split("=", 1) for argument in sys.argv[1:] if "=" in argument)
PROFILE = Path(FLAGS.get("--user-data-dir", ""))


def main() -> None:
    if "--version" in sys.argv:
        sys.stdout.write("Fake 1.2.3.4\n")
        return
    if "--fail" in sys.argv:
        sys.exit("no display, no library, no luck")
    if "--type" in FLAGS:
        below = start_helper("gpu") if FLAGS["--type"] == "renderer" else None
        wait_for_parent()
        if below is not None:
            below.communicate()
        return
    PROFILE.mkdir(parents=True, exist_ok=True)
    with (PROFILE / "History").open("ab"):
        helper = start_helper("renderer")
        if "--alone" not in sys.argv:
            serve()
        if "--hang" in sys.argv:
            time.sleep(600)
        helper.communicate()


def start_helper(kind: str) -> subprocess.Popen[bytes]:
    hang = ["--hang"] if "--hang" in sys.argv else []
    command = [sys.executable, f"--type={kind}", f"--user-data-dir={PROFILE}", *hang]
    return subprocess.Popen(command, stdin=subprocess.PIPE)


def wait_for_parent() -> None:
    if "--hang" in sys.argv:
        time.sleep(600)
    sys.stdin.buffer.read()


def serve() -> None:
    reads, writes = map(int, FLAGS["--remote-debugging-io-pipes"].split(","))
    with (
        os.fdopen(msvcrt.open_osfhandle(reads, os.O_RDONLY), "rb") as incoming,
        os.fdopen(msvcrt.open_osfhandle(writes, os.O_WRONLY), "wb") as outgoing,
    ):
        while (message := next_message(incoming)) is not None:
            is_over = message["method"] == "Browser.close" and "--hang" not in sys.argv
            answer(outgoing, message)
            if is_over:
                break


def next_message(incoming: BinaryIO) -> dict[str, Any] | None:
    raw = bytearray()
    while (byte := incoming.read(1)) not in (b"", b"\0"):
        raw += byte
    return json.loads(raw) if byte else None


def answer(outgoing: BinaryIO, message: dict[str, Any]) -> None:
    match message["method"]:
        case "Browser.getVersion":
            result = {"product": "Fake/1.2.3.4", "userAgent": "fake"}
        case "Test.big":
            result = {"text": "x" * message["params"]["length"]}
        case _:
            result = message["params"]
    outgoing.write(json.dumps({"id": message["id"], "result": result}).encode() + b"\0")
    outgoing.flush()


main()
