"""The weights of α-fair bargaining."""

from __future__ import annotations

import numpy as np

from mtl.balancing.solvers.scaling import positive_definite, unit_diagonal

# The largest relative step after which the answer is exact: its error is about the square of that.
_ENOUGH = 1e-7
# Some ten are needed, up to α = 2 hardly ever more than twenty, and more with a larger α whose
# x span many orders of magnitude.
_ROUNDS = 100
_HALVINGS = 40


def alpha_fair(gramian: np.ndarray, alpha: float, ridge: float = 1e-8) -> np.ndarray:
    """Return the x > 0 with Gx = x^(−1/α), component by component.

    It minimises ½ xᵀGx − Σ_i φ(x_i) with φ′(x) = x^(−1/α), which is strictly convex: damped Newton
    steps find it. α = 1 is the Nash bargaining point, Gx = 1/x.

    Where a positive combination of the gradients is 0, as for opposed ones, there is no solution:
    x goes to infinity along it. Therefore (1 + ridge) times the diagonal of G is solved for, which
    for α = 1 keeps x_i below √(m / ridge) / √G_ii.

    Args:
        gramian: G, shape `(m, m)`, symmetric, positive semidefinite but for rounding, with a
            positive diagonal.
        alpha: Above 0.
        ridge: Above 0; what is added to each diagonal entry, as a part of it.
    """
    cosines, lengths = unit_diagonal(gramian)
    cosines = positive_definite(cosines + ridge * np.eye(len(cosines)), ridge / 2)
    # With logarithms of lengths no power overflows before the answer does.
    middle = np.log(lengths).mean()
    relative = np.exp(np.log(lengths) - middle)
    # In y = n x the equations are Cy = n^(1/α − 1) y^(−1/α).
    goal = relative ** (1 / alpha - 1)
    solved = _newton(cosines, goal, 1 / alpha)
    # x is homogeneous of degree −2α / (1 + α) in the lengths.
    return solved / relative * np.exp(-2 * alpha / (1 + alpha) * middle)


def _newton(matrix: np.ndarray, goal: np.ndarray, power: float) -> np.ndarray:
    """Return the y > 0 with My = c y^(−p), for M positive definite and c > 0."""

    def error(y: np.ndarray) -> np.ndarray:
        return matrix @ y - goal * y**-power

    # The solution if M were diagonal.
    y = (goal / matrix.diagonal()) ** (1 / (1 + power))
    for _ in range(_ROUNDS):
        # The minimum on the ray through y, which is far where gradients nearly cancel.
        y = y * ((goal * y ** (1 - power)).sum() / (y @ matrix @ y)) ** (1 / (1 + power))
        wanted = goal * y**-power
        slope = y * error(y)
        # In units of y the curvature has no entries of very different size.
        curvature = y[:, None] * matrix * y
        curvature[np.diag_indices(len(y))] += power * y * wanted
        step = -np.linalg.solve(curvature, slope)
        if np.abs(step).max() <= _ENOUGH:
            return y * (1 + step)
        # All of the step, unless that leads out of y > 0 or far past the minimum along it.
        length = 1 / max(1.0, -step.min() / 0.99)
        downhill = slope @ step
        for _ in range(_HALVINGS):
            there = y * (1 + length * step)
            if y * error(there) @ step <= -0.9 * downhill:
                break
            length /= 2
        y = there
    return y
