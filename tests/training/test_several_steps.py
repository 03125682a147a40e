"""Several steps in one call of TensorFlow: the same as one by one, bit for bit."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.alternating import Alternating
from mtl.balancing.famo import Famo
from mtl.balancing.fixed import Fixed
from mtl.balancing.task_sampling import TaskSampling
from mtl.training.optimizers import Clipping
from mtl.training.step import StepSettings, TrainingStep
from tests.training.routes.graphs import BATCH, SquaredError, batches, build
from tests.training.routes.test_routes import Given, WeightedRows, config_weights

STRATEGIES = {
    "fixed": ("words", Fixed),
    "famo": ("trunk_and_heads", Famo),
    "gramian": ("trunk_and_heads", lambda w: Given(w, gradients="parameters")),
    "now and then": ("trunk_and_heads", lambda w: Given(w, every=2)),
    "rows": ("trunk_and_heads", WeightedRows),
    "in turn": ("trunk_and_heads", Alternating),
    "own optimizers": ("trunk_and_heads", lambda w: Alternating(w, optimizers="own")),
    "drawn": ("words", TaskSampling),
}


def trained(
    strategy: str, together: int, accumulated: int, xla: bool = False
) -> tuple[list[np.ndarray], list[Any], TrainingStep]:
    graph, make = STRATEGIES[strategy]
    model = build(graph)
    step = TrainingStep(
        model,
        {name: SquaredError() for name in sorted(model.output)},
        make(config_weights(model)),
        keras.optimizers.RMSprop(0.01),
        Clipping(global_clipnorm=1.0),
        StepSettings(batch_size=BATCH, xla=xla, gradient_accumulation_steps=accumulated),
    )
    given, results = batches(model, 9), []
    if together == 1:
        results = [step(*batch) for batch in given]
    for start in range(0, 9 if together > 1 else 0, together):
        parts = zip(*given[start : start + together], strict=True)
        stacked = [{n: tf.stack([each[n] for each in p]) for n in p[0]} for p in parts]
        results += step.several(*stacked)
    return model.get_weights(), results, step


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_results_are_those_of_single_steps(strategy: str) -> None:
    accumulated = 2 if strategy in ("fixed", "in turn") else 1
    expected, singly, _ = trained(strategy, 1, accumulated)
    found, results, step = trained(strategy, 3, accumulated)
    for value, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(value, other)
    for result, single in zip(results, singly, strict=True):
        tf.nest.map_structure(np.testing.assert_array_equal, result, single)
    assert len(results) == 9
    traced = [each.experimental_get_tracing_count() for each in step._functions]
    assert traced == [1] * len(traced)


def test_xla_compiles_steps_that_are_made_together() -> None:
    expected, _, _ = trained("fixed", 1, 1, xla=True)
    found, _, step = trained("fixed", 3, 1, xla=True)
    assert step.compilation.graph
    for value, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(value, other)
