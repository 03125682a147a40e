"""Shapes and types of inputs."""

from __future__ import annotations

import pytest

from mtl.models.graph import graph

SHAPE = "Expected a list of whole numbers from 1, null for any size: [100], [null, 3]."


def test_shapes_and_types():
    model = graph(
        inputs={
            "ids": {"shape": [7], "dtype": "int32"},
            "images": {"shape": [None, None, 3], "dtype": "uint8"},
            "number": {"shape": []},
        },
        outputs={"a": "ids", "b": "images", "c": "number"},
    )
    assert {name: (tensor.shape, tensor.dtype) for name, tensor in model.input.items()} == {
        "ids": ((None, 7), "int32"),
        "images": ((None, None, None, 3), "uint8"),
        "number": ((None,), "float32"),
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, f"model.inputs.x.shape: missing. {SHAPE}"),
        ({"shape": 3}, f"model.inputs.x.shape: found 3. {SHAPE}"),
        ({"shape": "[3]"}, f"model.inputs.x.shape: found '[3]'. {SHAPE}"),
        ({"shape": [0]}, f"model.inputs.x.shape: found [0]. {SHAPE}"),
        ({"shape": [True]}, f"model.inputs.x.shape: found [True]. {SHAPE}"),
        ({"shape": [2.0]}, f"model.inputs.x.shape: found [2.0]. {SHAPE}"),
        (
            {"shape": [2], "size": 3},
            "model.inputs.x.size: an input has no setting 'size'. Known: dtype, shape.",
        ),
        ({"shape": [2], "dtype": "flaot32"}, "model.inputs.x.dtype: 'flaot32' is not a dtype. Did"),
        ({"shape": [2], "dtype": [1]}, "model.inputs.x.dtype: [1] is not a dtype."),
    ],
)
def test_wrong_settings(said, settings, message):
    (line,) = said(inputs={"x": settings}, outputs={"y": "x"})
    assert line.startswith(message)
