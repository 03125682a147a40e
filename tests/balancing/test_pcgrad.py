"""Projection of conflicting gradients: the Gramian says what the rows themselves say."""

import numpy as np

from mtl.balancing.base import Observed
from mtl.balancing.pcgrad import ProjectConflicting, others_in_random_order
from tests.balancing.gramians import NONZERO, weights
from tests.balancing.matrices import A, B, E


def build(m):
    return ProjectConflicting({f"task_{i}": 1.0 for i in range(m)})


def solve(rows, seed):
    random = np.random.default_rng(seed)
    observed = Observed(np.ones(len(rows)), np.arange(len(rows)), random=random)
    return build(len(rows)).solve(rows @ rows.T, observed)


def projected(rows, orders):
    """Return the update as the paper has it, on the gradients themselves."""
    total = np.zeros(rows.shape[1])
    for i, order in enumerate(orders):
        made = rows[i].copy()
        for other in rows[order]:
            if made @ other < 0:
                made -= (made @ other) / (other @ other) * other
        total += made
    return total


def test_known_values():
    found = weights(build, A)
    np.testing.assert_allclose(found, [2.2222, 1.5789], atol=5e-5)
    np.testing.assert_allclose(A.T @ found, [0.5848, 3.8012, 3.8012], atol=5e-5)
    # By hand: 1 + 22/18 and 1 + 22/38.
    np.testing.assert_allclose(found, [1 + 22 / 18, 1 + 22 / 38])


def test_opposed_gradients_leave_nothing():
    np.testing.assert_allclose(E.T @ weights(build, E), 0, atol=1e-12)


def test_known_value_of_three_tasks_is_that_of_one_of_the_orders():
    found = np.array([solve(B, seed) for seed in range(40)])
    known = np.array([2.0833, 1.1495, 1.3784])
    assert np.abs(found - known).max(axis=1).min() < 5e-5
    # Only the second task conflicts with both others.
    assert len(np.unique(found.round(6), axis=0)) == 2


def test_as_on_the_gradients_themselves():
    for name, rows in NONZERO.items():
        for seed in range(3):
            orders = others_in_random_order(len(rows), np.random.default_rng(seed))
            found = rows.T @ solve(rows, seed)
            size = np.linalg.norm(rows, axis=1).sum()
            assert np.abs(found - projected(rows, orders)).max() <= 1e-9 * size, name


def test_without_conflict_it_is_the_sum():
    rows = np.abs(np.random.default_rng(0).normal(size=(5, 9)))
    np.testing.assert_allclose(weights(build, rows), 1)


def test_every_row_has_all_the_others_in_orders_of_their_own():
    random = np.random.default_rng(0)
    drawn = np.array([others_in_random_order(4, random) for _ in range(300)])
    for i in range(4):
        assert (np.sort(drawn[:, i], axis=1) == [j for j in range(4) if j != i]).all()
        assert len(np.unique(drawn[:, i], axis=0)) == 6
    # Row 0 and row 1 have the same order of tasks 2 and 3 no more than by chance.
    before = [[list(row).index(2) < list(row).index(3) for row in orders[:2]] for orders in drawn]
    assert 0.4 < np.mean([first == second for first, second in before]) < 0.6


def test_a_step_draws_its_own_order_and_the_same_one_again():
    strategy = build(3)
    found = [strategy.weights_of(np.ones(3), np.ones(3, bool), B @ B.T, s, {}) for s in range(20)]
    again = [strategy.weights_of(np.ones(3), np.ones(3, bool), B @ B.T, s, {}) for s in range(20)]
    np.testing.assert_array_equal(found, again)
    assert len(np.unique(np.round(found, 6), axis=0)) > 1
    strategy.start(seed=1, steps_per_epoch=1)
    other = [strategy.weights_of(np.ones(3), np.ones(3, bool), B @ B.T, s, {}) for s in range(20)]
    assert (np.array(other) != found).any()


def test_defaults():
    strategy = build(2)
    assert (strategy.gradients, strategy.heads) == ("parameters", "own")
