"""nginx and Caddy as Debian packages them, with the very files that we give to users: only addresses are others."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.running import WAIT_SECONDS, wait_for
from support.tls_proxy import certificate

ROOT = Path(__file__).parents[2]

_NGINX = """
user root;  # else its workers could not enter the folder of a test
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
_CADDY = """
{{
	admin off
	auto_https disable_redirects
	skip_install_trust
	storage file_system {folder}/caddy
}}
"""


@dataclass(frozen=True, slots=True)
class Example:
    """One of the files that we give; ``path`` is under which it serves us."""

    file: Path
    path: str = ""

    @property
    def program(self) -> str:
        return self.file.parent.name

    def __str__(self) -> str:
        return f"{self.program}-{self.file.stem}"


def examples() -> list[Example]:
    found = sorted([*(ROOT / "deploy/nginx").iterdir(), *(ROOT / "deploy/caddy").iterdir()])
    return [Example(file, "/whatsapp" if "sub-path" in file.name else "") for file in found]


@contextmanager
def proxied(example: Example, port: int, upstream_port: int, folder: Path, *, strips: bool = True) -> Iterator[None]:
    """Run a proxy at ``https://127.0.0.1:port`` before a server, with an example's file, while the block runs."""
    text = example.file.read_text()
    assert "127.0.0.1:3000" in text
    text = text.replace("127.0.0.1:3000", f"127.0.0.1:{upstream_port}")
    if not strips:
        text = re.sub(r"(proxy_pass http://[^/;]+)/;", r"\1;", text).replace("handle_path", "handle")
    command = _nginx(text, port, folder) if example.program == "nginx" else _caddy(text, port, folder)
    with (folder / "proxy.log").open("w") as log:
        environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(folder)}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        wait_for(lambda: process.poll() is not None or _answers(port), what=f"{example} answers")
        assert process.poll() is None, (folder / "proxy.log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def _nginx(text: str, port: int, folder: Path) -> list[str]:
    both = str(certificate(folder))
    text = re.sub(r"(ssl_certificate(?:_key)?) [^;]+;", rf"\1 {both};", text)
    text = text.replace("listen 443", f"listen 127.0.0.1:{port}")
    (folder / "site.conf").write_text(text)
    main = folder / "nginx.conf"
    main.write_text(_NGINX.format(folder=folder))
    return [str(shutil.which("nginx")), "-e", str(folder / "nginx.log"), "-p", str(folder), "-c", str(main)]


def _caddy(text: str, port: int, folder: Path) -> list[str]:
    file = folder / "Caddyfile"
    site = text.replace("\nexample.com {", f"\nhttps://127.0.0.1:{port} {{\n\ttls internal")
    file.write_text(_CADDY.format(folder=folder) + site)
    return [str(shutil.which("caddy")), "run", "--adapter", "caddyfile", "--config", str(file)]


def _answers(port: int) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain):
            return True
    except OSError:
        return False
