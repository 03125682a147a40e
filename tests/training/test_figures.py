"""Losses and metrics over several batches against NumPy and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
import tensorflow as tf
from sklearn.metrics import accuracy_score, r2_score

from mtl.tasks.fit import fit_tasks
from mtl.training.figures import Figures

ROWS = 50
SIZES = (20, 20, 10)


@pytest.fixture
def measured() -> tuple[Figures, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Figures of three tasks over three batches, with labels and outputs."""
    random = np.random.default_rng(0)
    table = pl.DataFrame(
        {
            "clicked": random.integers(0, 2, ROWS),
            "price": random.normal(size=ROWS),
            "unused": random.normal(size=ROWS),
        }
    )
    tasks = fit_tasks(
        {
            "click": {"target": "clicked", "kind": "binary", "weight": 2.0},
            "price": {"target": "price", "kind": "regression", "weight": 0.5},
            "off": {"target": "unused", "kind": "regression", "weight": 0.0},
        },
        table,
    )
    labels = {name: task.encode(table) for name, task in tasks.items()}
    labels["price"][:25] = np.nan
    outputs = {
        "click": random.random((ROWS, 1)).astype("f"),
        "price": random.normal(size=(ROWS, 1)).astype("f"),
        "off": random.normal(size=(ROWS, 1)).astype("f"),
    }
    figures = Figures(tasks, block=2)
    start = 0
    for size in SIZES:
        rows = slice(start, start + size)
        start += size
        weights = {name: tf.ones(size) for name in tasks}
        part = {name: tf.constant(labels[name][rows]) for name in tasks}
        made = {name: tf.constant(outputs[name][rows]) for name in tasks}
        sums = [tasks[n].loss(part[n], made[n], weights[n]) for n in tasks]
        balance = {"weights": tf.constant([2.0, 0.5])}
        figures.add(tf.transpose(tf.convert_to_tensor(sums)), made, part, weights, balance)
    return figures, labels, outputs


def test_losses_are_means_over_the_labelled_examples_of_all_batches(measured) -> None:  # type: ignore[no-untyped-def]
    figures, labels, outputs = measured
    found = figures.results("validation")
    p, y = outputs["click"][:, 0].astype("d"), labels["click"]
    click = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    price = np.mean((labels["price"][25:] - outputs["price"][25:, 0]) ** 2)
    assert found["validation/click/loss"] == pytest.approx(click, rel=1e-5)
    assert found["validation/price/loss"] == pytest.approx(price, rel=1e-5)
    assert found["validation/loss"] == pytest.approx(2 * click + 0.5 * price, rel=1e-5)
    assert found["validation/mean/loss"] == pytest.approx((click + price) / 2, rel=1e-5)


def test_metrics_are_those_of_scikit_learn(measured) -> None:  # type: ignore[no-untyped-def]
    figures, labels, outputs = measured
    found = figures.results("test")
    accuracy = accuracy_score(labels["click"], outputs["click"][:, 0] > 0.5)
    r2 = r2_score(labels["price"][25:], outputs["price"][25:, 0])
    assert found["test/click/accuracy"] == pytest.approx(accuracy)
    assert found["test/price/r2"] == pytest.approx(r2, abs=1e-5)
    assert found["test/off/r2"] == pytest.approx(r2_score(labels["off"], outputs["off"]), abs=1e-5)
    assert found["test/mean/r2"] == found["test/price/r2"]


def test_shares_are_parts_of_the_total(measured) -> None:  # type: ignore[no-untyped-def]
    figures, _, _ = measured
    found = figures.results("training")
    shares = figures.balancing()
    assert set(shares) == {
        f"balancing/{w}/{n}" for w in ("weight", "share") for n in ("click", "price")
    }
    assert shares["balancing/weight/click"] == 2.0
    expected = 2 * found["training/click/loss"] / found["training/loss"]
    assert shares["balancing/share/click"] == pytest.approx(expected)
    assert shares["balancing/share/click"] + shares["balancing/share/price"] == pytest.approx(1)


def test_names_are_those_of_the_results(measured) -> None:  # type: ignore[no-untyped-def]
    figures, _, _ = measured
    assert sorted(figures.names("validation")) == sorted(figures.results("validation"))


def test_reset_forgets_and_nothing_seen_is_nan(measured) -> None:  # type: ignore[no-untyped-def]
    figures, _, _ = measured
    figures.reset()
    found = figures.results("validation")
    assert math.isnan(found["validation/click/loss"])
    assert math.isnan(found["validation/click/accuracy"])
    assert found["validation/loss"] == 0.0


def test_divergence_names_the_task_and_the_first_batch(measured) -> None:  # type: ignore[no-untyped-def]
    figures, labels, outputs = measured
    figures.reset()
    ones = {name: tf.ones(2) for name in labels}
    made = {name: tf.constant(outputs[name][:2]) for name in labels}
    part = {name: tf.constant(labels[name][:2]) for name in labels}
    fine = np.ones((2, 3), "f")
    for batch in range(1, 7):
        sums = fine.copy()
        if batch >= 5:
            sums[0, 1] = np.inf if batch == 5 else np.nan
        figures.add(sums, made, part, ones)
    assert figures.divergence == (["price"], 5)
