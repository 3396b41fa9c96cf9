"""Stickers, votes, invitations to events, previews of the caller's own and ids chosen beforehand, on a real page."""

from __future__ import annotations

import base64
import io
from typing import Any

import av
import httpx
import pytest

from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for


def newest(sandbox: Sandbox, number: str) -> dict[str, Any]:
    """Return the last message of a phone."""
    return dict(sandbox.call("GET", f"/phones/{number}/messages")[-1])


def post(server: Server, path: str, **document: Any) -> dict[str, Any]:
    """Ask for something that must be done."""
    answer = server.http.post(f"/api/{path}", json={"session": "shop"} | document)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def refused(answer: httpx.Response, field: str) -> None:
    """Check that a request was refused because of this field."""
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]], answer.text


def pictures(codec: str, container: str, width: int, height: int, count: int = 1) -> bytes:
    """Return a file with pictures that get redder from one to the next."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as written:
        stream = written.add_stream(codec, rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = width, height
        stream.pix_fmt = {"png": "rgb24", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
        for number in range(count):
            frame = av.VideoFrame(width, height, "rgb24")
            frame.planes[0].update(bytes((200 + number * 20, 30, 30)) * (frame.planes[0].buffer_size // 3))
            frame.pts = number
            written.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        written.mux(stream.encode())
    return file.getvalue()


def as_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def seen(data: bytes) -> av.VideoFrame:
    """Return the picture in a file."""
    with av.open(io.BytesIO(data), "r") as opened:
        return next(opened.decode(video=0))


def pixel(picture: av.VideoFrame, across: int, down: int) -> tuple[int, ...]:
    """Return red, green, blue and opacity of a point."""
    plane = picture.reformat(format="rgba").planes[0]
    at = down * plane.line_size + across * 4
    return tuple(bytes(plane)[at : at + 4])


def file_of(sandbox: Sandbox, message: dict[str, Any]) -> bytes:
    """Return a message's file as it arrived."""
    return sandbox.http.get(f"/_sandbox/media/{message['media']['file']}").content


def test_a_sticker_goes_as_it_is_or_is_made_of_a_picture(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628128000001"), sandbox.phone("628128000002")
    server.pair(sandbox, "shop", shop)
    moving = pictures("libwebp_anim", "webp", 64, 64, count=3)
    assert b"ANMF" in moving
    sent = post(server, "sendSticker", chatId=budi, file={"mimetype": "image/webp", "data": as_text(moving)})
    assert sent["_data"]["type"] == "sticker"
    arrived = newest(sandbox, budi)
    assert (arrived["media"]["kind"], arrived["media"]["mimetype"]) == ("sticker", "image/webp")
    assert file_of(sandbox, arrived) == moving, "one that moves still moves"

    for codec, kind in (("png", "png"), ("mjpeg", "jpeg")):
        wide = as_text(pictures(codec, "image2pipe", 300, 100))
        file = {"mimetype": f"image/{kind}", "filename": f"logo.{kind}", "data": wide}
        post(server, "sendSticker", chatId=budi, file=file)
        arrived = newest(sandbox, budi)
        assert (arrived["media"]["kind"], arrived["media"]["filename"]) == ("sticker", "logo.webp")
        made = file_of(sandbox, arrived)
        assert (made[:4], made[8:12]) == (b"RIFF", b"WEBP")
        drawn = seen(made)
        assert (drawn.width, drawn.height) == (512, 512)
        assert pixel(drawn, 256, 256)[0] > 150
        assert pixel(drawn, 256, 10)[3] == 0, "transparent above a picture that is wider than high"

    before = len(sandbox.texts(budi))
    for file in ({"mimetype": "video/mp4", "data": "AAAA"}, {"mimetype": "image/png", "data": "AAAA"}):
        answer = server.http.post("/api/sendSticker", json={"session": "shop", "chatId": budi, "file": file})
        assert answer.status_code == 422, answer.text
    assert len(sandbox.texts(budi)) == before


def test_a_vote_is_cast_changed_and_taken_back(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628128000011"), sandbox.phone("628128000012")
    with Receiver() as receiver:
        server.pair(sandbox, "voter", shop, config={"webhooks": [{"url": receiver.url, "events": ["message"]}]})
        one_answer = {"name": "When?", "options": ["Monday", "Tuesday"], "several": False}
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "poll": one_answer})
        poll = receiver.wait_for("message")["payload"]["id"]

        def cast(*votes: Any) -> Any:
            body = {"session": "voter", "chatId": budi, "pollMessageId": poll, "votes": list(votes)}
            return server.http.post("/api/sendPollVote", json=body)

        assert cast("Monday").status_code == 201
        assert newest(sandbox, budi)["votes"] == {shop: ["Monday"]}
        assert cast(["Tuesday"]).json() == {"success": True}, "as WAHA's document declares votes"
        assert newest(sandbox, budi)["votes"] == {shop: ["Tuesday"]}
        for wrong in (["Sunday"], ["Monday", "Tuesday"]):
            answer = cast(*wrong)
            assert (answer.status_code, answer.json()["code"]) == (422, "whatsapp_refused"), answer.text
        assert newest(sandbox, budi)["votes"] == {shop: ["Tuesday"]}
        assert cast().status_code == 201
        assert not newest(sandbox, budi).get("votes", {}).get(shop)
        text = server.send("voter", budi, "no poll").json()["id"]
        body = {"session": "voter", "chatId": budi, "pollMessageId": text, "votes": ["Monday"]}
        assert server.http.post("/api/sendPollVote", json=body).status_code == 422


def test_people_are_invited_to_an_event(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628128000021"), sandbox.phone("628128000022")
    server.pair(sandbox, "host", shop)
    event = {"name": "Market day", "description": "Bring bags", "startTime": 2063137000, "endTime": 2063140600}
    body = {"chatId": budi, "event": event | {"location": {"name": "Town hall"}, "extraGuestsAllowed": False}}
    answer = server.http.post("/api/host/events", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["X-Tuntas-Ignored"] == "extraGuestsAllowed"
    sent = answer.json()
    assert sent["body"] == "Market day"
    assert sent["event"] == event | {"location": {"name": "Town hall"}, "isCanceled": False}
    arrived = newest(sandbox, budi)["occasion"]
    assert (arrived["name"], arrived["start"], arrived["place"]) == ("Market day", 2063137000, "Town hall")
    for field, wrong in {"name": " ", "startTime": -1, "endTime": 1}.items():
        answer = server.http.post("/api/host/events", json={"chatId": budi, "event": event | {field: wrong}})
        refused(answer, "body.event" if field == "endTime" else f"body.event.{field}")
    short = {"chatId": budi, "event": {"name": "Short", "startTime": 2063137000}}
    assert server.http.post("/api/host/events", json=short).json()["event"]["endTime"] == 2063137000 + 7200

    # Who comes.
    with Receiver() as receiver:
        config = {"webhooks": [{"url": receiver.url, "events": ["event.response"]}]}
        assert server.http.put("/api/sessions/host", json={"config": config}).is_success
        server.wait_status("host", "WORKING")
        invitation = sent["id"].split("_")[2]
        for answer_ in ("maybe", "going"):
            sandbox.call("POST", f"/phones/{budi}/messages/{invitation}", {"do": "respond", "response": answer_})
        heard = [one["payload"] for one in receiver.wait_count(2)]
        came = heard[0]
        assert came["eventResponse"] | {"timestampMs": 0} == {
            "response": "MAYBE",
            "timestampMs": 0,
            "extraGuestCount": 0,
        }
        assert [one["eventResponse"]["response"] for one in heard] == ["MAYBE", "GOING"]
        assert (came["from"], came["fromMe"]) == (f"{budi}@c.us", False)
        key = came["eventCreationKey"]
        assert (key["id"], key["fromMe"], key["to"]) == (sent["id"], True, f"{budi}@c.us")


def test_a_link_shows_what_the_sender_wants(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628128000031"), sandbox.phone("628128000032")
    server.pair(sandbox, "shop", shop)
    preview = {"url": "https://example.com/sale", "title": "Our sale", "description": "All week"}
    body = {"chatId": budi, "text": "Look: https://example.com/sale", "preview": preview}
    post(server, "send/link-custom-preview", **body)
    assert newest(sandbox, budi)["preview"] == preview
    file = {"mimetype": "image/png", "data": as_text(pictures("png", "image2pipe", 900, 450))}
    post(server, "send/link-custom-preview", **(body | {"preview": preview | {"image": file}}))
    arrived = newest(sandbox, budi)
    assert arrived["text"] == "Look: https://example.com/sale"
    jpeg = base64.b64decode(arrived["preview"]["thumbnail"])
    shown = seen(jpeg)
    assert (jpeg[:3], shown.width, shown.height) == (b"\xff\xd8\xff", 300, 150)
    for wrong in ({"text": "no link"}, {"preview": preview | {"title": " "}}, {"preview": {"url": "x", "title": "y"}}):
        answer = server.http.post("/api/send/link-custom-preview", json={"session": "shop"} | body | wrong)
        assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("with_key", [False, True])
def test_what_has_an_id_of_the_callers_goes_out_once(server: Server, sandbox: Sandbox, with_key: bool) -> None:
    shop, budi = sandbox.phone("628128000041"), sandbox.phone("628128000042")
    name = f"shop-{with_key}".lower()
    if not with_key:
        server.pair(sandbox, name, shop)
    else:
        server.pair(sandbox, name, sandbox.phone("628128000043"))
    token = server.http.get(f"/api/{name}/new-message-id").json()["id"]
    headers = {"Idempotency-Key": f"key-{token}"} if with_key else {}
    body = {"session": name, "chatId": budi, "text": f"once {token}", "id": token}
    answers = [server.http.post("/api/sendText", json=body, headers=headers) for _ in range(3)]
    assert [one.status_code for one in answers] == [201] * 3
    assert {one.json()["id"] for one in answers} == {f"true_{budi}@c.us_{token}"}
    wait_for(lambda: sandbox.texts(budi).count(f"once {token}") == 1, what="the text")
    assert server.send(name, budi, "after").status_code == 201
    assert sandbox.texts(budi).count(f"once {token}") == 1
    refused(server.http.post("/api/sendText", json=body | {"id": "a b"}), "body.id")
