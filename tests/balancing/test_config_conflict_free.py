"""Equal angles: known values, the pseudoinverse of the gradients themselves, degenerate ones."""

import numpy as np

from mtl.balancing.config_conflict_free import ConflictFree
from tests.balancing.gramians import NONZERO, weights
from tests.balancing.matrices import INDEPENDENT, OTHER, A, B, C, D, E, normal


def build(m):
    return ConflictFree({f"task_{i}": 1.0 for i in range(m)})


def update(rows):
    return rows.T @ weights(build, rows)


def from_the_rows(rows):
    """Return the update as it is defined, with the pseudoinverse of the gradients."""
    direction = np.linalg.pinv(rows / np.linalg.norm(rows, axis=1, keepdims=True)).sum(axis=1)
    direction /= np.linalg.norm(direction)
    return (rows @ direction).sum() * direction


def test_known_values():
    np.testing.assert_allclose(update(A), [0.1588, 2.0706, 2.0706], atol=5e-5)
    np.testing.assert_allclose(update(B), [0.8667, 2.7681, 2.2947, -1.4231], atol=5e-5)
    np.testing.assert_allclose(weights(build, D), [1, 0])


def test_by_hand():
    # The direction is (1, 1) / √2, the projections on it 3 / √2 and 1 / √2.
    np.testing.assert_allclose(update(np.diag([3.0, 1.0])), [2, 2], rtol=1e-9)
    # As long as the sum where all gradients are equal, or equally long and at right angles.
    np.testing.assert_allclose(update(np.array([[1.0, 2], [1, 2]])), [2, 4], rtol=1e-9)
    np.testing.assert_allclose(update(np.eye(3)), [1, 1, 1], rtol=1e-9)


def test_it_is_what_the_rows_give():
    for name in ("normal 8x3", "normal 5x9 of rank 2", "duplicated", "all the same"):
        np.testing.assert_allclose(
            update(OTHER[name]), from_the_rows(OTHER[name]), rtol=1e-6, atol=1e-9, err_msg=name
        )
    for name, rows in {**INDEPENDENT, "C": C}.items():
        expected = from_the_rows(rows)
        np.testing.assert_allclose(update(rows), expected, rtol=1e-4, atol=1e-6, err_msg=name)


def test_the_angle_to_every_gradient_is_the_same_and_the_length_that_of_the_projections():
    for name, rows in INDEPENDENT.items():
        found = update(rows)
        length = np.linalg.norm(found)
        cosines = rows @ found / np.linalg.norm(rows, axis=1) / length
        assert cosines[0] > 0, name
        np.testing.assert_allclose(cosines, cosines[0], rtol=1e-6, err_msg=name)
        np.testing.assert_allclose((rows @ found).sum() / length, length, rtol=1e-6)


def test_how_long_a_gradient_is_changes_the_length_alone():
    factors = np.array([1e-3, 1.0, 1e3])[:, None]
    longer, plain = update(factors * B), update(B)
    np.testing.assert_allclose(
        longer / np.linalg.norm(longer), plain / np.linalg.norm(plain), rtol=1e-6
    )


def test_opposed_gradients_have_weights_of_zero():
    np.testing.assert_array_equal(weights(build, E), [0, 0])
    np.testing.assert_array_equal(weights(build, OTHER["opposed, of unequal length"]), [0, 0])
    # A third that nothing is opposed to remains.
    found = weights(build, OTHER["opposed, and a third"])
    np.testing.assert_allclose(found, [0, 0, 1], atol=1e-9)


def test_opposed_gradients_in_single_precision():
    row = normal(1, 1000, 1)[0].astype(np.float32)
    rows = np.stack([row, np.float32(-1.7) * row])
    found = build(2).weights_of(np.ones(2), np.ones(2, bool), rows @ rows.T, 0, {})
    np.testing.assert_array_equal(found, [0, 0])


def test_no_longer_than_the_gradients_together():
    for name, rows in NONZERO.items():
        longest = np.linalg.norm(rows, axis=1).sum()
        assert np.linalg.norm(update(rows)) <= longest * (1 + 1e-9), name


def test_defaults():
    strategy = build(2)
    assert (strategy.heads, strategy.gradients, strategy.scale) == ("own", "parameters", "sum")
