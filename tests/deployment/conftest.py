"""The image, built by the first test that wants it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support import images


@pytest.fixture(scope="session")
def image() -> Iterator[images.Image]:
    with images.built() as built:
        yield built
