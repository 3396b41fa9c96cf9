"""All kinds of messages over HTTP against the sandbox, there and back: sent, received, changed, refused."""

from __future__ import annotations

import base64
import os
from typing import Any

import httpx
import pytest

from conftest import StartServer
from support.file_server import FileServer
from support.receiver import Receiver
from support.running import Sandbox, Server, wait_for


def newest(sandbox: Sandbox, number: str) -> dict[str, Any]:
    """Return the last message of a phone."""
    return dict(sandbox.call("GET", f"/phones/{number}/messages")[-1])


def oldest(sandbox: Sandbox, number: str) -> dict[str, Any]:
    """Return the oldest message of a phone."""
    return dict(sandbox.call("GET", f"/phones/{number}/messages")[0])


def hook(receiver: Receiver, *events: str) -> dict[str, Any]:
    """Return a session's configuration with this receiver."""
    return {"webhooks": [{"url": receiver.url, "events": list(events)}]}


def post(server: Server, path: str, **document: Any) -> dict[str, Any]:
    """Ask for something that must be done."""
    answer = server.http.post(f"/api/{path}", json={"session": "shop"} | document)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def refused(answer: httpx.Response, field: str) -> None:
    """Check that a request was refused because of this field."""
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]], answer.text


def test_a_text_mentions_people_and_answers_a_message(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628121000011"), sandbox.phone("628121000012")
    server.pair(sandbox, "shop", shop)
    asked = sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "open?", "mentions": [shop]})
    wait_for(lambda: server.http.get(f"/api/shop/chats/{budi}/messages").json(), what="the question")
    question = server.http.get(f"/api/shop/chats/{budi}/messages").json()[0]
    assert question["mentionedIds"] == [f"{shop}@c.us"]
    answer = {"chatId": budi, "text": f"yes @{budi}", "mentions": [budi], "reply_to": question["id"]}
    sent = post(server, "sendText", **answer)
    assert sent["mentionedIds"] == [f"{budi}@c.us"]
    arrived = newest(sandbox, budi)
    assert arrived["mentions"] == [budi]
    assert arrived["quoted"] == {"id": asked["id"], "from": budi, "text": "open?"}

    before = len(sandbox.texts(budi))
    nobody = server.http.post("/api/sendText", json={"session": "shop", "chatId": "628999999999", "text": "hi"})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "not_found_in_whatsapp")
    gone = server.http.post(
        "/api/sendText",
        json={"session": "shop", "chatId": budi, "text": "x", "reply_to": f"false_{budi}@c.us_3EB0000000000000"},
    )
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found_in_whatsapp")
    nobody = server.http.post(
        "/api/sendText", json={"session": "shop", "chatId": budi, "text": "x", "mentions": ["all"]}
    )
    assert (nobody.status_code, "everybody of a group" in nobody.text) == (422, True)
    for field, wrong in {"mentions": ["?"], "reply_to": "no id", "text": ""}.items():
        document = {"session": "shop", "chatId": budi, "text": "x"} | {field: wrong}
        refused(
            server.http.post("/api/sendText", json=document), f"body.{field}" + (".0" if field == "mentions" else "")
        )
    assert len(sandbox.texts(budi)) == before


def test_reactions_stars_edits_and_deletions_go_both_ways(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628121000021"), sandbox.phone("628121000022")
    with Receiver() as receiver:
        names = ["message", "message.reaction", "message.edited", "message.revoked"]
        server.pair(sandbox, "shop", shop, config=hook(receiver, *names))
        theirs = sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "tea?"})
        received = receiver.wait_for("message")["payload"]["id"]
        mine = post(server, "sendText", chatId=budi, text="milk")
        own = mine["id"].split("_")[2]

        reaction = {"session": "shop", "messageId": received, "reaction": "👍"}
        assert server.http.put("/api/reaction", json=reaction).status_code == 200
        wait_for(lambda: oldest(sandbox, budi).get("reactions") == {shop: "👍"}, what="the reaction")
        assert server.http.put("/api/reaction", json=reaction | {"reaction": ""}).status_code == 200
        wait_for(lambda: "reactions" not in oldest(sandbox, budi), what="the reaction is taken back")
        sandbox.call("POST", f"/phones/{budi}/messages/{own}", {"do": "react", "text": "❤️"})
        told = receiver.wait_for("message.reaction")["payload"]
        assert told["reaction"] == {"text": "❤️", "messageId": mine["id"]}
        assert (told["from"], told["fromMe"]) == (f"{budi}@c.us", False)

        assert server.http.put(
            "/api/star", json={"session": "shop", "messageId": received, "chatId": budi, "star": True}
        ).is_success
        wait_for(lambda: oldest(sandbox, budi).get("starred") == [shop], what="the star")

        path = f"/api/shop/chats/{budi}@c.us/messages"
        edited = server.http.put(f"{path}/{mine['id']}", json={"text": "milk and sugar"})
        assert (edited.status_code, edited.json()["body"]) == (200, "milk and sugar"), edited.text
        wait_for(lambda: newest(sandbox, budi)["text"] == "milk and sugar", what="the new words")
        sandbox.call("POST", f"/phones/{budi}/messages/{theirs['id']}", {"do": "edit", "text": "coffee?"})
        told = receiver.wait_for("message.edited", fromMe=False)["payload"]
        assert (told["body"], told["editedMessageId"]) == ("coffee?", received)

        for word, shown in (("pin", True), ("unpin", None)):
            done = server.http.post(f"{path}/{mine['id']}/{word}", json={"duration": 86_400} if shown else None)
            assert done.status_code == 201, done.text
            wait_for(lambda: newest(sandbox, budi).get("pinned") == shown, what=word)  # noqa: B023
        refused(server.http.post(f"{path}/{mine['id']}/pin", json={"duration": 60}), "body.duration")

        deleted = server.http.delete(f"{path}/{mine['id']}")
        assert deleted.json() == {"isRevoked": True}, deleted.text
        wait_for(lambda: newest(sandbox, budi).get("revoked"), what="the deletion")
        sandbox.call("POST", f"/phones/{budi}/messages/{theirs['id']}", {"do": "revoke"})
        told = receiver.wait_for("message.revoked")["payload"]
        assert told["revokedMessageId"] == received
        assert told["before"]["body"] == "coffee?"
        types = {one["id"]: one["_data"]["type"] for one in server.http.get(path).json()}
        assert types == {received: "revoked", mine["id"]: "revoked"}

        unknown = f"true_{budi}@c.us_3EB0FFFFFFFFFFFFFF"
        for answer in (
            server.http.put("/api/reaction", json=reaction | {"messageId": unknown}),
            server.http.put("/api/star", json={"session": "shop", "messageId": unknown, "star": True}),
            server.http.put(f"{path}/{unknown}", json={"text": "x"}),
            server.http.delete(f"{path}/{unknown}"),
            server.http.post(f"{path}/{unknown}/pin", json={}),
            server.http.get(f"{path}/{unknown}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found_in_whatsapp"), answer.text
        refused(server.http.put("/api/reaction", json=reaction | {"messageId": "x"}), "body.messageId")
        refused(server.http.put(f"{path}/{mine['id']}", json={"text": ""}), "body.text")
        foreign = server.http.put(f"{path}/{received}", json={"text": "never said"})
        assert (foreign.status_code, foreign.json()["code"]) == (422, "whatsapp_refused")


def test_a_chat_shows_that_we_read_and_type_and_messages_can_be_forwarded(server: Server, sandbox: Sandbox) -> None:
    shop, budi, citra = (sandbox.phone(f"62812100003{last}") for last in (1, 2, 3))
    server.pair(sandbox, "shop", shop)
    place = {"latitude": -6.5, "longitude": 106.75, "title": "here"}
    sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "", "location": place})
    sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "pass it on"})

    def unread() -> list[int]:
        return [one["unreadCount"] for one in server.http.get("/api/shop/chats").json()]

    def acks() -> list[int]:
        return [one["ack"] for one in sandbox.call("GET", f"/phones/{budi}/messages")]

    # A chat in which nothing is unread yet is not marked as read.
    wait_for(lambda: unread() == [2], what="both messages")
    post(server, "sendSeen", chatId=budi)
    wait_for(lambda: acks() == [3, 3], what="both are read")
    sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "and this"})
    wait_for(lambda: unread() == [1], what="the third")
    assert server.http.post(f"/api/shop/chats/{budi}/messages/read").status_code == 201
    wait_for(lambda: acks() == [3, 3, 3], what="all are read")
    post(server, "startTyping", chatId=budi)
    wait_for(lambda: sandbox.call("GET", f"/phones/{budi}/typing") == {shop: "composing"}, what="typing")
    post(server, "stopTyping", chatId=budi)
    wait_for(lambda: sandbox.call("GET", f"/phones/{budi}/typing") == {shop: "paused"}, what="not typing")

    _, text, location = (one["id"] for one in server.http.get(f"/api/shop/chats/{budi}/messages").json())
    copy = post(server, "forwardMessage", chatId=citra, messageId=text)
    assert copy["id"].startswith(f"true_{citra}@c.us_")
    assert (copy["body"], copy["isForwarded"], copy["source"]) == ("pass it on", True, "api")
    assert newest(sandbox, citra)["forwarded"] is True
    headers = {"Idempotency-Key": "forward-1"}
    document = {"session": "shop", "chatId": citra, "messageId": location}
    first, again = (server.http.post("/api/forwardMessage", json=document, headers=headers) for _ in range(2))
    assert first.json() == again.json()
    assert [one.get("location") for one in sandbox.call("GET", f"/phones/{citra}/messages")] == [None, place]
    for path in ("sendSeen", "startTyping"):
        answer = server.http.post(f"/api/{path}", json={"session": "shop", "chatId": "628999999999"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found_in_whatsapp")


def test_places_cards_and_polls_go_both_ways(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628121000041"), sandbox.phone("628121000042")
    with Receiver() as receiver:
        server.pair(sandbox, "shop", shop, config=hook(receiver, "message", "poll.vote"))
        place = {"latitude": -6.1754, "longitude": 106.8272, "title": "Monas"}
        sent = post(server, "sendLocation", chatId=budi, **place)
        shown = sent["location"]
        assert (shown["latitude"], shown["longitude"], shown["live"]) == ("-6.1754", "106.8272", False)
        assert (shown["name"], shown["description"]) == ("Monas", "Monas")
        assert newest(sandbox, budi)["location"] == place
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "location": place})
        assert receiver.wait_for("message")["payload"]["location"] == sent["location"]

        words = {"fullName": "Citra; Dewi", "phoneNumber": "+62 811-1", "whatsappId": "628111", "organization": "Toko"}
        post(server, "sendContactVcard", chatId=budi, contacts=[words])
        card = newest(sandbox, budi)["contacts"][0]
        assert card["name"] == "Citra; Dewi"
        assert "FN:Citra\\; Dewi\nORG:Toko\nTEL;type=CELL;waid=628111:+62 811-1\n" in card["vcard"]
        ready = "BEGIN:VCARD\nVERSION:3.0\nFN:Dodi\nTEL:+62 811 2\nEND:VCARD"
        post(server, "sendContactVcard", chatId=budi, contacts=[words, {"vcard": ready}])
        assert [one["name"] for one in newest(sandbox, budi)["contacts"]] == ["Citra; Dewi", "Dodi"]
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "contacts": [{"name": "Dodi", "vcard": ready}]})
        assert receiver.wait_for("message")["payload"]["vCards"] == [ready]

        poll = {"name": "When?", "options": ["Monday", "Tuesday"], "multipleAnswers": False}
        asked = post(server, "sendPoll", chatId=budi, poll=poll)
        assert asked["poll"] == poll
        there = newest(sandbox, budi)
        assert there["poll"] == {"name": "When?", "options": ["Monday", "Tuesday"]}
        sandbox.call("POST", f"/phones/{budi}/messages/{there['id']}", {"do": "vote", "options": ["Tuesday"]})
        vote = receiver.wait_for("poll.vote")["payload"]
        assert vote["poll"]["id"] == asked["id"]
        assert (vote["vote"]["from"], vote["vote"]["selectedOptions"]) == (f"{budi}@c.us", ["Tuesday"])

    count = len(sandbox.texts(budi))
    here = {"session": "shop", "chatId": budi}
    refused(server.http.post("/api/sendLocation", json=here | place | {"latitude": 91}), "body.latitude")
    refused(server.http.post("/api/sendContactVcard", json=here | {"contacts": []}), "body.contacts")
    refused(server.http.post("/api/sendContactVcard", json=here | {"contacts": [{}]}), "body.contacts.0")
    refused(server.http.post("/api/sendPoll", json=here | {"poll": poll | {"options": ["x"]}}), "body.poll.options")
    refused(server.http.post("/api/sendPoll", json=here | {"poll": poll | {"options": ["x", "x"]}}), "body.poll")
    assert len(sandbox.texts(budi)) == count


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
)


def as_data(data: bytes, mimetype: str, filename: str) -> dict[str, str]:
    """Return a file as a request gives it."""
    return {"mimetype": mimetype, "filename": filename, "data": base64.b64encode(data).decode()}


def bytes_of(sandbox: Sandbox, message: dict[str, Any]) -> bytes:
    """Return what a phone got."""
    return sandbox.http.get(f"/_sandbox/media/{message['media']['file']}").content


def test_files_of_all_kinds_arrive_byte_for_byte(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628121000051"), sandbox.phone("628121000052")
    server.pair(sandbox, "shop", shop)
    large = os.urandom(1_500_000)  # several parts, the last one not full
    for path, kind, file, caption in (
        ("sendImage", "image", as_data(PNG, "image/png", "dot.png"), "one dot"),
        ("sendFile", "document", as_data(large, "application/pdf", "book.pdf"), None),
        ("sendVideo", "video", as_data(b"no real video", "video/mp4", "v.mp4"), "see"),
        ("sendFile", "document", as_data(b"", "text/plain", "empty.txt"), None),
    ):
        document = {"chatId": budi, "file": file} | ({"caption": caption} if caption else {})
        sent = post(server, path, **document)
        assert sent["hasMedia"] is True
        assert sent["body"] == (caption or "")
        arrived = newest(sandbox, budi)
        assert (arrived["media"]["kind"], arrived["media"].get("filename")) == (kind, file["filename"])
        assert (arrived["media"]["mimetype"], arrived["text"]) == (file["mimetype"], caption or "")
        assert bytes_of(sandbox, arrived) == base64.b64decode(file["data"])
    voice = post(server, "sendVoice", chatId=budi, file=as_data(b"OggS", "audio/ogg; codecs=opus", "v.ogg"))
    assert voice["hasMedia"] is True
    assert newest(sandbox, budi)["media"]["kind"] == "ptt"

    count = len(sandbox.texts(budi))
    here = {"session": "shop", "chatId": budi}
    good = as_data(PNG, "image/png", "dot.png")
    for file, field in (
        (good | {"data": "%"}, "body.file"),
        ({"mimetype": "image/png"}, "body.file"),
        (good | {"url": "http://example.com/x.png"}, "body.file"),
        (good | {"filename": "../x"}, "body.file.filename"),
        (good | {"mimetype": "x\r\ny"}, "body.file.mimetype"),
    ):
        refused(server.http.post("/api/sendImage", json=here | {"file": file}), field)
    wrong = server.http.post("/api/sendVideo", json=here | {"file": good})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "file_refused")
    assert len(sandbox.texts(budi)) == count


def test_a_file_that_came_in_is_downloaded_when_asked_for_and_goes_with_its_session(
    server: Server, sandbox: Sandbox
) -> None:
    shop, budi = sandbox.phone("628121000061"), sandbox.phone("628121000062")
    with Receiver() as receiver:
        server.pair(sandbox, "shop", shop, config=hook(receiver, "message"))
        data = os.urandom(900_000)
        media = {"kind": "document", "mimetype": "text/html", "filename": "a \u2013 b.html"}
        media["data"] = base64.b64encode(data).decode()
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "the page", "media": media})
        told = receiver.wait_for("message")["payload"]
    assert told["hasMedia"] is True
    assert (told["body"], told["media"]["url"], told["media"]["filename"]) == ("the page", None, media["filename"])
    sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "words"})
    chat = f"/api/shop/chats/{budi}/messages"
    wait_for(lambda: len(server.http.get(chat).json()) == 2, what="both messages")
    without = server.http.get(chat, params={"downloadMedia": False}).json()
    assert [one["media"] and one["media"]["url"] for one in without] == [None, None]
    words, page = server.http.get(chat).json()
    assert words["media"] is None
    answer = server.http.get(page["media"]["url"])
    assert answer.content == data
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    one = server.http.get(f"{chat}/{told['id']}").json()
    assert one["media"] == page["media"]
    assert httpx.get(page["media"]["url"], trust_env=False, timeout=60).status_code == 401
    unknown = server.http.get(f"/api/files/shop/{'0' * 32}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found_in_whatsapp")
    assert server.http.get("/api/files/shop/..%2fserver.json").status_code in (404, 422)

    files = server.data_dir / "files"
    assert len(list(files.rglob("*.json"))) == 1
    server.http.delete("/api/sessions/shop")
    wait_for(lambda: not list(files.iterdir()), what="the session's files are gone")


def test_a_downloaded_file_is_gone_when_its_time_is_over(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(TUNTAS_MEDIA_LIFETIME_SECONDS="1", TUNTAS_MEDIA_MAX_BYTES="1000")
    shop, budi = sandbox.phone("628121000071"), sandbox.phone("628121000072")
    server.pair(sandbox, "shop", shop)
    for size in (1000, 1001):
        data = base64.b64encode(bytes(size)).decode()
        media = {"kind": "audio", "mimetype": "audio/mpeg", "data": data}
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "media": media})
    chat = f"/api/shop/chats/{budi}/messages"
    wait_for(lambda: len(server.http.get(chat).json()) == 2, what="both messages")
    large, small = server.http.get(chat, params={"downloadMedia": True}).json()
    assert large["media"]["url"] is None
    assert "1000 bytes" in large["media"]["error"]
    wait_for(lambda: not list((server.data_dir / "files").rglob("*.json")), what="the file is gone")
    assert server.http.get(small["media"]["url"]).status_code == 404
    document = {"session": "shop", "chatId": budi, "file": as_data(bytes(1001), "text/plain", "x.txt")}
    answer = server.http.post("/api/sendFile", json=document)
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")


class Shelf(FileServer):
    """A web server with one file, in some variants."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return ["/" + one.partition("/")[2] for one in self.asked]

    def answers(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if path == "/dot.png":
            return 200, {"Content-Type": "image/png"}, PNG
        if path == "/moved":
            return 302, {"Location": "/dot.png"}, b""
        if path == "/round":
            return 302, {"Location": "/round"}, b""
        if path == "/elsewhere":
            return 302, {"Location": "file:///etc/passwd"}, b""
        if path == "/large":
            return 200, {"Content-Type": "image/png"}, bytes(3000)
        return 404, {}, b""


def test_a_file_is_fetched_from_its_address_once_for_each_key(start_server: StartServer, sandbox: Sandbox) -> None:
    server = start_server(TUNTAS_MEDIA_PRIVATE_ADDRESSES="true", TUNTAS_MEDIA_MAX_BYTES="2000")
    shop, budi = sandbox.phone("628121000081"), sandbox.phone("628121000082")
    server.pair(sandbox, "shop", shop)
    with Shelf() as shelf:

        def send(path: str, **headers: str) -> httpx.Response:
            document = {"session": "shop", "chatId": budi, "file": {"url": f"{shelf.url}/{path}"}}
            return server.http.post("/api/sendImage", json=document, headers=headers)

        first = send("moved", **{"Idempotency-Key": "picture-1"})
        assert first.status_code == 201, first.text
        arrived = newest(sandbox, budi)
        assert bytes_of(sandbox, arrived) == PNG
        assert (arrived["media"]["mimetype"], arrived["media"]["filename"]) == ("image/png", "dot.png")
        again = send("moved", **{"Idempotency-Key": "picture-1"})
        assert again.json() == first.json()
        assert shelf.paths == ["/moved", "/dot.png"]
        for path, status, code in (
            ("absent", 502, "file_unreachable"),
            ("round", 502, "file_unreachable"),
            ("elsewhere", 422, "file_refused"),
            ("large", 413, "file_too_large"),
        ):
            answer = send(path, **{"Idempotency-Key": f"try-{path}"})
            assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert len(sandbox.texts(budi)) == 1


def test_no_file_is_fetched_from_this_machine_unless_it_is_allowed(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628121000091"), sandbox.phone("628121000092")
    server.pair(sandbox, "shop", shop)
    with Shelf() as shelf:
        for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "127.1"):
            url = shelf.url.replace("127.0.0.1", host) + "/dot.png"
            document = {"session": "shop", "chatId": budi, "file": {"url": url}}
            answer = server.http.post("/api/sendImage", json=document)
            assert (answer.status_code, answer.json()["code"]) == (422, "file_refused"), (host, answer.text)
        assert shelf.paths == []
    assert not sandbox.texts(budi)


@pytest.mark.parametrize("moment", ["send.begun", "send.sent"])
def test_a_file_whose_answer_died_with_the_server_is_sent_once(
    start_server: StartServer, sandbox: Sandbox, moment: str
) -> None:
    number = {"send.begun": "1", "send.sent": "2"}[moment]
    budi = sandbox.phone(f"62812100011{number}")
    first = start_server(TUNTAS_KILL_AT=moment)
    first.pair(sandbox, "shop", f"62812100010{number}")
    document = {"session": "shop", "chatId": budi, "file": as_data(PNG, "image/png", "dot.png")}
    with pytest.raises(httpx.TransportError):
        first.http.post("/api/sendImage", json=document, headers={"Idempotency-Key": "picture-1"})
    assert first.process.wait(30) != 0
    second = start_server()
    second.wait_status("shop", "WORKING")
    answers = [
        second.http.post("/api/sendImage", json=document, headers={"Idempotency-Key": "picture-1"}) for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [201, 201], answers[0].text
    assert answers[0].json() == answers[1].json()
    assert [one["media"]["filename"] for one in sandbox.call("GET", f"/phones/{budi}/messages")] == ["dot.png"]
    other = document | {"file": as_data(PNG, "image/png", "other.png")}
    answer = second.http.post("/api/sendImage", json=other, headers={"Idempotency-Key": "picture-1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_a_chat_is_read_as_waha_s_clients_ask(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628121000141"), sandbox.phone("628121000142")
    server.pair(sandbox, "shop", shop)
    for text in ("one", "two"):
        post(server, "sendText", chatId=budi, text=text)
    path = f"/api/shop/chats/{budi}/messages"

    def read(**query: Any) -> list[str]:
        answer = server.http.get(path, params=query)
        assert "X-Tuntas-Ignored" not in answer.headers
        return [one["body"] for one in answer.json()]

    wait_for(lambda: read(**{"filter.ack": "DEVICE"}) == ["two", "one"], what="both are on the phone")
    sandbox.call("POST", f"/phones/{budi}/read", {"chat": shop})
    wait_for(lambda: read(**{"filter.ack": "READ"}) == ["two", "one"], what="both are read")
    assert read(**{"filter.ack": "DEVICE"}) == []
    assert read(sortBy="messageTimestamp", sortOrder="asc") == ["one", "two"]
    assert read(sortBy="timestamp", sortOrder="desc", limit=1) == ["two"]
    for wrong in ({"filter.ack": "SEEN"}, {"sortBy": "size"}, {"sortOrder": "up"}):
        refused(server.http.get(path, params=wrong), f"query.{next(iter(wrong))}")
    # What means nothing here is named, as far as it can stand in a header.
    query = {"merge": "true", "limit": "1", "a\r\nSet-Cookie: b": "1", "é": "1"}
    answer = server.http.get(path, params=query)
    assert (answer.status_code, answer.headers["X-Tuntas-Ignored"]) == (200, "merge")
    assert "set-cookie" not in answer.headers
    many = server.http.get(path, params={f"x{number}": "1" for number in range(500)})
    assert many.headers["X-Tuntas-Ignored"].split(", ") == [f"x{number}" for number in range(20)]


def test_what_became_of_messages_is_known_after_a_restart_of_the_browser(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628121000121"), sandbox.phone("628121000122")
    server.pair(sandbox, "shop", shop)
    media = {"kind": "image", "mimetype": "image/png", "filename": "dot.png", "data": base64.b64encode(PNG).decode()}
    theirs = sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "a dot", "media": media})
    path = f"/api/shop/chats/{budi}/messages"
    wait_for(lambda: server.http.get(path).json(), what="the picture")
    changed = post(server, "sendText", chatId=budi, text="first words")
    assert server.http.put(f"{path}/{changed['id']}", json={"text": "other words"}).is_success
    star = {"session": "shop", "messageId": changed["id"], "star": True}
    assert server.http.put("/api/star", json=star).is_success
    gone = post(server, "sendText", chatId=budi, text="never mind")
    assert server.http.delete(f"{path}/{gone['id']}").json() == {"isRevoked": True}
    server.http.post("/api/sessions/shop/stop")
    sandbox.call("POST", f"/phones/{budi}/messages/{theirs['id']}", {"do": "edit", "text": "one dot"})
    server.http.post("/api/sessions/shop/start")
    server.wait_status("shop", "WORKING")

    def read(**query: Any) -> dict[str, Any]:
        return {one["body"]: one for one in server.http.get(path, params=query).json()}

    wait_for(lambda: "one dot" in read(), what="what was done while it was away")
    found = read(downloadMedia=True)
    assert set(found) == {"one dot", "other words", ""}
    assert found[""]["_data"]["type"] == "revoked"
    assert found["other words"]["isStarred"] is True
    assert server.http.get(found["one dot"]["media"]["url"]).content == PNG


def test_files_mentions_and_reactions_in_a_group(server: Server, sandbox: Sandbox) -> None:
    shop, budi, citra = (sandbox.phone(f"62812100013{last}") for last in (1, 2, 3))
    with Receiver() as receiver:
        names = ["message.reaction", "message.revoked", "message"]
        server.pair(sandbox, "shop", shop, config=hook(receiver, *names))
        people = [{"id": f"{number}@c.us"} for number in (budi, citra)]
        group = server.http.post("/api/shop/groups", json={"name": "Street", "participants": people}).json()["id"]
        sent = post(server, "sendText", chatId=group, text=f"@{citra} look", mentions=[citra])
        assert newest(sandbox, citra)["mentions"] == [citra]
        post(server, "sendText", chatId=group, text="@all look", mentions=["all"])
        assert sorted(newest(sandbox, budi)["mentions"]) == sorted([budi, citra])
        post(server, "sendImage", chatId=group, file=as_data(PNG, "image/png", "dot.png"), reply_to=sent["id"])
        for number in (budi, citra):
            assert bytes_of(sandbox, newest(sandbox, number)) == PNG
        own = sent["id"].split("_")[2]
        sandbox.call("POST", f"/phones/{citra}/messages/{own}", {"do": "react", "text": "👀"})
        told = receiver.wait_for("message.reaction")["payload"]
        assert told["reaction"] == {"text": "👀", "messageId": sent["id"]}
        assert (told["from"], told["participant"]) == (group, f"{citra}@c.us")
        theirs = sandbox.call("POST", f"/phones/{budi}/send", {"to": group, "text": "nice"})
        received = receiver.wait_for("message", body="nice")["payload"]["id"]
        answer = server.http.put("/api/reaction", json={"session": "shop", "messageId": received, "reaction": "🙏"})
        assert answer.status_code == 200, answer.text
        wait_for(lambda: newest(sandbox, citra).get("reactions") == {shop: "🙏"}, what="the reaction")
        sandbox.call("POST", f"/phones/{budi}/messages/{theirs['id']}", {"do": "revoke"})
        assert receiver.wait_for("message.revoked")["payload"]["revokedMessageId"] == received
