"""What Keras says, in one line."""

from __future__ import annotations

import pytest

from mtl.graph.description.reasons import reason


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Wrong shape.", "Wrong shape"),
        ("Two\n   lines", "Two lines"),
        (
            (
                "Exception encountered when calling Reshape.call().\n\n\x1b[1mSizes "
                "differ\x1b[0m\n\n"
                "Arguments received by Reshape.call():\n  • args=('<KerasTensor shape=(None, 3)>',)"
            ),
            "Sizes differ",
        ),
        ("", "ValueError"),
        ("x" * 500, "x" * 399 + "…"),
    ],
)
def test_reason(message, expected):
    assert reason(ValueError(message)) == expected
