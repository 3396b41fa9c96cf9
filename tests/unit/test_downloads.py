"""A file out of a page: asked for its size before it is loaded, and never more than it said."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from tuntas.sessions.errors import FileTooLarge, PageUnavailable
from tuntas.sessions.page_calls import PageCall
from tuntas.whatsapp.downloads import download
from tuntas.whatsapp.fetching import FileLimits
from tuntas.whatsapp.uploads import PART_BYTES

LIMITS = FileLimits(most_bytes=2 * PART_BYTES)


class ToldBridge:
    """Answers what a test says, and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[PageCall] = []

    async def call(self, call: PageCall, arguments: Any, **_: Any) -> Any:
        self.asked.append(call)
        answer = self.answers.get(call.value)
        return answer(arguments) if callable(answer) else answer


def downloaded(bridge: ToldBridge) -> bytes:
    async def main() -> bytes:
        async with download(bridge, "true_1", LIMITS) as found:  # type: ignore[arg-type]
            return b"".join([part async for part in found.parts()])

    return asyncio.run(main())


def opened(size: Any) -> dict[str, Any]:
    return {"size": size, "mimetype": "image/png", "filename": "a.png"}


def test_a_file_comes_in_parts_and_is_forgotten() -> None:
    data = bytes(range(256)) * 2000
    bridge = ToldBridge(
        describeFile={"size": len(data)},
        openDownload=opened(len(data)),
        downloadPart=lambda asked: base64.b64encode(data[asked["offset"] :][: asked["length"]]).decode(),
    )
    assert downloaded(bridge) == data
    parts = [PageCall.DOWNLOAD_PART] * 2
    assert bridge.asked == [PageCall.DESCRIBE_FILE, PageCall.OPEN_DOWNLOAD, *parts, PageCall.DROP_DOWNLOAD]


def test_a_file_that_is_too_large_is_never_loaded() -> None:
    bridge = ToldBridge(describeFile={"size": LIMITS.most_bytes + 1})
    with pytest.raises(FileTooLarge, match="TUNTAS_MEDIA_MAX_BYTES"):
        downloaded(bridge)
    assert bridge.asked == [PageCall.DESCRIBE_FILE]


def test_a_file_that_is_larger_than_its_message_says_is_forgotten_before_a_part_of_it_comes() -> None:
    bridge = ToldBridge(describeFile={"size": None}, openDownload=opened(LIMITS.most_bytes + 1))
    with pytest.raises(FileTooLarge):
        downloaded(bridge)
    assert bridge.asked == [PageCall.DESCRIBE_FILE, PageCall.OPEN_DOWNLOAD, PageCall.DROP_DOWNLOAD]


@pytest.mark.parametrize("size", [-1, "many", 1e300, [], {"a": 1}, 2**60])
def test_a_size_that_is_none_is_an_answer_that_cannot_be_used(size: Any) -> None:
    with pytest.raises(PageUnavailable):
        downloaded(ToldBridge(describeFile={"size": size}))
    with pytest.raises(PageUnavailable):
        downloaded(ToldBridge(describeFile={"size": None}, openDownload=opened(size)))


@pytest.mark.parametrize("part", [None, 7, "", "no base64!", base64.b64encode(b"abcd").decode(), "é", ["YWJj"]])
def test_a_part_that_is_not_what_was_asked_for_ends_the_download(part: Any) -> None:
    bridge = ToldBridge(describeFile={"size": 3}, openDownload=opened(3), downloadPart=part)
    with pytest.raises(PageUnavailable):
        downloaded(bridge)
    assert bridge.asked[-1] is PageCall.DROP_DOWNLOAD


def test_a_name_without_end_is_cut_and_no_reason_not_to_have_the_file() -> None:
    async def main() -> None:
        bridge = ToldBridge(describeFile={"size": 0}, openDownload=opened(0) | {"filename": "n" * 1000})
        async with download(bridge, "true_1", LIMITS) as found:  # type: ignore[arg-type]
            assert found.filename == "n" * 255

    asyncio.run(main())
