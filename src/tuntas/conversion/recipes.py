"""What is done with a file: voice becomes Opus in Ogg, video H.264 and AAC in MP4. Runs in the worker's process only.

What is as it should be is left as it is; where only the wrapping is wrong, the streams are taken over as they are.
Nothing that a file names is opened: formats that are lists of other files are not among those that are known here.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import ExternalError, FFmpegError, InvalidDataError
from av.filter import Graph
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from tuntas.conversion.order import ConversionOrder, MadeTooLarge, UnfitFile

VOICE, VIDEO = "voice", "video"
VOICE_ANSWER = {"mimetype": "audio/ogg; codecs=opus", "suffix": ".ogg"}
VIDEO_ANSWER = {"mimetype": "video/mp4", "suffix": ".mp4"}
# One file each: no playlists, no lists of parts, nothing that is generated or comes from a device.
FORMATS = (
    "3g2,3gp,aac,ac3,aiff,amr,amrnb,amrwb,asf,au,avi,caf,eac3,flac,flv,gif,h264,hevc,ivf,m4a,m4v,matroska,mj2,mov,mp2,"
    "mp3,mp4,mpeg,mpegts,mpegvideo,ogg,opus,swf,tta,w64,wav,webm,wv"
)
RATE = 48_000
VOICE_BITS, SOUND_BITS = 32_000, 128_000
# What phones send as HD.
LONGEST_EDGE = 1280
# Twice what is known as 4K. A picture of more takes more memory than its worth, and a few bytes can ask for it.
MOST_PIXELS = 4096 * 4320
FRAMES_PER_SECOND = 60
TICKS = 90_000
THREADS = "2"
# No numbers by chance: the same file becomes the same file.
REPEATABLE = {"fflags": "+bitexact"}
MOST_DAMAGED = 1000


@dataclass(slots=True)
class _Source:
    """An open file, and how far it was read."""

    container: InputContainer
    order: ConversionOrder
    damaged: int = 0

    def first(self, kind: str) -> Any:
        """Return the first stream of this kind that is played, None if there is none."""
        return next(
            (
                one
                for one in self.container.streams
                if one.type == kind and not one.disposition & Disposition.attached_pic and one.codec_context is not None
            ),
            None,
        )

    def frames(self, *streams: Any) -> Iterator[AudioFrame | VideoFrame]:
        """Decode; what is damaged is left out, as players do."""
        for packet in self.container.demux(*streams):
            try:
                decoded = packet.decode()
            except InvalidDataError:
                self.damaged += 1
                if self.damaged > MOST_DAMAGED:
                    message = "The file is damaged."
                    raise UnfitFile(message) from None
                continue
            for frame in decoded:
                if isinstance(frame, AudioFrame | VideoFrame):
                    self._require_length(None if frame.pts is None else frame.time)
                    yield frame

    def require_length(self) -> None:
        """Refuse what says of itself that it is too long."""
        if self.container.duration is not None:
            self._require_length(self.container.duration / av.time_base)

    def _require_length(self, seconds: float | None) -> None:
        if seconds is not None and seconds > self.order.media_seconds:
            message = f"The recording is longer than {self.order.media_seconds:g} s (TUNTAS_CONVERT_MEDIA_SECONDS)."
            raise UnfitFile(message)


def follow(order: ConversionOrder) -> dict[str, Any]:
    """Do what is ordered; return whether the file was fit as it is, and what it is called now.

    Raises:
        UnfitFile: it cannot be done with this file.
        MadeTooLarge: it came to too many bytes.
    """
    av.logging.set_level(av.logging.PANIC)
    given, made = Path(order.folder) / "given", Path(order.folder) / "made"
    try:
        with (
            given.open("rb") as file,
            av.open(
                file, "r", container_options={"format_whitelist": FORMATS, "protocol_whitelist": "none"}
            ) as container,
        ):
            source = _Source(container, order)
            source.require_length()
            if order.kind == VOICE:
                return VOICE_ANSWER | {"is_fit": _make_voice(source, made)}
            return VIDEO_ANSWER | {"is_fit": _make_video(source, given, made)}
    except ExternalError:
        raise  # an encoder's own, which does not say whether it lacks memory or cannot do with the file
    except FFmpegError as error:
        if error.errno == errno.ENOMEM:
            raise MemoryError from error
        if error.errno == errno.EFBIG:
            raise MadeTooLarge from error
        message = f"The file is not one that can be converted: {error.strerror}."
        raise UnfitFile(message) from error


def _make_voice(source: _Source, made: Path) -> bool:
    stream: AudioStream | None = source.first("audio")
    if stream is None:
        message = "The file has no sound in it."
        raise UnfitFile(message)
    is_ogg = "ogg" in source.container.format.name.split(",")
    is_opus = stream.codec.canonical_name == "opus" and stream.codec_context.channels == 1
    if is_ogg and is_opus and len(source.container.streams) == 1:
        _require_some(source, stream)
        return True
    with av.open(str(made), "w", format="ogg", container_options=REPEATABLE) as output:
        target = output.add_stream("libopus", rate=RATE, layout="mono", options={"application": "voip"})
        target.bit_rate = VOICE_BITS
        sound = _Sound(target, output, "s16", "mono")
        for frame in source.frames(stream):
            assert isinstance(frame, AudioFrame)
            sound.add(frame)
        sound.finish()
    if sound.is_empty:
        message = "The file has no sound in it that can be read."
        raise UnfitFile(message)
    return False


def _require_some(source: _Source, stream: Any) -> None:
    if next(source.frames(stream), None) is None:
        message = "Nothing in the file can be read."
        raise UnfitFile(message)


class _Sound:
    """Sound on its way into an encoder: gaps in a recording's times are closed, as they are inaudible in one stream."""

    def __init__(self, target: AudioStream, output: OutputContainer, sample_format: str, layout: str) -> None:
        self._target = target
        self._output = output
        self._resampler = AudioResampler(format=sample_format, layout=layout, rate=RATE)
        self._samples = 0
        self._parameters: tuple[str, str, int] | None = None
        self._shape = (sample_format, layout)
        self.is_empty = True

    def add(self, frame: AudioFrame, *, at_seconds: float = 0.0) -> None:
        """Encode ``frame``; the first one begins ``at_seconds``."""
        parameters = (frame.format.name, frame.layout.name, frame.sample_rate)
        if parameters != self._parameters:
            if self._parameters is not None:  # a recording may change from mono to stereo on its way
                self._encode(self._resampler.resample(None))
                self._resampler = AudioResampler(format=self._shape[0], layout=self._shape[1], rate=RATE)
            self._parameters = parameters
        if self.is_empty:
            self._samples = max(0, round(at_seconds * RATE))
            self.is_empty = False
        frame.pts = None
        self._encode(self._resampler.resample(frame))

    def finish(self) -> None:
        """Encode what is left."""
        if self.is_empty:
            return
        self._encode(self._resampler.resample(None))
        self._output.mux(self._target.encode(None))

    def _encode(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            frame.pts, frame.time_base = self._samples, Fraction(1, RATE)
            self._samples += frame.samples
            self._output.mux(self._target.encode(frame))


def _make_video(source: _Source, given: Path, made: Path) -> bool:
    pictures: VideoStream | None = source.first("video")
    sound: AudioStream | None = source.first("audio")
    if pictures is None:
        message = "The file has no moving pictures in it."
        raise UnfitFile(message)
    if pictures.codec_context.width * pictures.codec_context.height > MOST_PIXELS:
        message = f"The video's pictures have more than {MOST_PIXELS} pixels."
        raise UnfitFile(message)
    if _are_playable(pictures, sound):
        if _is_well_wrapped(given) and len(source.container.streams) == 1 + (sound is not None):
            _require_some(source, pictures)
            return True
        _wrap(source, [one for one in (pictures, sound) if one is not None], made)
        return False
    _encode_video(source, pictures, sound, made)
    return False


def _are_playable(pictures: VideoStream, sound: AudioStream | None) -> bool:
    context = pictures.codec_context
    return (
        pictures.codec.name == "h264"
        and context.pix_fmt == "yuv420p"
        and context.width % 2 == context.height % 2 == 0
        and (sound is None or sound.codec.name == "aac")
    )


def _is_well_wrapped(path: Path) -> bool:
    """Whether it is MP4 (not QuickTime) whose index stands before the pictures: it plays while it is being loaded."""
    brand, boxes = b"", []
    with path.open("rb") as file:
        while len(head := file.read(8)) == 8:
            size, name = int.from_bytes(head[:4]), head[4:]
            if size == 1:
                size = int.from_bytes(file.read(8))
                file.seek(-8, 1)
            if name == b"ftyp":
                brand = file.read(4)
                file.seek(-4, 1)
            boxes.append(name)
            if size < 8 or len(boxes) > 1000:
                break
            file.seek(size - 8, 1)
    is_mp4 = brand not in (b"", b"qt  ")
    return is_mp4 and b"moov" in boxes and b"mdat" in boxes and boxes.index(b"moov") < boxes.index(b"mdat")


def _open_mp4(made: Path) -> OutputContainer:
    return av.open(str(made), "w", format="mp4", container_options={"movflags": "+faststart", **REPEATABLE})


def _wrap(source: _Source, streams: list[Any], made: Path) -> None:
    with _open_mp4(made) as output:
        targets = {one.index: output.add_stream_from_template(one) for one in streams}
        for packet in source.container.demux(*streams):
            if packet.dts is not None:
                packet.stream = targets[packet.stream.index]
                output.mux(packet)


def _encode_video(source: _Source, pictures: VideoStream, sound: AudioStream | None, made: Path) -> None:
    start = (source.container.start_time or 0) / av.time_base
    with _open_mp4(made) as output:
        film = _Film(output, pictures, start)
        heard = None
        if sound is not None:
            target = output.add_stream("aac", rate=RATE, layout="stereo")
            target.bit_rate = SOUND_BITS
            heard = _Sound(target, output, "fltp", "stereo")
        for frame in source.frames(*(one for one in (pictures, sound) if one is not None)):
            if isinstance(frame, VideoFrame):
                film.add(frame)
            elif heard is not None:
                heard.add(frame, at_seconds=(frame.time or 0.0) - start)
        film.finish()
        if heard is not None:
            heard.finish()
    if film.is_empty:
        message = "The file has no pictures in it that can be read."
        raise UnfitFile(message)


class _Film:
    """Pictures on their way into the encoder: upright, of even sizes, not too many a second."""

    def __init__(self, output: OutputContainer, pictures: VideoStream, start_seconds: float) -> None:
        self._output = output
        self._start_seconds = start_seconds
        self._rate = pictures.average_rate or pictures.guessed_rate or Fraction(25)
        self._aspect = pictures.sample_aspect_ratio or Fraction(1)
        rate = min(Fraction(self._rate), Fraction(FRAMES_PER_SECOND))
        self._target = output.add_stream(
            "libx264", rate=rate, options={"preset": "veryfast", "crf": "24", "threads": THREADS}
        )
        self._target.pix_fmt = "yuv420p"
        self._target.codec_context.time_base = Fraction(1, TICKS)
        self._size: tuple[int, int] | None = None
        self._turned: Graph | None = None
        self._last: int | None = None
        self.is_empty = True

    def add(self, frame: VideoFrame) -> None:
        """Encode ``frame``, unless it follows the last one too soon."""
        if frame.pts is None:
            ticks = 0 if self._last is None else self._last + int(TICKS / self._rate)
        else:
            ticks = max(0, round((frame.time - self._start_seconds) * TICKS))
        if self._last is not None and ticks - self._last < TICKS // FRAMES_PER_SECOND - TICKS // 1000:
            return
        if self._size is None:
            self._begin(frame)
        assert self._size is not None
        fitting = frame.reformat(width=self._size[0], height=self._size[1], format="yuv420p")
        if self._turned is not None:
            self._turned.vpush(fitting)
            fitting = self._turned.vpull()
        self._last, self.is_empty = ticks, False
        fitting.pts, fitting.time_base = ticks, Fraction(1, TICKS)
        fitting.pict_type = PictureType.NONE
        self._mux(self._target.encode(fitting))

    def finish(self) -> None:
        """Encode what is left."""
        if not self.is_empty:
            self._mux(self._target.encode(None))

    def _begin(self, frame: VideoFrame) -> None:
        width, height = frame.width * float(self._aspect), float(frame.height)
        scale = min(1.0, LONGEST_EDGE / max(width, height))
        size = (_even(width * scale), _even(height * scale))
        quarters = round(frame.rotation / 90) % 4
        if quarters:
            self._turned = _turning(quarters, *size)
        self._size = size
        self._target.width, self._target.height = size[::-1] if quarters % 2 else size

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        self._output.mux(packets)


def _even(edge: float) -> int:
    return max(2, int(edge) // 2 * 2)


def _turning(quarters: int, width: int, height: int) -> Graph:
    """Return what turns pictures by so many quarters, counter-clockwise: phones write down how they were held."""
    graph = Graph()
    steps = [
        graph.add_buffer(width=width, height=height, format=av.VideoFormat("yuv420p"), time_base=Fraction(1, TICKS))
    ]
    steps += [graph.add("transpose", "cclock") for _ in range(quarters)]
    steps.append(graph.add("buffersink"))
    graph.link_nodes(*steps)
    graph.configure()
    return graph
