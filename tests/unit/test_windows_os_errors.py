"""What each error of Windows means for a removal. On any system: the table is data."""

from __future__ import annotations

import errno

import pytest

from tuntas.profiles.model import Reason
from tuntas.profiles.os_errors import ErrorKind, classify


class AsWindowsRaisesIt(OSError):
    """CPython gives errno 13 for access denied, sharing violation and lock violation alike."""

    def __init__(self, winerror: int) -> None:
        super().__init__(errno.EACCES, "as Windows says")
        self.winerror = winerror


@pytest.mark.parametrize("number", [5, 32, 33, 145, 170, 303, 1224])
def test_what_an_open_file_can_cause_is_tried_again(number: int) -> None:
    assert classify(AsWindowsRaisesIt(number)).kind is ErrorKind.TRANSIENT


@pytest.mark.parametrize(
    ("number", "kind", "reason"),
    [
        (2, ErrorKind.GONE, Reason.OTHER),
        (3, ErrorKind.GONE, Reason.OTHER),
        (4, ErrorKind.TRANSIENT, Reason.OUT_OF_FILES),
        (5, ErrorKind.TRANSIENT, Reason.PERMISSION),
        (8, ErrorKind.TRANSIENT, Reason.OTHER),
        (14, ErrorKind.TRANSIENT, Reason.OTHER),
        (16, ErrorKind.TRANSIENT, Reason.IN_USE),
        (17, ErrorKind.IN_PLACE, Reason.CROSS_DEVICE),
        (19, ErrorKind.STRUCTURAL, Reason.READ_ONLY),
        (21, ErrorKind.STRUCTURAL, Reason.IO_ERROR),
        (23, ErrorKind.STRUCTURAL, Reason.IO_ERROR),
        (32, ErrorKind.TRANSIENT, Reason.IN_USE),
        (33, ErrorKind.TRANSIENT, Reason.IN_USE),
        (39, ErrorKind.STRUCTURAL, Reason.NO_SPACE),
        (53, ErrorKind.TRANSIENT, Reason.NOT_ANSWERING),
        (59, ErrorKind.TRANSIENT, Reason.NOT_ANSWERING),
        (64, ErrorKind.TRANSIENT, Reason.NOT_ANSWERING),
        (112, ErrorKind.STRUCTURAL, Reason.NO_SPACE),
        (121, ErrorKind.TRANSIENT, Reason.NOT_ANSWERING),
        (145, ErrorKind.TRANSIENT, Reason.IN_USE),
        (170, ErrorKind.TRANSIENT, Reason.IN_USE),
        (183, ErrorKind.TRANSIENT, Reason.IN_USE),
        (206, ErrorKind.STRUCTURAL, Reason.NAME_TOO_LONG),
        (267, ErrorKind.TRANSIENT, Reason.IN_USE),
        (303, ErrorKind.TRANSIENT, Reason.IN_USE),
        (1117, ErrorKind.STRUCTURAL, Reason.IO_ERROR),
        (1224, ErrorKind.TRANSIENT, Reason.IN_USE),
        (1295, ErrorKind.STRUCTURAL, Reason.NO_SPACE),
        (1392, ErrorKind.STRUCTURAL, Reason.IO_ERROR),
        (1393, ErrorKind.STRUCTURAL, Reason.IO_ERROR),
        (1450, ErrorKind.TRANSIENT, Reason.OTHER),
        (99_999, ErrorKind.TRANSIENT, Reason.OTHER),
    ],
)
def test_each_error_has_one_meaning_whatever_its_errno(number: int, kind: ErrorKind, reason: Reason) -> None:
    obstacle = classify(AsWindowsRaisesIt(number))
    assert (obstacle.kind, obstacle.reason) == (kind, reason)
