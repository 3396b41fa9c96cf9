"""A sub-path in front of our own addresses."""

from __future__ import annotations

import pytest
from markupsafe import escape
from pydantic import ValidationError

from tuntas.api.app import ROUTERS, TOOLS_PATH
from tuntas.config import Settings
from tuntas.foundation.sub_path import OWN, SubPath
from tuntas.server.dispatch import _PREFIX

WHATSAPP = SubPath("/whatsapp/")


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/dashboard/x", "/ws", "/a b", "/a%20b", "/%C3%A9", "/a//b", '/"x', "/a/../b", "x"]
)
def test_a_path_that_could_be_mistaken_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="the path"):
        SubPath(path)


@pytest.mark.parametrize(
    "url", ["https://x.example/?a=1", "https://x.example/w#a", "https://me:word@x.example/w", "https://x.example/api/"]
)
def test_a_public_address_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValidationError, match=r"nothing but a scheme|begins like one"):
        Settings(public_url=url)


def test_all_first_parts_of_our_paths_are_known() -> None:
    paths = {str(getattr(route, "path", "")) for router, _ in ROUTERS for route in router.routes}
    assert {path.split("/")[1] for path in paths} | {_PREFIX.strip("/"), TOOLS_PATH.strip("/"), "openapi.json"} == OWN


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/whatsapp", "/"),
        ("/whatsapp/", "/"),
        ("/whatsapp/api/sessions", "/api/sessions"),
        ("/whatsappx", "/whatsappx"),
        ("/api/whatsapp/auth/qr", "/api/whatsapp/auth/qr"),
        ("/whatsapp/whatsapp/x", "/whatsapp/x"),
        ("", ""),
    ],
)
def test_a_proxy_may_strip_it_or_leave_it(asked: str, meant: str) -> None:
    assert WHATSAPP.stripped(asked) == meant
    assert SubPath().stripped(asked) == asked


def test_addresses_of_a_page_get_it_and_nothing_else_does() -> None:
    html = '<a href="/x" title="/y"><img src="/z"><form action="/" hx-post="/p"><a href="//host/"><a href="https://h/">'
    wanted = (
        '<a href="/whatsapp/x" title="/y"><img src="/whatsapp/z"><form action="/whatsapp/" hx-post="/whatsapp/p">'
        '<a href="//host/"><a href="https://h/">'
    )
    assert WHATSAPP.in_html(html) == wanted
    assert WHATSAPP.in_html(wanted) == wanted, "a part within a page gets it once"
    assert SubPath().in_html(html) == html
    text = str(escape('see <a href="/x">'))
    assert WHATSAPP.in_html(text) == text


def test_headers_lead_behind_it() -> None:
    origins = (b"http://127.0.0.1:3000", b"https://127.0.0.1:3000")

    def led(name: bytes, value: bytes, sub_path: SubPath = WHATSAPP) -> bytes:
        ((_, became),) = sub_path.in_headers([(name, value)], origins)
        return became

    assert led(b"Location", b"/dashboard/") == b"/whatsapp/dashboard/"
    assert led(b"hx-redirect", b"/") == b"/whatsapp/"
    assert led(b"location", b"http://127.0.0.1:3000/api/sessions") == b"/whatsapp/api/sessions"
    assert led(b"location", b"https://127.0.0.1:3000/api/sessions", SubPath()) == b"/api/sessions"
    for foreign in (b"http://127.0.0.1:30000/x", b"https://example.com/x", b"//example.com/x"):
        assert led(b"location", foreign) == foreign
    assert (
        led(b"set-cookie", b"a=b; HttpOnly; Path=/; SameSite=strict")
        == b"a=b; HttpOnly; Path=/whatsapp; SameSite=strict"
    )
    assert led(b"set-cookie", b"a=b; Path=/x") == b"a=b; Path=/x"
    assert led(b"set-cookie", b"a=b; Path=/", SubPath()) == b"a=b; Path=/"
    assert led(b"content-type", b"/") == b"/"
