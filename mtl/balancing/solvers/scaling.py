"""Bringing matrices of inner products to a scale at which they can be solved."""

from __future__ import annotations

import numpy as np


def unit_diagonal(gramian: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cosines C and the lengths n of G_ij = n_i C_ij n_j.

    Tasks whose gradients differ by many orders of magnitude, or all gradients so small that their
    squares barely are numbers, are solved as exactly as others in terms of C.

    Args:
        gramian: Shape `(m, m)`, symmetric but for rounding, diagonal ≥ 0.

    Returns:
        C, shape `(m, m)`, exactly symmetric, its diagonal 1 (0 where that of G is 0), and n,
        shape `(m,)`, where the diagonal of G is 0 the largest there is, or 1.
    """
    lengths = np.sqrt(np.maximum(gramian.diagonal(), 0.0))
    lengths = np.where(lengths > 0, lengths, lengths.max() or 1.0)
    cosines = gramian / lengths[:, None] / lengths
    return (cosines + cosines.T) / 2, lengths


def positive_definite(matrix: np.ndarray, least: float) -> np.ndarray:
    """Return the matrix, or one near it, with all eigenvalues at `least` or above.

    A Gramian computed in single precision may have slightly negative eigenvalues, along which a
    quadratic problem would have no minimum.

    Args:
        matrix: Shape `(m, m)`, symmetric.
        least: Above 0, small against the diagonal.
    """
    if _all_eigenvalues_above(matrix, least):
        return matrix
    values, vectors = np.linalg.eigh(matrix)
    lifted = (vectors * np.maximum(values, 2 * least)) @ vectors.T
    return (lifted + lifted.T) / 2


def _all_eigenvalues_above(matrix: np.ndarray, least: float) -> bool:
    shifted = matrix - least * np.eye(len(matrix))
    try:
        np.linalg.cholesky(shifted)
    except np.linalg.LinAlgError:
        return False
    return True
