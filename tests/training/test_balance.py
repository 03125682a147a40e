"""What is shown of the balancing, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mtl.training.balance import Balance, figures_of_step

APART = np.array([[4.0, -3.0], [-3.0, 9.0]])  # norms 2 and 3, cosine -1/2
TOGETHER = np.array([[1.0, 0.5], [0.5, 1.0]])
ALONE = np.array([[4.0, 0.0], [0.0, 0.0]])
NEITHER = np.zeros((2, 2))


def figures(*steps: tuple[list[float], np.ndarray | None]) -> dict[str, float]:
    balance = Balance(["a", "b"])
    for weights, gramian in steps:
        given = {"weights": np.array(weights)}
        balance.add(given if gramian is None else given | {"gramian": gramian})
    return balance.figures()


def test_figures_are_means_over_the_steps() -> None:
    found = figures(([1.0, 2.0], APART), ([3.0, 0.0], TOGETHER))
    assert found == {
        "balancing/weight/a": 2.0,
        "balancing/weight/b": 1.0,
        "balancing/gradient_norm/a": 1.5,
        "balancing/gradient_norm/b": 2.0,
        "balancing/cosine/a,b": 0.0,
        "balancing/conflict_rate": 0.5,
    }


def test_steps_without_two_gradients_say_nothing_about_conflict() -> None:
    found = figures(([1.0, 1.0], APART), ([1.0, 0.0], ALONE), ([1.0, 0.0], NEITHER))
    assert found["balancing/conflict_rate"] == 1.0
    assert found["balancing/cosine/a,b"] == -0.5
    assert found["balancing/gradient_norm/a"] == 2.0  # of the two steps in which it has one
    assert found["balancing/gradient_norm/b"] == 3.0


@pytest.mark.parametrize(
    ("weights", "gramian"),
    [([1.0, 1.0], APART * np.inf), ([math.nan, math.nan], TOGETHER), ([math.inf, 0.0], None)],
)
def test_a_step_that_overflowed_is_left_out(
    weights: list[float], gramian: np.ndarray | None
) -> None:
    kept = ([2.0, 0.5], APART)
    assert figures(kept, (weights, gramian)) == figures(kept)


def test_without_gradients_there_are_weights_alone() -> None:
    assert figures(([1.0, 2.0], None)) == {"balancing/weight/a": 1.0, "balancing/weight/b": 2.0}


def test_a_single_step_shows_what_it_lacks() -> None:
    found = figures_of_step(["a", "b"], {"weights": [1.0, 0.0], "gramian": ALONE})
    assert found["balancing/gradient_norm/a"] == 2.0
    missing = {name for name, value in found.items() if math.isnan(value)}
    assert missing == {
        "balancing/gradient_norm/b",
        "balancing/cosine/a,b",
        "balancing/conflict_rate",
    }
