"""Aligned gradients: known values, right angles, lengths, and gradients that depend on others."""

import numpy as np
import pytest

from mtl.balancing.aligned import Aligned
from mtl.errors import MtlError
from tests.balancing.gramians import NONZERO, weights
from tests.balancing.matrices import INDEPENDENT, A, B, C, D, E, normal


def build(scale_by="minimum"):
    names = "abcdefghijklmnopqrstuvwxyz"
    return lambda m: Aligned(dict.fromkeys(names[:m], 1.0), scale_by=scale_by, normalise="mean")


def update(rows, scale_by="minimum"):
    return rows.T @ weights(build(scale_by), rows)


def test_known_values():
    np.testing.assert_allclose(weights(build(), A), [0.5591, 0.4083], atol=5e-5)
    np.testing.assert_allclose(update(A), [0.2133, 0.9673, 0.9673], atol=5e-5)
    np.testing.assert_allclose(weights(build(), B), [0.3866, 0.1920, 0.2796], atol=5e-5)
    np.testing.assert_allclose(update(B), [0.1423, 0.6856, 0.7486, -0.3671], atol=5e-5)
    np.testing.assert_allclose(weights(build(), D), [1, 0])
    np.testing.assert_allclose(weights(build(), E), [0, 0], atol=1e-12)


def test_known_values_of_the_mean():
    np.testing.assert_allclose(weights(build("mean"), A), [1.5109, 1.1033], atol=5e-5)
    np.testing.assert_allclose(update(A, "mean"), [0.5764, 2.6142, 2.6142], atol=5e-5)
    np.testing.assert_allclose(weights(build("mean"), B), [0.6509, 0.3233, 0.4707], atol=5e-5)
    np.testing.assert_allclose(update(B, "mean"), [0.2396, 1.1544, 1.2606, -0.6181], atol=5e-5)


@pytest.mark.parametrize(("scale_by", "length"), [("minimum", 1.0), ("median", 2.0), ("mean", 3.0)])
def test_gradients_at_right_angles_by_hand(scale_by, length):
    # Squared lengths 1, 4 and 22; the aligned ones are as long as the root of what is asked for.
    rows = np.diag(np.sqrt([4.0, 22, 1]))
    np.testing.assert_allclose(update(rows, scale_by), np.full(3, length / 3), rtol=1e-9)


@pytest.mark.parametrize("scale_by", ["minimum", "median", "mean"])
def test_it_is_the_mean_of_the_nearest_gradients_at_right_angles_and_equally_long(scale_by):
    for name, rows in INDEPENDENT.items():
        left, values, right = np.linalg.svd(rows, full_matrices=False)
        squared = {"minimum": np.min, "median": np.median, "mean": np.mean}[scale_by](values**2)
        aligned = np.sqrt(squared) * left @ right
        expected = aligned.mean(axis=0)
        found = update(rows, scale_by)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8, err_msg=name)
        # All aligned gradients gain the same by it.
        np.testing.assert_allclose(aligned @ found, squared / len(rows), rtol=1e-6)


def test_by_default_no_longer_than_the_shortest_direction():
    for name, rows in NONZERO.items():
        values = np.linalg.svd(rows, compute_uv=False)
        kept = values[values**2 > 1e-5 * values[0] ** 2]
        assert np.linalg.norm(update(rows)) <= kept.min() * (1 + 1e-6), name


def test_dependent_gradients_are_aligned_in_the_space_that_they_span():
    # The third is the sum of the others: Uᵀ of G = U S² Uᵀ has two rows.
    values, vectors = np.linalg.eigh(C @ C.T)
    kept = vectors[:, 1:]
    expected = np.sqrt(values[1]) * (kept / np.sqrt(values[1:])) @ kept.sum(axis=0) / 3
    np.testing.assert_allclose(weights(build(), C), expected, rtol=1e-5)


def test_rounding_in_single_precision_is_no_direction():
    rows = normal(3, 50, 3)[[0, 1, 2, 0, 1]]
    gramian = (rows @ rows.T).astype(np.float32)
    strategy = build()(5)
    single = strategy.weights_of(np.ones(5), np.ones(5, bool), gramian, 0, {})
    exact = weights(build(), rows)
    np.testing.assert_allclose(single, exact, rtol=1e-4)
    assert np.linalg.norm(rows.T @ exact) > 0.1


def test_defaults():
    strategy = Aligned({"a": 1.0, "b": 1.0})
    assert strategy.scale_by == "minimum"
    assert (strategy.heads, strategy.gradients, strategy.scale) == ("own", "features", "mean")


def test_an_unknown_scale_is_refused():
    message = r"^balancing\.scale_by='min'\. Expected minimum, median or mean\."
    with pytest.raises(MtlError, match=message):
        build("min")(2)
