"""What each error of Windows means for a removal. On any system: the table is data."""

from __future__ import annotations

import errno

import pytest

from tuntas.profiles.model import Reason
from tuntas.profiles.obstacles import Kind, classify


class AsWindowsRaisesIt(OSError):
    """CPython gives errno 13 for access denied, sharing violation and lock violation alike."""

    def __init__(self, winerror: int) -> None:
        super().__init__(errno.EACCES, "as Windows says")
        self.winerror = winerror


@pytest.mark.parametrize("number", [5, 32, 33, 145, 170, 303, 1224])
def test_what_an_open_file_can_cause_is_tried_again(number: int) -> None:
    assert classify(AsWindowsRaisesIt(number)).kind is Kind.TRANSIENT


@pytest.mark.parametrize(
    ("number", "kind", "reason"),
    [
        (2, Kind.GONE, Reason.OTHER),
        (3, Kind.GONE, Reason.OTHER),
        (4, Kind.TRANSIENT, Reason.OUT_OF_FILES),
        (5, Kind.TRANSIENT, Reason.PERMISSION),
        (8, Kind.TRANSIENT, Reason.OTHER),
        (14, Kind.TRANSIENT, Reason.OTHER),
        (16, Kind.TRANSIENT, Reason.IN_USE),
        (17, Kind.IN_PLACE, Reason.CROSS_DEVICE),
        (19, Kind.STRUCTURAL, Reason.READ_ONLY),
        (21, Kind.STRUCTURAL, Reason.IO_ERROR),
        (23, Kind.STRUCTURAL, Reason.IO_ERROR),
        (32, Kind.TRANSIENT, Reason.IN_USE),
        (33, Kind.TRANSIENT, Reason.IN_USE),
        (39, Kind.STRUCTURAL, Reason.NO_SPACE),
        (53, Kind.TRANSIENT, Reason.NOT_ANSWERING),
        (59, Kind.TRANSIENT, Reason.NOT_ANSWERING),
        (64, Kind.TRANSIENT, Reason.NOT_ANSWERING),
        (112, Kind.STRUCTURAL, Reason.NO_SPACE),
        (121, Kind.TRANSIENT, Reason.NOT_ANSWERING),
        (145, Kind.TRANSIENT, Reason.IN_USE),
        (170, Kind.TRANSIENT, Reason.IN_USE),
        (183, Kind.TRANSIENT, Reason.IN_USE),
        (206, Kind.STRUCTURAL, Reason.NAME_TOO_LONG),
        (267, Kind.TRANSIENT, Reason.IN_USE),
        (303, Kind.TRANSIENT, Reason.IN_USE),
        (1117, Kind.STRUCTURAL, Reason.IO_ERROR),
        (1224, Kind.TRANSIENT, Reason.IN_USE),
        (1295, Kind.STRUCTURAL, Reason.NO_SPACE),
        (1392, Kind.STRUCTURAL, Reason.IO_ERROR),
        (1393, Kind.STRUCTURAL, Reason.IO_ERROR),
        (1450, Kind.TRANSIENT, Reason.OTHER),
        (99_999, Kind.TRANSIENT, Reason.OTHER),
    ],
)
def test_each_error_has_one_meaning_whatever_its_errno(number: int, kind: Kind, reason: Reason) -> None:
    obstacle = classify(AsWindowsRaisesIt(number))
    assert (obstacle.kind, obstacle.reason) == (kind, reason)
