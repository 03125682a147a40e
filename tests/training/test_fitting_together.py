"""Graphs held against the data."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

import keras
import numpy as np
import polars as pl
import pytest

from mtl.balancing.alternating import Alternating
from mtl.balancing.fixed import Fixed
from mtl.balancing.modo import MoDo
from mtl.balancing.task_sampling import TaskSampling
from mtl.balancing.upgrad import UPGrad
from mtl.config.compose import compose, plain
from mtl.data.batches import Examples
from mtl.data.sources import Sources
from mtl.errors import ConfigError
from mtl.models.tweets import tweets
from mtl.sampling import Distribution
from mtl.training.assembly import assemble
from mtl.training.fitting_together import (
    check_accumulation,
    check_accumulation_ends,
    check_batches_have_halves,
    check_graph_fits,
    check_turns_end,
    source_notes,
)


def problems(graph: keras.Model, vocabulary_size: int) -> list[str]:
    """Return what is wrong where every input of the graph is fed ids."""
    specifications = {
        name: SimpleNamespace(
            shape=tuple(tensor.shape[1:]),
            dtype="uint8",
            columns=["text"],
            vocabulary_size=vocabulary_size,
        )
        for name, tensor in graph.input.items()
    }
    tasks = {"same": SimpleNamespace(output_shape=(1,))}
    config = {"tasks": {"same": {"target": "same", "kind": "binary"}}}
    return [str(each) for each in check_graph_fits(config, graph, specifications, tasks)]


@pytest.mark.parametrize("encoding", ["lookup", "one_hot"])
def test_characters_have_a_place_in_the_lstm_or_the_vector(
    encoding: Literal["lookup", "one_hot"],
) -> None:
    graph = tweets(length=5, symbols=20, lstm_units=2, encoding=encoding)
    assert problems(graph, 20) == []
    found = problems(graph, 21)
    assert len(found) == 2
    assert found[0] == (
        "data.columns.text.vocabulary_size: the data give ids up to 20, and the layer that reads "
        "them is made for 20, up to 19. Make the vocabulary 20 or less, or the layer's size 21 or "
        "more."
    )


def test_the_smallest_layer_counts() -> None:
    ids = keras.Input((4,), dtype="int32", name="ids")
    read = [keras.layers.Embedding(size, 2)(ids) for size in (9, 5)]
    flat = keras.layers.Flatten()(keras.layers.Concatenate()(read))
    graph = keras.Model({"ids": ids}, {"same": keras.layers.Dense(1)(flat)})
    (found,) = problems(graph, 8)
    assert "is made for 5" in found


@pytest.mark.parametrize(
    ("balancer", "precision", "steps", "refused"),
    [
        (Alternating({"a": 1.0, "b": 1.0}), "mixed_float16", 2, True),
        (Alternating({"a": 1.0, "b": 1.0}), "mixed_float16", None, False),
        (Alternating({"a": 1.0, "b": 1.0}), "float32", 2, False),
        (Alternating({"a": 1.0, "b": 1.0}, optimizers="own"), "mixed_float16", 2, False),
        (Alternating({"a": 1.0}), "mixed_float16", 2, False),
        (Fixed({"a": 1.0, "b": 1.0}), "mixed_float16", 2, False),
    ],
)
def test_turns_with_one_scaled_loss_add_up_no_gradients(balancer, precision, steps, refused):
    config = {
        "optimizer": {"gradient_accumulation_steps": steps},
        "training": {"precision": precision},
    }
    found = check_accumulation(config, balancer)
    assert [each.path for each in found] == ["optimizer.gradient_accumulation_steps"] * refused


@pytest.mark.parametrize(
    ("kind", "size", "refused"), [(MoDo, 1, True), (MoDo, 2, False), (Fixed, 1, False)]
)
def test_the_halves_of_a_batch_have_an_example_each(kind, size, refused):
    found = check_batches_have_halves({"training": {"batch_size": size}}, kind({"a": 1, "b": 1}))
    assert [each.path for each in found] == ["training.batch_size"] * refused


def accumulating(steps: int, *, debug: bool = False) -> dict[str, Any]:
    """Four epochs of batches of ten rows."""
    training = {"batch_size": 10, "epochs": 4, "seed": 0}
    optimizer = {"gradient_accumulation_steps": steps}
    return {"optimizer": optimizer, "training": training, "debug": debug}


def test_an_update_needs_no_more_batches_than_there_are() -> None:
    for rows, batches in ((30, 12), (31, 16)):
        assert check_accumulation_ends(accumulating(batches), rows) == []
        assert check_accumulation_ends(accumulating(batches + 1, debug=True), rows) == []
        (found,) = check_accumulation_ends(accumulating(batches + 1), rows)
        assert str(found) == (
            f"optimizer.gradient_accumulation_steps: found {batches + 1}, and the whole training "
            f"has {batches} batches ({batches // 4} an epoch, training.epochs=4). Expected "
            f"{batches} or fewer: else the weights are never moved."
        )


def test_a_run_that_would_train_nothing_is_refused() -> None:
    changes = ["training.epochs=2", "optimizer.gradient_accumulation_steps=1000"]
    with pytest.raises(ConfigError, match=r"has 88 batches \(44 an epoch") as raised:
        assemble(plain(compose("balancing_scales", [*changes, "model.dropout=2"])))
    assert len(raised.value.problems) == 2
    turns = ["balancing=alternating", "optimizer.gradient_accumulation_steps=45"]
    with pytest.raises(ConfigError, match="so many turns: small 44, large 44"):
        assemble(plain(compose("balancing_scales", [*changes, *turns])))


@pytest.mark.parametrize(
    ("balancer", "most"),
    [
        # Of twelve batches.
        (Alternating({"a": 1.0, "b": 1.0, "c": 1.0}), {"a": 4, "b": 4, "c": 4}),
        (Alternating({"a": 1.0, "b": 1.0}, ratio={"b": 4, "a": 1}), {"a": 2, "b": 10}),
        (Fixed({"a": 1.0, "b": 1.0}), None),
        (Alternating({"a": 1.0}), None),
    ],
)
def test_some_task_needs_as_many_turns(balancer, most) -> None:
    labels = {name: np.zeros(30, np.float32) for name in balancer.names}
    examples = Examples({"x": np.zeros(30)}, labels, {name: np.ones(30) for name in labels})
    if most is None:
        assert check_turns_end(accumulating(12), balancer, examples, repeated=False) == []
        return
    steps = max(most.values())
    assert check_turns_end(accumulating(steps), balancer, examples, repeated=False) == []
    (found,) = check_turns_end(accumulating(steps + 1), balancer, examples, repeated=False)
    listing = ", ".join(f"{name} {count}" for name, count in most.items())
    assert found.found == f"found {steps + 1}, and of 12 batches the tasks have so many turns: " + (
        listing
    )
    assert int(balancer.step.numpy()) == 0
    assert check_turns_end(accumulating(12, debug=True), balancer, examples, repeated=False) == []


def test_turns_of_drawn_tasks_are_those_of_the_run() -> None:
    balancer = TaskSampling({"a": 1.0, "b": 1.0})
    labels = {name: np.zeros(30, np.float32) for name in "ab"}
    examples = Examples({"x": np.zeros(30)}, labels, {name: np.ones(30) for name in "ab"})
    (found,) = check_turns_end(accumulating(12), balancer, examples, repeated=False)
    balancer.start(seed=0, steps_per_epoch=3)
    drawn = []
    for _ in range(12):
        drawn.append(int(balancer.turn(np.ones(2, bool))))
        balancer.step.assign_add(1)
    assert found.found.endswith(f"a {drawn.count(0)}, b {drawn.count(1)}")


def test_a_task_has_no_more_turns_than_labelled_rows() -> None:
    labels = {name: np.full((30, 2), np.nan) for name in "ab"}
    labels["a"][:1] = labels["b"][7:9, 1] = 1
    weights = {"a": np.ones(30), "b": np.where(np.arange(30) == 8, 0, 1)}
    examples = Examples({"x": np.zeros(30)}, labels, weights)
    balancer = Alternating({"a": 1.0, "b": 1.0})
    assert check_turns_end(accumulating(4), balancer, examples, repeated=False) == []
    (found,) = check_turns_end(accumulating(7), balancer, examples, repeated=False)
    assert found.found.endswith("so many turns: a 4, b 4")
    assert check_turns_end(accumulating(7), balancer, examples, repeated=True) == []


def sourced(of_a: str, of_b: str, balancer: Any = UPGrad) -> list[str]:
    """Return the notes where each letter is the source of ten rows, and has labels of a or b."""
    column = [letter for letter in "pqr" for _ in range(10)]
    sources = Sources.of(pl.Series("s", column), Distribution("uniform"), seed=0)
    labels = {
        name: np.array([1.0 if letter in letters else np.nan for letter in column])
        for name, letters in {"a": of_a, "b": of_b, "untrained": "pqr"}.items()
    }
    examples = Examples({"x": np.zeros(30)}, labels, {name: np.ones(30) for name in labels})
    return source_notes(sources, examples, balancer({"a": 1.0, "b": 1.0}))


def test_batches_of_a_source_without_labels_are_told_of() -> None:
    assert sourced("pq", "qr") == []
    (note,) = sourced("pq", "pq")
    assert "train nothing: r (33.3% of the batches)." in note


def test_sources_of_one_task_each_leave_nothing_to_compare() -> None:
    (note,) = sourced("p", "qr")
    assert "nothing to compare. Use batches of all rows" in note
    assert sourced("p", "qr", Fixed) == sourced("p", "qr", Alternating) == []
    assert len(sourced("p", "q")) == 2
