"""What may be asked of every strategy that reads the Gramian, as assertions.

`build(m)` gives the strategy for m tasks, and the state that it starts with. It is always asked as
the training step asks it, through `weights_of`, so that masks, scales and state take part.
"""

import numpy as np

from tests.balancing.matrices import SCALES


def weights(build, jacobian, losses=None, present=None, steps=1):
    """Return the weights after so many steps with the same gradients."""
    m = len(jacobian)
    losses = np.linspace(1, 2, m) if losses is None else losses
    present = np.ones(m, bool) if present is None else present
    strategy, first = build(m)
    state = {name: value.copy() for name, value in first.items()}
    for step in range(steps):
        found = strategy.weights_of(losses, present, jacobian @ jacobian.T, step, state)
    return found


def size(jacobian, w):
    """Return Σ_i |w_i| ‖g_i‖, beside which an error in the update is large or small."""
    return np.abs(w) @ np.linalg.norm(jacobian, axis=1)


def assert_finite(build, jacobian, scales=SCALES):
    for scale in scales:
        w = weights(build, scale * jacobian, steps=2)
        assert w.shape == (len(jacobian),)
        assert np.isfinite(w).all(), (scale, w)
        assert np.isfinite(jacobian.T @ w * scale).all(), (scale, w)


def assert_non_conflicting(build, jacobian, tolerance):
    w = weights(build, jacobian)
    harm = -(jacobian @ (jacobian.T @ w)) / np.maximum(np.linalg.norm(jacobian, axis=1), 1e-300)
    assert harm.max() <= tolerance * size(jacobian, w), harm


def assert_bounded(build, jacobian):
    """The update is no longer than twice the sum of the gradients' lengths."""
    w = weights(build, jacobian)
    most = 2 * np.linalg.norm(jacobian, axis=1).sum()
    assert np.linalg.norm(jacobian.T @ w) <= most * (1 + 1e-9), w


def assert_permutation_equivariant(build, jacobian, tolerance=1e-6):
    """Tasks in another order get the same update; where weights are not unique, no more is so."""
    losses = np.linspace(1, 2, len(jacobian))
    w = weights(build, jacobian, losses)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(jacobian))
        other = weights(build, jacobian[order], losses[order])
        difference = jacobian.T @ w - jacobian[order].T @ other
        assert np.linalg.norm(difference) <= tolerance * size(jacobian, w), (w, other, order)


def assert_linear_under_scaling(build, jacobian, tolerance):
    """The update is linear in what each row is multiplied by, as long as that is above 0."""
    random = np.random.default_rng(0)
    m = len(jacobian)
    for _ in range(3):
        a, b = random.uniform(0.5, 2, 2)
        first, second = random.uniform(0.5, 2, (2, m))

        def update(factors):
            rows = factors[:, None] * jacobian
            return rows.T @ weights(build, rows)

        expected = a * update(first) + b * update(second)
        difference = update(a * first + b * second) - expected
        scale = ((a * first + b * second) * np.linalg.norm(jacobian, axis=1)).sum()
        assert np.linalg.norm(difference) <= tolerance * scale


def assert_stops_only_where_strongly_stationary(build, jacobian):
    """For a Jacobian that is not strongly stationary: the update is not 0."""
    w = weights(build, jacobian)
    assert np.linalg.norm(jacobian.T @ w) >= 1e-3 * np.linalg.norm(jacobian, axis=1).min(), w


def assert_stops(build, jacobian, tolerance):
    """The update is 0 beside the gradients that it is made of."""
    w = weights(build, jacobian)
    assert np.linalg.norm(jacobian.T @ w) <= tolerance * size(jacobian, w), w


def assert_scale_invariant(build, jacobian, tolerance=1e-6):
    """The weights stay when all gradients are longer or shorter."""
    w = weights(build, jacobian)
    for scale in SCALES[1:]:
        other = weights(build, scale * jacobian)
        difference = jacobian.T @ (w - other)
        assert np.linalg.norm(difference) <= tolerance * size(jacobian, w), (scale, w, other)


def assert_leaves_out_absent(build, jacobian):
    """An absent task gets 0, and the others what they get where it does not exist.

    Neither its loss nor its gradient is read.
    """
    m = len(jacobian)
    losses = np.linspace(1, 2, m)
    alone = weights(build, jacobian, losses)
    for absent in (0, m // 2, m):
        kept = np.arange(m + 1) != absent
        strategy, first = build(m + 1)
        state = {name: value.copy() for name, value in first.items()}
        gramian = np.full((m + 1, m + 1), np.nan)
        gramian[np.ix_(kept, kept)] = jacobian @ jacobian.T
        more = np.full(m + 1, np.nan)
        more[kept] = losses
        w = strategy.weights_of(more, kept, gramian, 0, state)
        assert w[absent] == 0
        np.testing.assert_allclose(w[kept], alone, rtol=1e-9, atol=1e-12)


def assert_leaves_out_zero_gradients(build, jacobian):
    """A task without a gradient gets 0, and the others what they get where it is absent."""
    m = len(jacobian)
    rows = np.insert(jacobian, 1, 0.0, axis=0)
    kept = np.arange(m + 1) != 1
    w = weights(build, rows)
    assert w[1] == 0
    np.testing.assert_array_equal(w, weights(build, rows, present=kept))
