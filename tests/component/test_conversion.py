"""A file becomes one that WhatsApp's clients play, in a process with little time and memory; nothing of it is left."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import struct
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.recordings import KINDS, Found, Kind, probed, recording
from support.until import until
from tuntas.conversion.converter import MOST_WAITING, ConversionLimits, Converter
from tuntas.foundation.tasks import spawn
from tuntas.sessions.errors import ConverterMissing, FileTooLarge, NotConvertible, SessionError, TryLater
from tuntas.sessions.outgoing import FileSource, MessageKind

VOICE, VIDEO = MessageKind.VOICE, MessageKind.VIDEO
PICTURES = [name for name, kind in KINDS.items() if kind.pictures is not None]
PLAYABLE = Kind("mp4", "aac", "libx264", options=(("movflags", "+faststart"),))
SILENT = Kind("mp4", None, "libx264", options=(("movflags", "+faststart"),))
HUGE = LONG = Kind("avi", None, "mjpeg", "yuvj420p")


async def bytes_of(_: str, source: FileSource) -> tuple[bytes, str | None]:
    return base64.b64decode(source.data or ""), source.filename


def converter(folder: Path, **limits: Any) -> Converter:
    return Converter(folder / "converting", bytes_of, ConversionLimits(**limits))


def source(data: bytes, filename: str | None = "given.bin") -> FileSource:
    return FileSource(None, filename, base64.b64encode(data).decode())


def converted(
    folder: Path, data: bytes, kind: MessageKind, name: str | None = "given.bin", **limits: Any
) -> tuple[FileSource, bytes]:
    made = asyncio.run(converter(folder, **limits).convert("shop", source(data, name), kind))
    nothing_left(folder)
    return made, base64.b64decode(made.data or "")


def refusal(folder: Path, data: bytes, kind: MessageKind, **limits: Any) -> SessionError:
    with pytest.raises(SessionError) as refused:
        converted(folder, data, kind, **limits)
    nothing_left(folder)
    return refused.value


def nothing_left(folder: Path) -> None:
    assert list((folder / "converting").iterdir()) == []
    assert workers() == []


def begun(work: Coroutine[Any, Any, FileSource]) -> asyncio.Task[FileSource]:
    return spawn(work, name="conversion")


def workers() -> list[psutil.Process]:
    found = []
    for one in psutil.Process().children():
        with contextlib.suppress(psutil.Error):  # it has just ended
            if "tuntas.conversion.worker" in one.cmdline():
                found.append(one)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_sound_of_every_kind_becomes_a_voice_message(tmp_path: Path, kind: str) -> None:
    made, data = converted(tmp_path, recording(kind), VOICE, f"note.{kind}")
    assert (made.mimetype, made.filename) == ("audio/ogg; codecs=opus", "note.ogg")
    found = probed(data)
    assert (found.wrapping, found.sound, found.channels, found.rate) == ("ogg", "opus", 1, 48_000)
    assert found.pictures is None
    assert found.seconds == pytest.approx(2, abs=0.1)
    assert found.loudness > 0.25, "the tone is heard"


@pytest.mark.parametrize("kind", PICTURES)
def test_pictures_of_every_kind_become_a_video(tmp_path: Path, kind: str) -> None:
    made, data = converted(tmp_path, recording(kind), VIDEO, f"film.{kind}")
    assert (made.mimetype, made.filename) == ("video/mp4", "film.mp4")
    found = probed(data)
    plays_everywhere(found)
    assert (found.sound, found.size) == ("aac", (322, 180))
    assert found.seconds == pytest.approx(2, abs=0.1)
    assert found.loudness > 0.25


def plays_everywhere(found: Found) -> None:
    assert "mp4" in found.wrapping
    assert (found.pictures, found.pixels, found.plays_while_loading) == ("h264", "yuv420p", True)


def test_what_fits_is_left_as_it_is_byte_for_byte(tmp_path: Path) -> None:
    voice = recording(Kind("ogg", "libopus"), channels=1)
    made, data = converted(tmp_path, voice, VOICE, None)
    assert (data, made.mimetype, made.filename) == (voice, "audio/ogg; codecs=opus", "voice.ogg")
    for film in (recording(PLAYABLE), recording(SILENT)):
        assert converted(tmp_path, film, VIDEO)[1] == film


def test_only_the_wrapping_is_changed_where_only_that_is_wrong(tmp_path: Path) -> None:
    wrapped = recording(Kind("matroska", "aac", "libx264"))
    _, data = converted(tmp_path, wrapped, VIDEO)
    plays_everywhere(probed(data))
    quicktime = recording(Kind("mov", "aac", "libx264"))
    _, data = converted(tmp_path, quicktime, VIDEO)
    plays_everywhere(probed(data))
    assert abs(len(data) - len(quicktime)) < 2000, "its streams were not encoded again"


def test_sizes_become_even_and_no_larger_than_phones_send(tmp_path: Path) -> None:
    odd = recording(Kind("avi", None, "ffv1", "yuv444p"), size=(323, 181), seconds=0.4)
    assert probed(converted(tmp_path, odd, VIDEO)[1]).size == (322, 180)
    wide = recording(Kind("webm", None, "libvpx"), size=(2560, 1440), seconds=0.08)
    assert probed(converted(tmp_path, wide, VIDEO)[1]).size == (1280, 720)


def test_a_film_that_was_held_upright_is_upright(tmp_path: Path) -> None:
    film = bytearray(recording("mov"))
    at = film.index(b"tkhd") + 4 + 40
    film[at : at + 36] = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    assert probed(converted(tmp_path, bytes(film), VIDEO)[1]).size == (180, 322)


def test_a_cover_is_no_film_and_a_film_needs_no_sound(tmp_path: Path) -> None:
    _, data = converted(tmp_path, recording(Kind("webm", None, "libvpx")), VIDEO)
    assert (probed(data).sound, probed(data).pictures) == (None, "h264")
    error = refusal(tmp_path, recording(Kind("webm", None, "libvpx")), VOICE)
    assert "no sound" in str(error)
    assert "no moving pictures" in str(refusal(tmp_path, recording("mp3"), VIDEO))


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
CONCATENATION = b"ffconcat version 1.0\nfile /etc/passwd\n"
NO_RECORDINGS = {
    "empty": b"",
    "text": b"Hello! " * 100,
    "noise": bytes(range(256)) * 64,
    "PDF": b"%PDF-1.7\n" + b"0" * 1000,
    "playlist": PLAYLIST,
    "concatenation": CONCATENATION,
    "cut": recording("mov")[:2000],
    "head only": recording("webm")[:300],
}


@pytest.mark.parametrize("what", NO_RECORDINGS)
@pytest.mark.parametrize("kind", [VOICE, VIDEO])
def test_what_is_no_recording_is_refused_in_words(tmp_path: Path, what: str, kind: MessageKind) -> None:
    error = refusal(tmp_path, NO_RECORDINGS[what], kind)
    assert isinstance(error, NotConvertible)
    assert str(error).endswith(".")
    assert str(tmp_path) not in str(error)


def test_a_list_of_files_opens_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "secret.mp3").write_bytes(recording("mp3"))
    for text in (PLAYLIST, CONCATENATION):
        named = text.replace(b"file:///etc/passwd", f"file://{tmp_path}/secret.mp3".encode())
        named = named.replace(b"/etc/passwd", f"{tmp_path}/secret.mp3".encode())
        assert isinstance(refusal(tmp_path, named, VOICE), NotConvertible)


def test_a_damaged_part_costs_itself_only(tmp_path: Path) -> None:
    film = bytearray(recording("webm", seconds=4))
    middle = len(film) // 2
    film[middle : middle + 64] = bytes(64)
    assert probed(converted(tmp_path, bytes(film), VIDEO)[1]).seconds > 3


def test_what_is_too_long_is_refused_also_if_it_does_not_say_so(tmp_path: Path) -> None:
    for kind in ("wav", "webm"):
        error = refusal(tmp_path, recording(kind, seconds=3), VOICE, media_seconds=2)
        assert isinstance(error, NotConvertible)
        assert "TUNTAS_CONVERT_MEDIA_SECONDS" in str(error)
    live = recording(Kind("webm", "libopus", "libvpx", options=(("live", "1"),)), seconds=3)
    assert "TUNTAS_CONVERT_MEDIA_SECONDS" in str(refusal(tmp_path, live, VIDEO, media_seconds=2))


def test_time_is_bounded(tmp_path: Path) -> None:
    error = refusal(tmp_path, recording(LONG, seconds=8), VIDEO, seconds=0.05)
    assert isinstance(error, NotConvertible)
    assert "TUNTAS_CONVERT_TIMEOUT_SECONDS" in str(error)


@pytest.mark.skipif(sys.platform == "win32", reason="the limit is the system's")
def test_memory_and_size_are_bounded(tmp_path: Path) -> None:
    large = recording(HUGE, size=(4000, 4000), seconds=0.04)
    error = refusal(tmp_path, large, VIDEO, memory_bytes=300_000_000)
    assert isinstance(error, NotConvertible)
    assert "TUNTAS_CONVERT_MEGABYTES" in str(error)
    assert "pixels" in str(refusal(tmp_path, recording(HUGE, size=(8000, 4000), seconds=0.04), VIDEO))
    too_large = refusal(tmp_path, recording("mov", seconds=4), VIDEO, file_bytes=20_000)
    assert isinstance(too_large, FileTooLarge)
    assert isinstance(refusal(tmp_path, recording("mp3", seconds=4), VOICE, file_bytes=2_000), FileTooLarge)


Gone = Callable[[], Coroutine[Any, Any, None]]


@pytest.mark.parametrize("how", ["cancelled", "gone"])
def test_it_ends_with_its_caller_and_leaves_nothing(tmp_path: Path, how: str) -> None:
    async def main() -> None:
        film = source(recording(LONG, seconds=8))
        left = asyncio.Event()

        async def gone() -> None:
            await left.wait()

        subject = converter(tmp_path)
        work = begun(subject.convert("shop", film, VIDEO, gone))
        await until(lambda: bool(workers()))
        if how == "cancelled":
            work.cancel()
        else:
            left.set()
        with pytest.raises(asyncio.CancelledError if how == "cancelled" else TryLater):
            await work
        nothing_left(tmp_path)
        made = await subject.convert("shop", source(recording("mp3")), VOICE, gone if how == "cancelled" else None)
        assert made.filename == "given.ogg", "the next one has its turn"

    asyncio.run(main())


def test_there_are_no_more_at_once_than_allowed_and_not_too_many_wait(tmp_path: Path) -> None:
    async def main() -> None:
        subject = converter(tmp_path, at_once=2)
        most = 0
        tasks = [begun(subject.convert("shop", source(recording("mp3")), VOICE)) for _ in range(MOST_WAITING // 4 + 2)]
        while not all(task.done() for task in tasks):
            most = max(most, len(workers()))
            await asyncio.sleep(0.01)
        assert most == 2
        assert len({(await task).data for task in tasks}) == 1
        held = [begun(subject.convert("shop", source(recording("mp3")), VOICE)) for _ in range(MOST_WAITING + 2)]
        await until(lambda: len(workers()) == 2)
        with pytest.raises(TryLater):
            await subject.convert("shop", source(recording("mp3")), VOICE)
        for task in held:
            task.cancel()
        await asyncio.wait(held)
        nothing_left(tmp_path)

    asyncio.run(main())


def test_what_a_killed_server_left_is_gone_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "converting" / "old").mkdir(parents=True)
    (tmp_path / "converting" / "old" / "given").write_bytes(b"somebody's voice")
    converter(tmp_path)
    assert not (tmp_path / "converting").exists()


def test_without_the_extra_it_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ConverterMissing, match='pip install "av>='):
        asyncio.run(converter(tmp_path).convert("shop", source(b""), VOICE))
    monkeypatch.undo()
    # One that is installed and cannot be loaded is as good as missing.
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "av.py").write_text("raise ImportError('libx264', name='libx264')")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    with pytest.raises(ConverterMissing, match="libx264"):
        asyncio.run(converter(tmp_path).convert("shop", source(recording("mp3")), VOICE))


def test_a_file_that_waits_is_not_fetched_yet(tmp_path: Path) -> None:
    async def main() -> None:
        fetched: list[str | None] = []

        async def fetch(session: str, one: FileSource) -> tuple[bytes, str | None]:
            fetched.append(one.filename)
            return await bytes_of(session, one)

        reading: Callable[[str, FileSource], Awaitable[tuple[bytes, str | None]]] = fetch
        subject = Converter(tmp_path / "converting", reading, ConversionLimits(at_once=1))
        long = begun(subject.convert("shop", source(recording(LONG, seconds=8), "first"), VIDEO))
        await until(lambda: bool(workers()))
        second = begun(subject.convert("shop", source(recording("mp3"), "second"), VOICE))
        await asyncio.sleep(0)
        assert fetched == ["first"]
        long.cancel()
        await asyncio.wait([long])
        await second
        assert fetched == ["first", "second"]

    asyncio.run(main())
