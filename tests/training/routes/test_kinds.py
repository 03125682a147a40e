"""One strategy of each kind through the whole step: half precision, batches of other sizes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.base import Balancer
from mtl.registry import balancers
from mtl.training import building
from mtl.training.optimizers import Clipping
from tests.training.routes.graphs import BATCH, WIDTH, batches, build
from tests.training.routes.test_routes import CONFIG_WEIGHTS, step_for

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "losses": ("uncertainty", {}),
    "losses, heads of their own": ("fixed", {"heads": "own", "monitor": True}),
    "gramian by features": ("mgda", {"gradients": "features"}),
    "gramian by parameters": ("cagrad", {"gradients": "parameters"}),
    "rows by features": ("graddrop", {"gradients": "features"}),
    "rows by parameters": ("moco", {}),
    "halves": ("modo", {"gamma": 0.01}),
    "turns": ("alternating", {}),
    "a second look": ("famo", {}),
}


def strategy(kind: str, **options: Any) -> Balancer:
    name, parameters = KINDS[kind]
    made: Balancer = balancers.get(name)(dict(CONFIG_WEIGHTS), **parameters, **options)
    made.start(seed=0, steps_per_epoch=3)
    return made


def trained(kind: str, precision: str, steps: list[Any], **options: Any) -> Any:
    """Train at a precision; return the step and what it showed."""
    with building.precision(precision):
        model = build("trunk_and_heads")
    optimizer: keras.optimizers.Optimizer = keras.optimizers.SGD(0.05)
    if precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=2.0**12)
    step = step_for(model, strategy(kind, **options), optimizer)
    return step, [step(*batch)[2] for batch in steps]


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_trains_as_single_precision_does(kind: str) -> None:
    steps = batches(build("trunk_and_heads"), 5)
    start = build("trunk_and_heads").get_weights()
    whole, shown = trained(kind, "float32", steps)
    half, shown_half = trained(kind, "mixed_float16", steps)
    assert half.model.layers[1].compute_dtype == "float16"
    for before, value, expected in zip(
        start, half.model.get_weights(), whole.model.get_weights(), strict=True
    ):
        moved = np.linalg.norm(expected - before)
        assert moved > 0
        if kind != "rows by features":  # whose signs are drawn, and rounding may turn one
            assert np.linalg.norm(value - expected) <= 0.05 * moved + 1e-3
    # Nothing is left of what the loss was multiplied by.
    for ours, theirs in zip(shown_half, shown, strict=True):
        np.testing.assert_allclose(ours["weights"], theirs["weights"], rtol=0.05, atol=0.02)
        if "gramian" in theirs and kind != "rows by features":
            size = np.abs(theirs["gramian"]).max()
            np.testing.assert_allclose(ours["gramian"], theirs["gramian"], atol=0.02 * size)


@pytest.mark.parametrize("kind", KINDS)
def test_double_precision_trains_as_single_precision_does(kind: str) -> None:
    """With a regularised trunk and gradients that are clipped together."""
    moved = {}
    for precision in ("float32", "float64"):
        with building.precision(precision):
            model = build("regularised")
        steps = batches(model, 3)
        before = build("regularised").get_weights()
        model.set_weights(before)
        names = {name: CONFIG_WEIGHTS[name] for name in sorted(model.output)}
        name, parameters = KINDS[kind]
        balancer: Balancer = balancers.get(name)(names, **parameters)
        balancer.start(seed=0, steps_per_epoch=3)
        step = step_for(model, balancer, clipping=Clipping(global_clipnorm=0.5))
        for batch in steps:
            step(*batch)
        moved[precision] = [a - b for a, b in zip(model.get_weights(), before, strict=True)]
    for single, double in zip(*moved.values(), strict=True):
        assert double.dtype == np.float64
        np.testing.assert_allclose(single, double, atol=1e-5)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "turns"])
def test_gramians_of_half_precision_are_unscaled(kind: str) -> None:
    """Of the first step, where the weights are still the same."""
    steps = batches(build("trunk_and_heads"), 1)
    options = {} if "monitor" in KINDS[kind][1] else {"monitor": True}
    (_, [whole]), (_, [half]) = (
        trained(kind, precision, steps, **options) for precision in ("float32", "mixed_float16")
    )
    assert half["gramian"].dtype == tf.float32
    size = np.abs(whole["gramian"]).max()
    np.testing.assert_allclose(half["gramian"], whole["gramian"], rtol=5e-3, atol=2e-3 * size)


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_that_overflows_is_skipped(kind: str) -> None:
    good = batches(build("trunk_and_heads"), 4)
    _, labels, weights = good[1]
    # 70,000 is more than float16 holds.
    bad = {"x": tf.fill((BATCH, WIDTH), 7e4)}, labels, weights
    step, _ = trained(kind, "mixed_float16", good[:1])
    before, scale = step.model.get_weights(), float(step.optimizer.dynamic_scale)
    state = step.balancer.state()
    for _ in range(3 if kind == "turns" else 1):
        step(*bad)
    for value, expected in zip(step.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, expected)
    assert float(step.optimizer.dynamic_scale) < scale
    for name, value in step.balancer.state().items():
        if name != "step":
            np.testing.assert_array_equal(value, state[name], err_msg=name)
    for batch in good[1:]:
        step(*batch)
    assert all(np.isfinite(value).all() for value in step.model.get_weights())
    moved = zip(step.model.get_weights(), before, strict=True)
    assert all((value != old).any() for value, old in moved)


@pytest.mark.parametrize("kind", KINDS)
def test_each_size_of_batch_is_traced_once(kind: str) -> None:
    whole = batches(build("trunk_and_heads"), 4)
    last = tuple({name: value[:5] for name, value in part.items()} for part in whole[-1])
    step, _ = trained(kind, "float32", [])
    for _ in range(6):
        for batch in (*whole[:3], last):
            step(*batch)
    counts = [each.experimental_get_tracing_count() for each in step._functions]
    assert counts == [2] * len(counts)
    assert int(step.balancer.step) == 24
