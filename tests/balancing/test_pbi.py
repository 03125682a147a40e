"""Distance along a direction of preference, and from it."""

import numpy as np
import pytest

from mtl.balancing.pbi import PenaltyBoundaryIntersection
from mtl.errors import MtlError
from tests.balancing.losses import NAMES, REFERENCE, assert_sound, ones, total_of, weights_of


def prefer(weights, **options):
    numbers = dict(zip(NAMES, (1.0, 2.0, 3.0, 0.5), strict=True))
    preferences = {name: numbers[name] for name in weights}
    return PenaltyBoundaryIntersection(
        weights, theta=2, preferences=preferences, ideal={"a": 0.4}, **options
    )


@pytest.mark.parametrize("make", [PenaltyBoundaryIntersection, prefer])
def test_soundness(make):
    assert_sound(make)


def test_total_and_weights_by_hand():
    strategy = PenaltyBoundaryIntersection(
        ones(3), preferences={"a": 1, "b": 2, "c": 5}, ideal={"b": 0.1}, normalise="mean"
    )
    preferences = np.array([1, 2, 5]) / 8
    length = np.linalg.norm(preferences)
    distances = np.array(REFERENCE) - [0, 0.1, 0]
    along = distances @ preferences / length
    away = distances - along * preferences / length
    far = np.linalg.norm(away)

    total = length * (along + 5 * far)
    assert total_of(strategy, REFERENCE) == pytest.approx(total, rel=1e-5)
    expected = preferences + 5 * length * away / far
    np.testing.assert_allclose(weights_of(strategy, REFERENCE), expected, rtol=1e-4)


def test_on_the_direction_weights_are_the_preferences():
    strategy = PenaltyBoundaryIntersection(
        ones(3), preferences={"a": 1, "b": 2, "c": 5}, normalise="mean"
    )
    np.testing.assert_allclose(
        weights_of(strategy, [0.3, 0.6, 1.5]), [0.125, 0.25, 0.625], atol=0.05
    )
    equal = PenaltyBoundaryIntersection(ones(3), normalise="sum")
    np.testing.assert_allclose(weights_of(equal, [0.4] * 3), [1, 1, 1], atol=0.1)


def test_without_theta_it_is_the_weighted_sum():
    strategy = PenaltyBoundaryIntersection(
        ones(3), theta=0, preferences={"a": 1, "b": 2, "c": 5}, normalise="mean"
    )
    np.testing.assert_allclose(weights_of(strategy, REFERENCE), [0.125, 0.25, 0.625], rtol=1e-5)


def test_the_unit_of_all_losses_does_not_matter():
    strategy = PenaltyBoundaryIntersection(ones(3))
    weights = weights_of(strategy, REFERENCE)
    for unit in (1e-30, 1e-10, 1e10, 1e30):
        np.testing.assert_allclose(weights_of(strategy, np.array(REFERENCE) * unit), weights, 1e-4)


def test_theta_out_of_range():
    with pytest.raises(MtlError, match=r"^balancing\.theta=-1\. Expected a number of 0 or more"):
        PenaltyBoundaryIntersection(ones(2), theta=-1)
