"""Graphs held against the data."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Literal

import keras
import pytest

from mtl.balancing.alternating import Alternating
from mtl.balancing.fixed import Fixed
from mtl.models.tweets import tweets
from mtl.training.fitting_together import check_accumulation, check_graph_fits


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
