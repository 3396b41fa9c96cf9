"""What may have happened is never called refused, and a full disk in the page is called a full disk."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from conftest import StartServer
from support.running import Sandbox, wait_for


def test_a_page_whose_disk_is_full_says_so_and_an_unknown_send_is_unknown(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    shop, budi = (sandbox.phone(f"62819600000{digit}") for digit in (1, 2))
    server = start_server()
    server.pair(sandbox, "full", shop)
    sent = server.send("full", budi, "before").json()["id"]
    group = server.http.post("/api/full/groups", json={"name": "Team", "participants": [{"id": budi}]}).json()["id"]
    wait_for(lambda: len(server.http.get("/api/full/chats").json()) == 2, what="both chats")
    sandbox.fault("storage_failure", number=shop, writes=True)

    def asked(method: str, path: str, **body: Any) -> httpx.Response:
        return server.http.request(method, f"/api{path}", json=body or None)

    here: dict[str, Any] = {"session": "full", "chatId": budi}
    png = {"mimetype": "image/png", "data": "iVBORw0KGgo="}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = here | {"text": "lost?", "linkPreview": False}
    sends = {
        "text": server.http.post("/api/sendText", json=body, headers=key),
        "again": server.http.post("/api/sendText", json=body, headers=key),
        "place": asked("POST", "/sendLocation", **here, latitude=1, longitude=1, title="x"),
        "file": asked("POST", "/sendFile", **here, file=png),
        "group": asked("POST", "/sendText", session="full", chatId=group, text="x"),
        "status": asked("POST", "/full/status/image", file=png),
        "forward": asked("POST", "/forwardMessage", **here, messageId=sent),
    }
    for name, answer in sends.items():
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (503, "unknown"), (name, problem)
        assert "disk is full" in problem["detail"] or name == "again", (name, problem)
        assert "Retry-After" not in answer.headers
    # One of these is enough for the page to be replaced: what comes in is not written down either.
    others = {
        "star": asked("PUT", "/star", session="full", messageId=sent, star=True),
    }
    answers = {name: (answer.status_code, answer.text[:160]) for name, answer in others.items()}
    wrong = {name: one for name, one in answers.items() if one[0] not in (507, 503) or "disk is full" not in one[1]}
    assert not wrong

    wait_for(lambda: "storage_failure" in server.story("full"), what="the page is replaced")
    sandbox.fault("clear", fault="storage_failure")
    server.wait_status("full", "WORKING")
    assert server.send("full", budi, "after").status_code == 201
    assert asked("POST", f"/full/chats/{budi}/archive").status_code == 201
