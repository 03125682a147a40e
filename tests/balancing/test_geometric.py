"""The geometric mean of the losses."""

import numpy as np
import pytest

from mtl.balancing.geometric import Geometric
from tests.balancing.losses import REFERENCE, assert_sound, ones, total_of, weights_of


def mean(count=3):
    return Geometric(dict.fromkeys(map(str, range(count)), 1.0), normalise="mean")


def test_soundness():
    assert_sound(Geometric)


def test_reference_values():
    assert total_of(mean(), REFERENCE) == pytest.approx(0.1 ** (1 / 3), rel=1e-5)
    weights = weights_of(mean(), REFERENCE)
    np.testing.assert_allclose(weights, [0.0774, 0.3094, 1.5472], atol=5e-5)


@pytest.mark.parametrize("loss", [50.0, 0.01])
def test_many_tasks_neither_overflow_nor_vanish(loss):
    losses = [loss] * 32
    assert total_of(mean(32), losses) == pytest.approx(loss, rel=1e-5)
    np.testing.assert_allclose(weights_of(mean(32), losses), 1 / 32, rtol=1e-5)


def test_units_do_not_change_the_update():
    weights = weights_of(mean(), REFERENCE)
    changed = weights_of(mean(), np.array(REFERENCE) * [1000, 1, 1])
    # Times the loss: what a relative fall of a loss counts.
    np.testing.assert_allclose(
        changed * REFERENCE * [1000, 1, 1], 10 * weights * REFERENCE, rtol=1e-4
    )


def test_a_loss_of_zero_has_weight_zero():
    weights = weights_of(mean(2), [0.0, 1.0])
    np.testing.assert_allclose(weights, [0, 1e-4 / 2], rtol=1e-4)


def test_equal_losses_sum_as_the_scale_says():
    assert weights_of(Geometric(ones(3)), [0.4] * 3).sum() == pytest.approx(3, rel=1e-5)
