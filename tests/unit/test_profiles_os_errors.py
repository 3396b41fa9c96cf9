from __future__ import annotations

import errno

import pytest

from tuntas.profiles.model import Reason
from tuntas.profiles.os_errors import ErrorKind, classify


class WindowsError(OSError):
    """What CPython raises on Windows: the same errno for three different troubles, told apart by winerror."""

    def __init__(self, winerror: int) -> None:
        super().__init__(errno.EACCES, "as Windows says")
        self.winerror = winerror


@pytest.mark.parametrize(
    ("number", "kind", "reason"),
    [
        (errno.ENOENT, ErrorKind.GONE, Reason.OTHER),
        (errno.EBUSY, ErrorKind.TRANSIENT, Reason.IN_USE),
        (errno.ENOTEMPTY, ErrorKind.TRANSIENT, Reason.IN_USE),
        (errno.EMFILE, ErrorKind.TRANSIENT, Reason.OUT_OF_FILES),
        (errno.ESTALE, ErrorKind.TRANSIENT, Reason.NOT_ANSWERING),
        (errno.EACCES, ErrorKind.DENIED, Reason.PERMISSION),
        (errno.EPERM, ErrorKind.DENIED, Reason.PERMISSION),
        (errno.EXDEV, ErrorKind.IN_PLACE, Reason.CROSS_DEVICE),
        (errno.EROFS, ErrorKind.STRUCTURAL, Reason.READ_ONLY),
        (errno.ENOSPC, ErrorKind.STRUCTURAL, Reason.NO_SPACE),
        (errno.EIO, ErrorKind.STRUCTURAL, Reason.IO_ERROR),
        (errno.EMLINK, ErrorKind.TRANSIENT, Reason.OTHER),
    ],
)
def test_each_posix_error_has_one_meaning(number: int, kind: ErrorKind, reason: Reason) -> None:
    obstacle = classify(OSError(number, "as the kernel says"))
    assert (obstacle.kind, obstacle.reason) == (kind, reason)


@pytest.mark.parametrize("number", [32, 33, 145, 170, 303, 1224])
def test_windows_errors_that_pass_are_in_use_whatever_their_errno(number: int) -> None:
    obstacle = classify(WindowsError(number))
    assert (obstacle.kind, obstacle.reason) == (ErrorKind.TRANSIENT, Reason.IN_USE)


def test_windows_access_denied_is_not_taken_for_a_sharing_violation() -> None:
    assert classify(WindowsError(5)).reason is Reason.PERMISSION
    assert classify(WindowsError(17)).kind is ErrorKind.IN_PLACE
    assert classify(WindowsError(112)).reason is Reason.NO_SPACE
    assert classify(WindowsError(2)).kind is ErrorKind.GONE
