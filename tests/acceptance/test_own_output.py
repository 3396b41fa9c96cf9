"""What we answer can be sent back: each id and each address is good input. And HEAD is answered where it is asked."""

from __future__ import annotations

import base64
from typing import Any

import httpx

from conftest import StartServer
from support.receiver import Receiver
from support.running import Sandbox, wait_for

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def test_each_id_and_address_that_is_answered_can_be_sent_back(start_server: StartServer, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628197000001", "Toko"), sandbox.phone("628197000002", "Budi")
    with Receiver() as receiver:
        server = start_server()
        events = ["message", "message.any", "message.reaction", "message.ack"]
        server.pair(sandbox, "own", shop, config={"webhooks": [{"url": receiver.url, "events": events}]})

        def ask(method: str, path: str, **body: Any) -> Any:
            answer = server.http.request(method, f"/api{path}", json=body or None)
            assert answer.is_success, (path, answer.text)
            return answer.json()

        first = server.send("own", budi, "first").json()
        wait_for(lambda: sandbox.texts(budi), what="the first text at the phone")
        heard_id = first["id"].rsplit("_", 1)[1]
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "text": "answer", "quoted": heard_id})
        answer = receiver.wait_for("message")["payload"]
        quoted = answer["replyTo"]["id"]
        record = answer["replyTo"].pop("_data")
        assert record["type"] == "chat"
        assert answer["replyTo"] == {
            "id": heard_id,
            "participant": f"{shop}@c.us",
            "participantPn": f"{shop}@c.us",
            "body": "first",
            "hasMedia": False,
            "media": None,
        }
        assert answer["_data"]["notifyName"] == "Budi"
        assert answer["_data"]["id"]["_serialized"] == answer["id"]
        assert answer["_data"]["quotedStanzaID"] == heard_id
        for chat in (answer["from"], answer["fromPn"], first["to"]):
            for message_id in (answer["id"], quoted, first["id"]):
                sent = ask("POST", "/sendText", session="own", chatId=chat, text="x", reply_to=message_id)
                assert sent["replyTo"]["id"] in (message_id, message_id.rsplit("_", 1)[-1])
                assert ask("GET", f"/own/chats/{chat}/messages/{message_id}")["id"]
                ask("PUT", "/star", session="own", messageId=message_id, chatId=chat, star=True)
                ask("PUT", "/reaction", session="own", messageId=message_id, reaction="👍")
        assert ask("PUT", f"/own/chats/{budi}/messages/{heard_id}", text="edited")["body"] == "edited"
        me = server.session("own")["me"]
        assert me["jid"] == f"{shop}:1@s.whatsapp.net"
        for own in (me["id"], me["lid"], me["jid"]):
            assert ask("GET", f"/contacts?session=own&contactId={own}")["isMe"] is True
        missing = server.http.get(f"/api/own/chats/{budi}/messages/3EB0FFFFFFFFFFFF")
        assert missing.json()["code"] == "not_found_in_whatsapp"

        media = {"kind": "image", "mimetype": "image/png", "data": PIXEL}
        sandbox.call("POST", f"/phones/{budi}/send", {"to": shop, "media": media})
        told = receiver.wait_for("message", hasMedia=True)["payload"]
        picture = told["id"]
        assert not {"mediaKey", "directPath", "body"} & set(told["_data"])
        asked = {"session": "own", "chatId": budi, "text": "which one?", "reply_to": picture}
        asking = ask("POST", "/sendText", **asked)["replyTo"]
        assert (asking["participant"], asking["hasMedia"]) == (told["from"], True)
        assert asking["_data"]["type"] == "image"
        told_of = receiver.wait_for("message.any", body="which one?")["payload"]["replyTo"]
        assert told_of == asking
        url = ask("GET", f"/own/chats/{budi}/messages/{picture}")["media"]["url"]
        sent = ask("POST", "/sendFile", session="own", chatId=budi, file={"url": url})
        assert sent["media"]["mimetype"] == "image/png"
        stored = sandbox.call("GET", f"/phones/{budi}/messages")[-1]["media"]
        copy = httpx.get(f"{sandbox.url}/_sandbox/media/{stored['file']}", trust_env=False, timeout=60)
        assert copy.content == base64.b64decode(PIXEL)

        for path in ("/ping", "/healthz", "/readyz", "/health", "/metrics", httpx.URL(url).path):
            head, whole = server.http.head(path), server.http.get(path)
            assert (head.status_code, head.content) == (whole.status_code, b""), path
            assert head.headers["content-type"] == whole.headers["content-type"], path
        file = httpx.head(url, trust_env=False)
        assert file.status_code == 401
        assert server.http.head(url).headers["content-length"] == str(len(base64.b64decode(PIXEL)))
        assert server.http.head("/api/sessions").status_code == 405
