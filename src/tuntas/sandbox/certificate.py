"""The key and the certificate with which the sandbox is ``https://web.whatsapp.com/`` to browsers that were told so.

Nobody vouches for the certificate. A browser accepts it because it was started with the key's hash in a flag: no other
key, and no other program's, is accepted with it. The private key is made here, on this machine, and is in no package.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import hashlib
import os
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuntas.foundation.user_error import NotInstalled
from tuntas.sandbox.store import UnreadableStateError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

HOST = "web.whatsapp.com"
FILE_NAME = "certificate.pem"
VALID_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the server answers with, and how a browser is told to accept it."""

    context: ssl.SSLContext
    key_hash: str
    """SHA-256 of the public key, in base64: what Chromium's ``--ignore-certificate-errors-spki-list`` takes."""

    def browser_flags(self, port: int) -> list[str]:
        """Return the flags with which a Chromium finds the sandbox at WhatsApp's address, and nothing else."""
        return [
            f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{port}, MAP * ~NOTFOUND",
            f"--ignore-certificate-errors-spki-list={self.key_hash}",
        ]


def certificate(data_dir: Path | None) -> Certificate:
    """Return the certificate kept in ``data_dir``, made now if there is none; without a folder it is for this run only.

    Kept, so that the flags of those who use it stay the same over restarts. Raises ``UnreadableStateError`` for a file
    that is no certificate with its key, ``OSError`` for one that cannot be read or written, ``NotInstalled`` without
    the extra.
    """
    try:
        import cryptography  # noqa: F401 - here, before anything is made
    except ImportError as error:
        raise NotInstalled("https", error, "sandbox-https") from error
    if data_dir is not None:
        with contextlib.suppress(FileNotFoundError):
            return _read(data_dir / FILE_NAME)
        data_dir.mkdir(parents=True, exist_ok=True)
        return _made(data_dir / FILE_NAME)
    with tempfile.TemporaryDirectory(prefix="tuntas-sandbox-") as folder:
        return _made(Path(folder) / FILE_NAME)


def _read(path: Path) -> Certificate:
    from cryptography import x509

    try:
        public_key = x509.load_pem_x509_certificate(path.read_bytes()).public_key()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)  # it reads files only
    except (ValueError, ssl.SSLError) as error:
        message = f"{path} is not a certificate with its key ({error}): move it away, and a new one is made"
        raise UnreadableStateError(message) from error
    return Certificate(context, _hash_of(public_key))


def _made(path: Path) -> Certificate:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + _signed_by_itself(key)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
    new.replace(path)
    return _read(path)


def _signed_by_itself(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tuntas sandbox")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # the browser's clock may be behind
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _hash_of(public_key: object) -> str:
    from cryptography.hazmat.primitives import serialization

    encoded: bytes = public_key.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(hashlib.sha256(encoded).digest()).decode()
