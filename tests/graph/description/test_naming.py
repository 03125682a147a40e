"""Names that mean two things or nothing."""

from __future__ import annotations

INPUT = {"x": {"shape": [3]}}
DENSE = {"type": "Dense", "units": 2}


def test_a_name_means_one_thing(said):
    assert said(
        inputs={"x": {"shape": [3]}, "y": {"shape": [3]}},
        layers={"x": DENSE, "concatenate": DENSE, "head": DENSE},
        nodes={"y": "x + 1", "head": "y + 1"},
        outputs={"o": "head(head) + concatenate(x)"},
    ) == [
        "model.layers.x: 'x' is an input too. Give one of them another name.",
        (
            "model.layers.concatenate: 'concatenate' is an operation too, so that concatenate(…) "
            "could "
            "mean either. Give the layer another name."
        ),
        "model.layers.x: no node calls this layer. Remove or use it.",
        "model.nodes.y: 'y' is an input too. Give one of them another name.",
        "model.nodes.head: 'head' is a layer too. Give one of them another name.",
    ]


def test_an_unknown_name_gets_the_nearest(said):
    assert said(
        inputs={"title": {"shape": [3]}},
        layers={"dense": DENSE},
        nodes={"hidden": "dense(titel)", "other": "dens(hidden) + rellu(hidden) + quux(title)"},
        outputs={"y": "other"},
    ) == [
        (
            "model.nodes.hidden: nothing is called 'titel' in 'dense(titel)'. "
            "Did you mean 'title'? Known: hidden, other, title."
        ),
        *(
            f"model.nodes.other: no layer or operation is called '{name}' in "
            f"'dens(hidden) + rellu(hidden) + quux(title)'. {hint}"
            for name, hint in {
                "dens": "Did you mean 'dense'?",
                "rellu": "Did you mean 'relu'?",
                "quux": "Expected a layer of this graph, an operation of keras.ops, or a function "
                "registered with Keras.",
            }.items()
        ),
    ]


def test_layers_are_called_and_tensors_read(said):
    assert said(
        inputs=INPUT,
        layers={"dense": DENSE},
        nodes={"a": "dense + 1", "b": "x(dense(x))", "c": "y + 1"},
        outputs={"y": "a + b + c"},
    ) == [
        "model.nodes.a: 'dense' is a layer, read as a tensor in 'dense + 1'. Call it: dense(…).",
        (
            "model.nodes.b: 'x' is a tensor, called as a layer in 'x(dense(x))'. Expected a layer "
            "of "
            "this graph, an operation of keras.ops, or a function registered with Keras."
        ),
        (
            "model.nodes.c: 'y' is an output, read in 'y + 1'. "
            "Name a node, and let the output and this read the node."
        ),
    ]


def test_python_cannot_be_called(said):
    for name in ("eval", "open", "getattr", "__import__", "exec", "while_loop", "map", "vectorize"):
        (line,) = said(inputs=INPUT, outputs={"y": f"{name}(x)"})
        assert line.startswith(f"model.outputs.y: no layer or operation is called '{name}'")
