"""One sealed file: a head that anybody can read, and content in chunks that only the key opens, in their order.

AES-256-GCM by the kept library. Each chunk's nonce is its number and whether it is the last one; the key belongs to
this one file (HKDF over the secret, with the file's own salt and the head's hash). So a chunk that is changed, moved,
left out, repeated, taken from another file or put behind the end is refused, and so is a file that ends early. The
same construction as age's payload (https://age-encryption.org/v1, "STREAM"). The head's own check tells a wrong key
from damage.

Without a secret the key stands in the head: everything is checked likewise, and nothing is hidden.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tuntas.backup.errors import ArchiveRefused

MAGIC = b"tuntas-archive\n\x00"
# The same length: it is put over the other, in place, when what is in the file has begun to live elsewhere.
USED_MAGIC = b"tuntas-imported\x00"
FORMAT = 1
CHUNK_BYTES = 256 * 1024
LARGEST_HEAD_BYTES = 64 * 1024

_TAG_BYTES = 16
_CHECK_BYTES = 32
# Half a second and 128 MB for each guess. Fixed, so that no archive can ask for more.
_SCRYPT = {"n": 2**17, "r": 8, "p": 1, "maxmem": 160 * 1024 * 1024, "dklen": 32}


@dataclass(frozen=True, slots=True)
class ArchiveHead:
    """What a sealed file says of itself to anybody. ``kind``: "backup" or "session"."""

    kind: str
    made_by: str
    created_at: str
    is_encrypted: bool
    salt: bytes
    key: bytes | None


def sealed(kind: str, made_by: str, created_at: str, secret: str | None, content: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a sealed file; ``content`` comes in pieces of any size."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt = os.urandom(32)
    open_key = None if secret is not None else base64.b64encode(os.urandom(32)).decode()
    written = {
        "format": FORMAT,
        "kind": kind,
        "made_by": made_by,
        "created_at": created_at,
        "salt": base64.b64encode(salt).decode(),
        "key": open_key,
    }
    text = json.dumps(written).encode()
    head = MAGIC + len(text).to_bytes(4, "big") + text
    content_key, check_key = _keys(_root_key(secret, salt, None if open_key is None else open_key.encode()), head)
    yield head + hmac.digest(check_key, head, "sha256")
    cipher = AESGCM(content_key)
    for number, (chunk, is_last) in enumerate(_in_chunks(content)):
        yield cipher.encrypt(_nonce(number, is_last=is_last), chunk, None)


def read_head(source: IO[bytes]) -> tuple[ArchiveHead, bytes]:
    """Read the head; return it with its very bytes, for ``opened``.

    Raises:
        ArchiveRefused: this is none of ours, or of a newer version.
    """
    magic = _exactly(source, len(MAGIC))
    if magic == USED_MAGIC:
        message = "it was imported already, and a session runs in one place only; export it there to move it on"
        raise ArchiveRefused(message)
    if magic != MAGIC:
        message = "it is no archive of Tuntas's"
        raise ArchiveRefused(message)
    length = _exactly(source, 4)
    size = int.from_bytes(length, "big")
    if size > LARGEST_HEAD_BYTES:
        message = "its head is damaged; use another copy"
        raise ArchiveRefused(message)
    text = _exactly(source, size)
    return _head_of(text), magic + length + text


def opened(source: IO[bytes], head: ArchiveHead, raw: bytes, secret: str | None) -> Iterator[bytes]:
    """Yield the content behind a head that was just read. Each piece is whole and in its place when it is yielded.

    Raises:
        ArchiveRefused: the key is another, or the file is damaged, cut off, or has something behind its end.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    check = _exactly(source, _CHECK_BYTES)
    if head.key is None and secret is None:
        message = "it is encrypted; set TUNTAS_BACKUP_KEY or TUNTAS_BACKUP_KEY_FILE to the key it was made with"
        raise ArchiveRefused(message)
    content_key, check_key = _keys(_root_key(secret, head.salt, head.key), raw)
    if not hmac.compare_digest(hmac.digest(check_key, raw, "sha256"), check):
        message = "it was made with another key, or its head is damaged; set TUNTAS_BACKUP_KEY to the key of that time"
        raise ArchiveRefused(message if head.key is None else "its head is damaged; use another copy")
    cipher, number = AESGCM(content_key), 0
    chunk = source_read(source, CHUNK_BYTES + _TAG_BYTES)
    while True:
        following = source_read(source, CHUNK_BYTES + _TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(number, is_last=not following), chunk, None)
        except InvalidTag:
            where = number * CHUNK_BYTES / 1e6
            message = f"it is damaged or cut off, {where:.1f} MB behind its beginning; use another copy"
            raise ArchiveRefused(message) from None
        if not following:
            return
        chunk, number = following, number + 1


def mark_used(file: Path) -> None:
    """Have everybody refuse this file from now on. On the disk when it returns; raises OSError."""
    with file.open("r+b") as opened_file:
        opened_file.write(USED_MAGIC)
        opened_file.flush()
        os.fsync(opened_file.fileno())


def source_read(source: IO[bytes], size: int) -> bytes:
    """Return ``size`` bytes, or what there is until the end."""
    parts, missing = [], size
    while missing and (part := source.read(missing)):
        parts.append(bytes(part))
        missing -= len(part)
    return b"".join(parts)


def _exactly(source: IO[bytes], size: int) -> bytes:
    found = source_read(source, size)
    if len(found) < size:
        message = "it is no archive of Tuntas's, or is cut off in its head"
        raise ArchiveRefused(message)
    return found


def _head_of(text: bytes) -> ArchiveHead:
    try:
        found = json.loads(text)
        number = found["format"]
        if not isinstance(number, int) or isinstance(number, bool):
            raise TypeError
        made_by = str(found["made_by"])[:64]
        if number > FORMAT:
            message = f"a newer Tuntas ({made_by}) made it; install that version or a newer one"
            raise ArchiveRefused(message)
        key = found["key"]
        return ArchiveHead(
            kind=str(found["kind"])[:32],
            made_by=made_by,
            created_at=str(found["created_at"])[:64],
            is_encrypted=key is None,
            salt=base64.b64decode(found["salt"], validate=True),
            key=None if key is None else str(key).encode(),
        )
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        message = "its head is damaged; use another copy"
        raise ArchiveRefused(message) from None


def _root_key(secret: str | None, salt: bytes, open_key: bytes | None) -> bytes:
    if open_key is not None:
        return hashlib.sha256(open_key).digest()
    assert secret is not None
    return hashlib.scrypt(secret.encode(), salt=salt, **_SCRYPT)


def _keys(root: bytes, head: bytes) -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    bound_to = hashlib.sha256(head).digest()
    made = HKDF(SHA256(), 64, salt=bound_to, info=b"tuntas archive 1").derive(root)
    return made[:32], made[32:]


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _in_chunks(content: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield full chunks, and at the end what is left, marked as the last; an empty content is one empty chunk."""
    held = bytearray()
    for piece in content:
        held += piece
        while len(held) > CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES]), False
            del held[:CHUNK_BYTES]
    yield bytes(held), True
