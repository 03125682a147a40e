"""Facts of small graphs, written by hand, for tests of tables and drawings."""

from __future__ import annotations

from mtl.reporting.inspection.facts import (
    FrontierFacts,
    InputFacts,
    Inspection,
    LayerFacts,
    ModelFacts,
    NodeFacts,
    OutputFacts,
    TaskFacts,
    TensorFacts,
    WeightFacts,
)


def tensor(name: str, *shape: int) -> TensorFacts:
    return TensorFacts(name, (None, *shape), "float32")


def layer(name: str, kind: str, parameters: int = 0, **changes) -> LayerFacts:
    facts = {
        "level": name.count("/"),
        "trainable": parameters,
        "calls": 1,
        "shared": False,
        "outputs": ("same",),
        "trained_by": ("same",) if parameters else (),
        "weights": (),
    }
    return LayerFacts(name=name, kind=kind, parameters=parameters, **(facts | changes))


def node(name: str, kind: str, reads: list, makes: list, **changes) -> NodeFacts:
    bare = name.partition("[")[0]
    index = int(name.partition("[")[2].rstrip("]") or 0)
    facts = {"layer": bare, "index": index, "model": None}
    return NodeFacts(name=name, kind=kind, inputs=reads, outputs=makes, **(facts | changes))


def given(name: str, *shape: int) -> InputFacts:
    return InputFacts(name, (None, *shape), "float32", "array", [f"column_{name}"])


def learns(weight: float = 1.0, *, trained: bool = True) -> TaskFacts:
    return TaskFacts("binary", "same equals 1", "binary_crossentropy", weight, None, trained)


def same_digit() -> Inspection:
    """One model on two digits: are they the same?"""
    return Inspection(
        name="digits",
        builder="shared_vision",
        parameters=45,
        trainable=43,
        inputs=[given("left", 4, 4, 1), given("right", 4, 4, 1)],
        outputs=[OutputFacts("same", (None, 1), "float32", "head", learns())],
        layers=[
            layer("vision", "Functional", 20, calls=2, shared=True, trainable=18),
            layer(
                "vision/conv",
                "Conv2D",
                20,
                calls=2,
                shared=True,
                trainable=18,
                weights=(
                    WeightFacts("vision/conv/kernel", (3, 3, 1, 2), "float32", True, ("same",)),
                    WeightFacts("vision/conv/bias", (2,), "float32", False, ()),
                ),
            ),
            layer("vision/flat", "Flatten", calls=2, shared=True),
            layer("joined", "Concatenate"),
            layer("head", "Dense", 25),
        ],
        nodes=[
            node(
                "vision[0]",
                "Functional",
                [tensor("left", 4, 4, 1)],
                [tensor("vision[0]", 8)],
                model="vision",
            ),
            node(
                "vision[1]",
                "Functional",
                [tensor("right", 4, 4, 1)],
                [tensor("vision[1]", 8)],
                model="vision",
            ),
            node(
                "joined",
                "Concatenate",
                [tensor("vision[0]", 8), tensor("vision[1]", 8)],
                [tensor("joined", 16)],
            ),
            node("head", "Dense", [tensor("joined", 16)], [tensor("head", 1)]),
        ],
        models=[
            ModelFacts(
                "vision",
                [tensor("digit", 4, 4, 1)],
                [tensor("flat", 8)],
                [
                    node(
                        "conv",
                        "Conv2D",
                        [tensor("digit", 4, 4, 1)],
                        [tensor("conv", 2, 2, 2)],
                        layer="vision/conv",
                    ),
                    node(
                        "flat",
                        "Flatten",
                        [tensor("conv", 2, 2, 2)],
                        [tensor("flat", 8)],
                        layer="vision/flat",
                    ),
                ],
                wrapped=False,
            )
        ],
        shared_parameters=0,
        frontier=[],
    )


def two_heads() -> Inspection:
    """A trunk in a nested model, one trained head and one that is frozen and has no task."""
    both = ("first", "second")
    return Inspection(
        name='heads "<#>',
        builder="own",
        parameters=16,
        trainable=13,
        inputs=[given("given", 3)],
        outputs=[
            OutputFacts("first", (None, 1), "float32", "first", learns(0.2)),
            OutputFacts("second", (None, 1), "float32", "second", None),
        ],
        layers=[
            layer("trunk", "Functional", 8, shared=True, outputs=both, trained_by=("first",)),
            layer("trunk/dense", "Dense", 8, shared=True, outputs=both, trained_by=("first",)),
            layer("first", "Dense", 5, outputs=("first",), trained_by=("first",)),
            layer("second", "Dense", 3, outputs=("second",), trainable=0, trained_by=()),
        ],
        nodes=[
            node("trunk", "Functional", [tensor("given", 3)], [tensor("trunk", 2)], model="trunk"),
            node("first", "Dense", [tensor("trunk", 2)], [tensor("first", 1)]),
            node("second", "Dense", [tensor("trunk", 2)], [tensor("second", 1)]),
        ],
        models=[
            ModelFacts(
                "trunk",
                [tensor("input", 3)],
                [tensor("dense", 2)],
                [
                    node(
                        "dense",
                        "Dense",
                        [tensor("input", 3)],
                        [tensor("dense", 2)],
                        layer="trunk/dense",
                    )
                ],
                wrapped=False,
            )
        ],
        shared_parameters=8,
        frontier=[FrontierFacts("trunk", (None, 2), "float32", ("first", "second"), both)],
    )
