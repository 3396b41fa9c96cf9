"""The sandbox's https side: its own key, the flags that let a browser accept it, and what it must not open."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import ssl
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.asyncio.client import connect

from tuntas.foundation.http_server import PortTaken
from tuntas.sandbox.certificate import FILE_NAME, certificate
from tuntas.sandbox.server import Sandbox, SandboxSettings
from tuntas.sandbox.store import UnreadableStateError

SETTINGS = SandboxSettings(port=0, https_port=0)
HOST = "web.whatsapp.com"


def told(sandbox: Sandbox) -> tuple[int, str]:
    """Return the port and the key's hash that the flags name."""
    rules, keys = sandbox.browser_flags
    port = re.fullmatch(r"--host-resolver-rules=MAP web\.whatsapp\.com:443 127\.0\.0\.1:(\d+), MAP \* ~NOTFOUND", rules)
    assert port is not None
    return int(port[1]), keys.removeprefix("--ignore-certificate-errors-spki-list=")


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def test_the_flags_name_the_port_and_the_key_that_answers_there() -> None:
    async def whole() -> None:
        async with Sandbox(SETTINGS) as sandbox:
            port, key_hash = told(sandbox)
            _reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=unverified(), server_hostname=HOST)
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            writer.close()
            await writer.wait_closed()
            made = x509.load_der_x509_certificate(shown)
            key = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            assert base64.b64encode(hashlib.sha256(key).digest()).decode() == key_hash
            assert made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
                x509.DNSName
            ) == [HOST]

    asyncio.run(whole())


def test_a_page_at_whatsapps_address_gets_its_files_and_socket_but_not_the_control_side() -> None:
    async def whole() -> None:
        async with Sandbox(SETTINGS) as sandbox:
            port, _ = told(sandbox)
            # Host and Origin are what a browser sends that was given the flags.
            headers = {"host": HOST, "origin": f"https://{HOST}"}
            async with httpx.AsyncClient(
                base_url=f"https://127.0.0.1:{port}", verify=False, trust_env=False, headers=headers
            ) as page:
                assert (await page.get("/")).status_code == 200
                assert (await page.get("/_sandbox/page/loader.js")).status_code == 200
                for path in ("phones", "faults"):
                    refused = await page.post(f"/_sandbox/{path}", json={})
                    assert (refused.status_code, refused.json()["error"]) == (403, "forbidden")
            async with connect(f"wss://127.0.0.1:{port}/_sandbox/socket", ssl=unverified(), server_hostname=HOST):
                pass

    asyncio.run(whole())


def test_both_ports_are_one_sandbox_and_both_close() -> None:
    async def whole() -> None:
        async with Sandbox(SETTINGS) as sandbox:
            port, _ = told(sandbox)
            plain, secure = sandbox.url, f"https://127.0.0.1:{port}"
            async with httpx.AsyncClient(verify=False, trust_env=False) as client:
                phone = {"number": "628111000111"}
                assert (await client.post(f"{secure}/_sandbox/phones", json=phone)).status_code == 201
                state = (await client.get(f"{plain}/_sandbox/state")).json()
                assert [one["number"] for one in state["phones"]] == ["628111000111"]
                assert state["browser_flags"] == sandbox.browser_flags
        async with httpx.AsyncClient(verify=False, trust_env=False) as client:
            for url in (plain, secure):
                with pytest.raises(httpx.ConnectError):
                    await client.get(url)

    asyncio.run(whole())


def test_without_an_https_port_there_is_none() -> None:
    async def whole() -> None:
        async with Sandbox(SandboxSettings(port=0)) as sandbox:
            assert sandbox.browser_flags == []

    asyncio.run(whole())


def test_a_taken_https_port_is_named_and_the_other_port_is_free_again(tmp_path: Path) -> None:
    async def whole() -> None:
        async with Sandbox(SETTINGS) as first:
            taken, _ = told(first)
            with pytest.raises(PortTaken, match=f":{taken} .*choose another --https-port"):
                async with Sandbox(SandboxSettings(port=0, https_port=taken, data_dir=tmp_path)):
                    pass

    asyncio.run(whole())


def test_a_kept_key_stays_the_same_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first = certificate(tmp_path)
    assert certificate(tmp_path).key_hash == first.key_hash
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0
    assert certificate(None).key_hash != certificate(None).key_hash


@pytest.mark.parametrize(
    "content", ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_foreign_file_in_its_place_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(UnreadableStateError, match="move it away"):
        certificate(tmp_path)
    assert (tmp_path / FILE_NAME).read_text() == content
