"""Recordings of each kind that people send, made by PyAV: a tone, pictures that change; and what is in a recording."""

from __future__ import annotations

import functools
import io
import math
import tempfile
from array import array
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

RATE = 44_100
QUICK = {"libvpx": {"deadline": "realtime", "cpu-used": "8"}, "libx264": {"preset": "ultrafast"}}


@dataclass(frozen=True)
class Kind:
    """How a recording is made: FFmpeg's words for its wrapping, sound and pictures."""

    wrapping: str
    sound: str | None
    pictures: str | None = None
    pixels: str = "yuv420p"
    options: tuple[tuple[str, str], ...] = ()


KINDS = {
    "mp3": Kind("mp3", "libmp3lame"),
    "wav": Kind("wav", "pcm_s16le"),
    "m4a": Kind("ipod", "aac"),
    "mov": Kind("mov", "aac", "libx264", "yuv444p"),
    "webm": Kind("webm", "libopus", "libvpx"),
    "avi": Kind("avi", "libmp3lame", "mpeg4"),
}


@functools.cache
def recording(
    kind: str | Kind, *, seconds: float = 2.0, size: tuple[int, int] = (322, 180), channels: int = 2
) -> bytes:
    """Return a recording of this kind."""
    made = KINDS[kind] if isinstance(kind, str) else kind
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "made"
        _record(str(into), made, seconds, size, channels)
        return into.read_bytes()


def _record(into: str, made: Kind, seconds: float, size: tuple[int, int], channels: int) -> None:
    with av.open(into, "w", format=made.wrapping, container_options=dict(made.options)) as output:
        film: VideoStream | None = None
        sound: AudioStream | None = None
        if made.pictures is not None:
            film = cast("VideoStream", output.add_stream(made.pictures, rate=25, options=QUICK.get(made.pictures, {})))
            film.width, film.height = size
            film.pix_fmt = made.pixels
        if made.sound is not None:
            rate = 48_000 if made.sound == "libopus" else RATE
            layout = "stereo" if channels == 2 else "mono"
            sound = cast("AudioStream", output.add_stream(made.sound, rate=rate, layout=layout))
        for number in range(round(seconds * 25)):
            if film is not None:
                output.mux(film.encode(_picture(number, *size)))
            if sound is not None:
                output.mux(sound.encode(_tone(number, sound.rate, channels)))
        if film is not None:
            output.mux(film.encode(None))
        if sound is not None:
            output.mux(sound.encode(None))


def _picture(number: int, width: int, height: int) -> VideoFrame:
    frame = VideoFrame(width, height, "yuv420p")
    for plane, level in zip(frame.planes, (number * 5 % 256, 90, 160), strict=True):
        plane.update(bytes([level]) * plane.buffer_size)
    frame.pts, frame.time_base = number, Fraction(1, 25)
    return frame


def _tone(number: int, rate: int, channels: int) -> AudioFrame:
    samples = rate // 25
    wave = array("h")
    for at in range(number * samples, (number + 1) * samples):
        wave.extend([round(12_000 * math.sin(at * 440 * math.tau / rate))] * channels)
    frame = AudioFrame(format="s16", layout="stereo" if channels == 2 else "mono", samples=samples)
    frame.planes[0].update(wave.tobytes())
    frame.sample_rate, frame.pts, frame.time_base = rate, number * samples, Fraction(1, rate)
    return frame


@dataclass(frozen=True)
class Found:
    """What is in a recording; ``seconds`` are those that can really be decoded."""

    wrapping: str
    sound: str | None
    channels: int | None
    rate: int | None
    pictures: str | None
    pixels: str | None
    size: tuple[int, int] | None
    seconds: float
    loudness: float
    plays_while_loading: bool


def probed(data: bytes) -> Found:
    """Decode a recording to its end and say what was in it."""
    with av.open(io.BytesIO(data), "r") as container:
        sounds, films = container.streams.audio, container.streams.video
        heard, seen, loudest = 0, 0.0, 0
        to_numbers = AudioResampler(format="s16", layout="mono")
        for frame in container.decode(*(one for one in (*sounds[:1], *films[:1]))):
            if isinstance(frame, AudioFrame):
                heard += frame.samples
                for numbers in to_numbers.resample(frame):
                    wave = array("h", bytes(numbers.planes[0])[: numbers.samples * 2])
                    loudest = max(loudest, *map(abs, wave))
            elif isinstance(frame, VideoFrame):
                seen = max(seen, (frame.time or 0.0) + 1 / 25)
        sound = sounds[0] if sounds else None
        film = films[0] if films else None
        return Found(
            wrapping=container.format.name,
            sound=None if sound is None else sound.codec_context.codec.canonical_name,
            channels=None if sound is None else sound.channels,
            rate=None if sound is None else sound.rate,
            pictures=None if film is None else film.codec_context.codec.canonical_name,
            pixels=None if film is None else film.pix_fmt,
            size=None if film is None else (film.width, film.height),
            seconds=seen if sound is None else heard / (sound.rate or 1),
            loudness=loudest / 32768,
            plays_while_loading=0 < data.find(b"moov") < data.find(b"mdat"),
        )
