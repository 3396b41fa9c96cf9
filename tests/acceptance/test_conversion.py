"""What people record arrives at a phone as something that it plays; what is no recording is refused and not sent."""

from __future__ import annotations

import base64
import signal
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from conftest import StartServer
from support.recordings import KINDS, Kind, probed, recording
from support.running import KEY, Sandbox, Server, wait_for

LONG = Kind("avi", None, "mjpeg", "yuvj420p")


def as_data(data: bytes, **more: Any) -> dict[str, Any]:
    return {"data": base64.b64encode(data).decode()} | more


def arrived(sandbox: Sandbox, number: str) -> list[tuple[str, str, bytes]]:
    """Return the kind, type and bytes of each file that a phone has."""
    found = []
    for message in sandbox.call("GET", f"/phones/{number}/messages"):
        if (media := message.get("media")) is not None:
            data = httpx.get(f"{sandbox.url}/_sandbox/media/{media['file']}", trust_env=False, timeout=60).content
            found.append((media["kind"], media["mimetype"], data))
    return found


def workers(server: Server) -> list[psutil.Process]:
    found = []
    for one in psutil.process_iter():
        try:
            if str(server.data_dir / "converting") in " ".join(one.cmdline()):
                found.append(one)
        except psutil.Error:
            continue
    return found


def nothing_left(server: Server) -> None:
    folder = server.data_dir / "converting"
    wait_for(lambda: not workers(server) and not (folder.exists() and list(folder.iterdir())), what="nothing is left")


def test_recordings_of_every_kind_arrive_as_what_a_phone_plays(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628199000001"), sandbox.phone("628199000002")
    server.pair(sandbox, "shop", shop)
    here = {"session": "shop", "chatId": budi, "convert": True}
    for kind, made in KINDS.items():
        file = as_data(recording(kind), mimetype="application/octet-stream", filename=f"note.{kind}")
        sent = server.http.post("/api/sendVoice", json=here | {"file": file})
        assert sent.status_code == 201, sent.text
        if made.pictures is not None:
            sent = server.http.post("/api/sendVideo", json=here | {"file": file, "caption": "see"})
            assert sent.status_code == 201, sent.text
    found = arrived(sandbox, budi)
    assert [one[0] for one in found] == ["ptt", "ptt", "ptt", "ptt", "video", "ptt", "video", "ptt", "video"]
    for kind, mimetype, data in found:
        seen = probed(data)
        assert seen.seconds == pytest.approx(2, abs=0.1)
        if kind == "ptt":
            assert (mimetype, seen.wrapping, seen.sound, seen.channels) == ("audio/ogg; codecs=opus", "ogg", "opus", 1)
        else:
            assert (mimetype, seen.pictures, seen.pixels, seen.sound) == ("video/mp4", "h264", "yuv420p", "aac")
            assert seen.plays_while_loading

    count = len(found)
    for path, data in (("sendVoice", b"no recording"), ("sendVideo", recording("mp3"))):
        wrong = server.http.post(f"/api/{path}", json=here | {"file": as_data(data)}, headers={"Idempotency-Key": "w"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "not_convertible"), wrong.text
    assert len(arrived(sandbox, budi)) == count
    nothing_left(server)


def test_a_key_counts_for_a_converted_file_too(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628199000011"), sandbox.phone("628199000012")
    server.pair(sandbox, "shop", shop)
    body = {"session": "shop", "chatId": budi, "convert": True, "file": as_data(recording("wav"))}
    first, again = (
        server.http.post("/api/sendVoice", json=body, headers={"Idempotency-Key": "note-1"}) for _ in range(2)
    )
    assert first.status_code == again.status_code == 201, first.text
    assert (again.json()["id"], again.headers["Idempotent-Replayed"]) == (first.json()["id"], "true")
    assert len(arrived(sandbox, budi)) == 1


def test_a_file_is_converted_for_its_own_sake(server: Server) -> None:
    server.create("resting", start=False)
    address = "/api/resting/media/convert"
    document = server.http.post(
        f"{address}/voice", json=as_data(recording("m4a")), headers={"Accept": "application/json"}
    )
    assert document.status_code == 200, document.text
    assert document.json()["mimetype"] == "audio/ogg; codecs=opus"
    voice = base64.b64decode(document.json()["data"])
    assert probed(voice).sound == "opus"
    film = server.http.post(f"{address}/video", json=as_data(recording("mov")))
    assert film.headers["Content-Type"] == "video/mp4"
    assert probed(film.content).pictures == "h264"
    # What came out goes in again as it is.
    assert server.http.post(f"{address}/voice", json=as_data(voice)).content == voice
    assert server.http.post(f"{address}/video", json=as_data(film.content)).content == film.content
    for body, status, code in (
        ({}, 422, "invalid_input"),
        (as_data(b"x", url="http://example.com/a.mp3"), 422, "invalid_input"),
        (as_data(b"x"), 422, "not_convertible"),
        ({"url": "http://127.0.0.1:9/a.mp3"}, 422, "file_refused"),
    ):
        wrong = server.http.post(f"{address}/voice", json=body)
        assert (wrong.status_code, wrong.json()["code"]) == (status, code), wrong.text
    assert server.http.post("/api/nobody/media/convert/voice", json=as_data(b"x")).status_code == 404


def hang_up_while_converting(server: Server, path: str, body: dict[str, Any]) -> None:
    client = httpx.Client(base_url=server.url, headers={"X-Api-Key": KEY}, trust_env=False, timeout=0.2)
    with client, pytest.raises(httpx.ReadTimeout):
        client.post(path, json=body)


def test_who_hangs_up_is_not_worked_for(server: Server, sandbox: Sandbox) -> None:
    shop, budi = sandbox.phone("628199000021"), sandbox.phone("628199000022")
    server.pair(sandbox, "shop", shop)
    film = as_data(recording(LONG, seconds=40))
    hang_up_while_converting(server, "/api/shop/media/convert/video", film)
    hang_up_while_converting(
        server, "/api/sendVideo", {"session": "shop", "chatId": budi, "convert": True, "file": film}
    )
    nothing_left(server)
    assert server.send("shop", budi, "behind it").status_code == 201
    assert arrived(sandbox, budi) == []
    assert sandbox.texts(budi) == ["behind it"]


def test_a_killed_server_leaves_no_converter_and_no_file(start_server: StartServer) -> None:
    server = start_server()
    server.create("resting", start=False)
    film = as_data(recording(LONG, seconds=40))
    with httpx.Client(base_url=server.url, headers={"X-Api-Key": KEY}, trust_env=False, timeout=0.2) as client:
        for _ in range(5):
            with pytest.raises(httpx.ReadTimeout):
                client.post("/api/resting/media/convert/video", json=film)
            if found := workers(server):
                break
    server.stop(signal.SIGKILL)
    psutil.wait_procs(found, timeout=20)
    assert workers(server) == []
    again = start_server()
    nothing_left(again)


def test_without_the_extra_it_is_501_and_says_how_to_install_it(start_server: StartServer, tmp_path: Path) -> None:
    missing = tmp_path / "without"
    missing.mkdir()
    (missing / "av.py").write_text("raise ModuleNotFoundError('no', name='av')")
    server = start_server(PYTHONPATH=str(missing))
    server.create("resting", start=False)
    told = server.http.post("/api/resting/media/convert/voice", json=as_data(recording("mp3")))
    assert (told.status_code, told.json()["code"]) == (501, "not_installed")
    assert 'pip install "av>=' in told.json()["message"]
