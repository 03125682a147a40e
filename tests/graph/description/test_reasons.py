"""What Keras says, in one line."""

from __future__ import annotations

import pytest

from mtl.graph.description.reasons import reason

AUTOGRAPH = """in user code:

    File "shop.py", line 3, in call  *
        x = y

    ValueError: No basket.
"""


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
        (AUTOGRAPH, "No basket"),
        (
            "{{function_node __wrapped__N}} Bad type\n; NodeDef: {{node Neg}} [Op:Neg]",
            "Bad type",
        ),
        ("Too small for '{{node model/MatMul}} = MatMul[]' with input shapes: []", "Too small"),
        ("", "ValueError"),
        ("x" * 500, "x" * 399 + "…"),
    ],
)
def test_reason(message, expected):
    assert reason(ValueError(message)) == expected
