"""A way to read what is wrong with a description."""

from __future__ import annotations

import pytest

from mtl.errors import ConfigError
from mtl.models.graph import graph


@pytest.fixture
def said():
    """Return the problems of a description as lines, `path: found. expected`."""

    def read(**sections) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            graph(**sections)
        return [str(problem) for problem in caught.value.problems]

    return read
