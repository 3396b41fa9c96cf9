"""No request leaves for anywhere but WhatsApp: counted at a proxy through which the whole browser must go."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

from conftest import StartServer
from support.running import Sandbox, wait_for
from tuntas.browser import choose


class CountingProxy:
    """An HTTP proxy on loopback that writes down whom it was asked for, and passes the sandbox's traffic on."""

    def __init__(self, allowed: str) -> None:
        self.asked: list[str] = []
        self._allowed = allowed
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept)

    def __enter__(self) -> CountingProxy:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join()
        for one in self._sockets:
            close(one)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        self._sockets.append(client)
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (part := client.recv(65536)):
                    return
                head += part
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            host = target if method == "CONNECT" else target.split("/", 3)[2]
            self.asked.append(host)
            if host != self._allowed:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                return
            name, port = host.split(":")
            with socket.create_connection((name, int(port))) as upstream:
                self._sockets.append(upstream)
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                else:
                    # One request a connection: simple, and every request is counted.
                    head = head.replace(f"http://{host}".encode(), b"", 1)
                    upstream.sendall(head.replace(b"Proxy-Connection: keep-alive", b"Connection: close", 1))
                back = threading.Thread(target=pump, args=(upstream, client))
                back.start()
                pump(client, upstream)
                back.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):  # one side has gone; the other follows
        while part := source.recv(65536):
            target.sendall(part)
    close(target)


def close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was closed already
        one.shutdown(socket.SHUT_RDWR)


def test_the_browser_asks_for_no_host_but_whatsapps(
    tmp_path: Path, sandbox: Sandbox, start_server: StartServer
) -> None:
    allowed = sandbox.url.removeprefix("http://")
    with CountingProxy(allowed) as proxy:
        wrapper = tmp_path / "chromium-behind-proxy"
        flags = f"--proxy-server=http://127.0.0.1:{proxy.port} --proxy-bypass-list='<-loopback>'"
        wrapper.write_text(f'#!/bin/sh\nexec {choose().path} "$@" {flags}\n')
        wrapper.chmod(0o755)
        server = start_server(TUNTAS_BROWSER=str(wrapper))
        shop, budi = sandbox.phone("628160000001"), sandbox.phone("628160000002")
        server.pair(sandbox, "shop", shop)
        # A link is what makes WA-JS ask foreign hosts for a preview, unless it is told not to.
        text = "see https://example.com/offer"
        answer = server.http.post("/api/sendText", json={"session": "shop", "chatId": budi, "text": text})
        assert answer.status_code == 201, answer.text
        wait_for(lambda: text in sandbox.texts(budi), what="the text on the phone")
        server.http.post("/api/sessions/shop/restart")
        server.wait_status("shop", "WORKING")
        assert server.http.delete("/api/sessions/shop").status_code == 200
        server.stop()
    assert len(proxy.asked) > 10
    assert set(proxy.asked) == {allowed}
