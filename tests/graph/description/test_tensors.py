"""Shapes that do not fit, reported with the node's name."""

from __future__ import annotations

import pytest

LAST = {"y": "a39"}
INPUTS = {"x": {"shape": [3]}, "image": {"shape": [8, 8, 1]}}


def test_each_failure_is_reported_and_what_needs_it_is_left_out(said):
    assert said(
        inputs=INPUTS,
        layers={
            "convolution": {"type": "Conv2D", "filters": 2, "kernel_size": 3},
            "reshape_it": {"type": "Reshape", "target_shape": [2, 2]},
        },
        nodes={
            "after": "wrong + 1",
            "wrong": "concatenate([x, image], axis=1)",
            "seen": "convolution(x)",
            "right": "abs(x)",
            "shaped": "reshape_it(right)",
            "counted": "sum(right, axes=1)",
        },
        outputs={
            "a": "after",
            "b": "seen",
            "c": "shaped",
            "d": "right @ ones([4, 2])",
            "e": "counted",
        },
    ) == [
        (
            "model.nodes.wrong: concatenate([x, image], axis=1) fails for x (None, 3), "
            "image (None, 8, 8, 1): Every value in `xs` must have the same shape except on the "
            "`axis` "
            "dim. But found element of shape (None, 8, 8, 1), which is different from the first "
            "element's shape (None, 3)."
        ),
        (
            "model.nodes.seen: convolution(x) fails for x (None, 3): Input 0 with name 'None' of "
            "layer "
            "'convolution' is incompatible with the layer: expected min_ndim=4, found ndim=2. Full "
            "shape received: (None, 3)."
        ),
        (
            "model.nodes.shaped: reshape_it(right) fails for right (None, 3): The total size of "
            "the "
            "tensor must be unchanged. Received: input_shape=(3,), target_shape=(2, 2)."
        ),
        (
            "model.nodes.counted: sum(right, axes=1) fails for right (None, 3): sum() got an "
            "unexpected "
            "keyword argument 'axes'."
        ),
        (
            "model.outputs.d: right @ ones([4, 2]) fails for right (None, 3): Inner dimensions "
            "(`x1.shape[-1]` and `x2.shape[-2]`) must be equal, but received `x1.shape=(None, 3)` "
            "and "
            "`x2.shape=(4, 2)`."
        ),
    ]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("split(x, 3, axis=1)", "split(x, 3, axis=1) is several tensors. Take one of them, such"),
        ("ones([3])", "ones([3]) is a constant. Expected to read an input."),
        ("2 + 2", "2 + 2 is a constant. Expected to read an input."),
        ("split(x, 3, axis=1) + 1", "'split(x, 3, axis=1)' at character 1 is a list. Operators"),
        ("9 ** 9 ** 9 * x", "'9 ** 9 ** 9' at character 1 is no number below 2**63."),
        ("split(x, 3, axis=1)[5]", "split(x, 3, axis=1)[5] fails for x (None, 3): list index out"),
        ("x['a']", "x['a'] fails for x (None, 3): "),
    ],
)
def test_an_output_is_one_tensor_that_depends_on_an_input(said, expression, message):
    (line,) = said(inputs={"x": {"shape": [3]}}, outputs={"y": expression, "z": "x"})
    assert line.startswith(f"model.outputs.y: {message}")


def test_a_nested_graph_of_several_inputs_is_called_as_a_function(said):
    nested = {
        "type": "graph",
        "inputs": {"left": {"shape": [3]}, "right": {"shape": [3]}},
        "outputs": "left + right",
    }
    found = said(
        inputs={"x": {"shape": [3]}},
        layers={"pair": nested},
        outputs={"a": "pair(x)", "b": "pair(x, x, x)", "c": "pair(x, left=x)", "d": "pair(x, u=x)"},
    )
    assert [line.partition("(None, 3): ")[2] for line in found] == [
        "missing a required argument: 'right'.",
        "too many positional arguments.",
        "multiple values for argument 'left'.",
        "missing a required argument: 'right'.",
    ]


def test_doubling_lists_end_soon(said):
    doubled = {f"a{level}": f"[a{level - 1}, a{level - 1}]" for level in range(1, 40)}
    found = said(inputs={"x": {"shape": [3]}}, nodes={"a0": "[x, x]", **doubled}, outputs=LAST)
    assert found[0] == (
        "model.nodes.a0: [x, x] is a list. "
        "Write the list where it is taken: concatenate([x, y]), or layer([x, y])."
    )
    assert len(found) == 40


def test_doubling_outputs_of_a_layer_end_soon(said):
    doubled = {f"a{level}": f"same([a{level - 1}, a{level - 1}])" for level in range(1, 40)}
    (line,) = said(
        inputs={"x": {"shape": [3]}},
        layers={"same": {"type": "Identity"}},
        nodes={"a0": "same([x, x])", **doubled},
        outputs=LAST,
    )
    assert line == (
        "model.nodes.a9: '[a8, a8]' at character 6 has 1024 values, with those of the lists in it. "
        "Expected at most 1000."
    )


def test_nodes_may_not_multiply_constants_into_large_ones(said):
    (line,) = said(
        inputs={"x": {"shape": [3]}},
        nodes={"column": "ones([100000, 1])", "square": "column @ transpose(column)"},
        outputs={"y": "x + sum(square)"},
    )
    assert line == (
        "model.nodes.square: 'column @ transpose(column)' at character 1 is a constant of "
        "10,000,000,000 numbers. Expected at most 10,000,000."
    )


def test_sizes_of_tensors_make_no_large_constants(said):
    (line,) = said(
        inputs={"x": {"shape": [100000]}}, outputs={"y": "x @ ones([shape(x)[1], shape(x)[1]])"}
    )
    assert "is a constant of 10,000,000,000 numbers" in line


def test_a_layer_of_constants_alone_is_refused(said):
    (line,) = said(
        inputs={"x": {"shape": [3]}},
        layers={"head": {"type": "Dense", "units": 3}},
        outputs={"y": "x + head(ones([1, 3]))"},
    )
    assert line == (
        "model.outputs.y: 'head(ones([1, 3]))' at character 5 reads no input. "
        "A layer is called with what depends on an input."
    )


def test_the_batch_is_not_indexed(said):
    (line,) = said(inputs={"x": {"shape": [8]}}, nodes={"a": "x[5]"}, outputs={"y": "a"})
    assert line == (
        "model.nodes.a: 'x[5]' at character 1 indexes axis 0, which is the batch. "
        "Index the axes after it, such as x[:, 5]."
    )


def test_a_problem_without_advice_ends_in_one_full_stop(said):
    (line,) = said(inputs={"x": {"shape": [3]}}, nodes={"a": "3 // 0"}, outputs={"y": "x + a"})
    assert line == (
        "model.nodes.a: '3 // 0' at character 1 cannot be computed: "
        "integer division or modulo by zero."
    )
