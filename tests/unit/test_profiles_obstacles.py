from __future__ import annotations

import errno

import pytest

from tuntas.profiles.model import Reason
from tuntas.profiles.obstacles import Kind, classify


class WindowsError(OSError):
    """What CPython raises on Windows: the same errno for three different troubles, told apart by winerror."""

    def __init__(self, winerror: int) -> None:
        super().__init__(errno.EACCES, "as Windows says")
        self.winerror = winerror


@pytest.mark.parametrize(
    ("number", "kind", "reason"),
    [
        (errno.ENOENT, Kind.GONE, Reason.OTHER),
        (errno.EBUSY, Kind.TRANSIENT, Reason.IN_USE),
        (errno.ENOTEMPTY, Kind.TRANSIENT, Reason.IN_USE),
        (errno.EMFILE, Kind.TRANSIENT, Reason.OUT_OF_FILES),
        (errno.ESTALE, Kind.TRANSIENT, Reason.NOT_ANSWERING),
        (errno.EACCES, Kind.DENIED, Reason.PERMISSION),
        (errno.EPERM, Kind.DENIED, Reason.PERMISSION),
        (errno.EXDEV, Kind.IN_PLACE, Reason.CROSS_DEVICE),
        (errno.EROFS, Kind.STRUCTURAL, Reason.READ_ONLY),
        (errno.ENOSPC, Kind.STRUCTURAL, Reason.NO_SPACE),
        (errno.EIO, Kind.STRUCTURAL, Reason.IO_ERROR),
        (errno.EMLINK, Kind.TRANSIENT, Reason.OTHER),
    ],
)
def test_each_posix_error_has_one_meaning(number: int, kind: Kind, reason: Reason) -> None:
    obstacle = classify(OSError(number, "as the kernel says"))
    assert (obstacle.kind, obstacle.reason) == (kind, reason)


@pytest.mark.parametrize("number", [32, 33, 145, 170, 303, 1224])
def test_windows_errors_that_pass_are_in_use_whatever_their_errno(number: int) -> None:
    obstacle = classify(WindowsError(number))
    assert (obstacle.kind, obstacle.reason) == (Kind.TRANSIENT, Reason.IN_USE)


def test_windows_access_denied_is_not_taken_for_a_sharing_violation() -> None:
    assert classify(WindowsError(5)).reason is Reason.PERMISSION
    assert classify(WindowsError(17)).kind is Kind.IN_PLACE
    assert classify(WindowsError(112)).reason is Reason.NO_SPACE
    assert classify(WindowsError(2)).kind is Kind.GONE
