"""What is computed from stacked tensors, against NumPy in double precision."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from mtl.training.routes.stacked import Stacked

# Rows: fewer than a block of the triangle, several blocks, and blocks with a rest.
SHAPES = [(3, (5, 7)), (2, (64, 96)), (9, (150, 64)), (20, (130, 3)), (4, (6, 2, 40))]


def drawn(count: int, shape: tuple[int, ...]) -> tuple[Stacked, np.ndarray]:
    """Stack random tensors, and return them as (count, rows, size) in double precision too."""
    values = np.random.default_rng(0).normal(size=(count, *shape)).astype("f")
    return Stacked.of(list(tf.constant(values))), values.reshape(count, shape[0], -1).astype("d")


@pytest.mark.parametrize(("count", "shape"), SHAPES)
def test_the_products_of_tensors_are_those_of_all_their_numbers(count, shape) -> None:
    stacked, expected = drawn(count, shape)
    flat = expected.reshape(count, -1)
    assert (stacked.count, stacked.rows) == (count, shape[0])
    np.testing.assert_allclose(stacked.products(), flat @ flat.T, atol=1e-3, rtol=1e-5)
    others = stacked.map(lambda values: values[:, ::-1])
    np.testing.assert_allclose(stacked.products(others), flat @ flat[::-1].T, atol=1e-3, rtol=1e-5)


@pytest.mark.parametrize(("count", "shape"), SHAPES)
def test_products_through_a_symmetric_matrix(count, shape) -> None:
    stacked, expected = drawn(count, shape)
    matrix = np.random.default_rng(1).normal(size=(shape[0], shape[0]))
    matrix += matrix.T
    products = stacked.products_through(tf.constant(matrix, tf.float32))
    wanted = np.einsum("kna,np,lpa->kl", expected, matrix, expected)
    np.testing.assert_allclose(products, wanted, atol=1e-4 * np.abs(wanted).max())
    np.testing.assert_array_equal(products, tf.transpose(products))


@pytest.mark.parametrize(("count", "shape"), SHAPES)
def test_matrix_products_sums_and_weighted_sums(count, shape) -> None:
    stacked, expected = drawn(count, shape)
    random = np.random.default_rng(2)
    left = random.normal(size=(4, shape[0]))
    right = random.normal(size=(expected.shape[2], 3))
    before = stacked.before(tf.constant(left, tf.float32))
    after = stacked.after(tf.constant(right, tf.float32))
    np.testing.assert_allclose(before.values, np.einsum("rn,knm->rkm", left, expected), atol=1e-4)
    np.testing.assert_allclose(after.values, np.einsum("knm,mc->nkc", expected, right), atol=1e-4)
    np.testing.assert_allclose(stacked.sums(), expected.sum(axis=1), atol=1e-4)
    weights = random.normal(size=count)
    combined = stacked.combined(tf.constant(weights, tf.float32))
    np.testing.assert_allclose(combined, np.einsum("k,knm->nm", weights, expected), atol=1e-4)


def test_a_vector_is_one_row() -> None:
    stacked = Stacked.of([tf.constant([1.0, 2.0]), tf.constant([3.0, -1.0])])
    assert stacked.rows == 1
    np.testing.assert_array_equal(stacked.products(), [[5, 1], [1, 10]])


def test_the_number_of_rows_may_be_known_only_when_the_graph_runs() -> None:
    @tf.function(input_signature=[tf.TensorSpec((None, 64)), tf.TensorSpec((None, 64))])
    def products(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        stacked = Stacked.of([first, second])
        assert stacked.rows is None
        return stacked.products()

    ones = tf.ones((5, 64))
    np.testing.assert_array_equal(products(ones, 2 * ones), 320 * np.array([[1, 2], [2, 4]]))
