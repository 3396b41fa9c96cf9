from __future__ import annotations

from pathlib import Path

import pytest

from tuntas.foundation.long_paths import extended, plain, windows_extended, windows_plain


@pytest.mark.parametrize(
    ("usual", "unlimited"),
    [
        ("C:\\data\\shop", "\\\\?\\C:\\data\\shop"),
        ("\\\\server\\share\\shop", "\\\\?\\UNC\\server\\share\\shop"),
    ],
)
def test_each_form_of_a_windows_path_leads_to_the_other(usual: str, unlimited: str) -> None:
    assert windows_extended(usual) == unlimited
    assert windows_extended(unlimited) == unlimited
    assert windows_plain(unlimited) == usual
    assert windows_plain(usual) == usual


def test_elsewhere_a_path_is_itself(tmp_path: Path) -> None:
    assert extended(tmp_path).samefile(tmp_path)
    assert Path(plain(str(extended(tmp_path)))) == tmp_path
