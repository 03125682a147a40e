import numpy as np
import pytest

from mtl.data.generated.products import product_of, products
from mtl.errors import DataError


def test_is_the_same_for_one_seed_and_another_for_another():
    first = products(rows=50, seed=3).table
    assert first.equals(products(rows=50, seed=3).table)
    assert not first.equals(products(rows=50, seed=4).table)


def test_is_a_product_and_little_chance():
    table = products(rows=20_000, noise=0.1).table
    x = table["x"].to_numpy()
    assert x.shape == (20_000, 75)
    assert x.dtype == np.float32
    error = table["y"].to_numpy() - product_of(x)
    assert error.mean() == pytest.approx(0, abs=0.005)
    assert error.std() == pytest.approx(0.1, rel=0.03)
    assert product_of(x).std() == pytest.approx(0.68, rel=0.03)


def test_three_directions_at_right_angles_make_it():
    """Along any other direction, and only there, nothing changes."""
    random = np.random.default_rng(0)
    step = 1e-4
    start = random.normal(size=(40, 10))
    slopes = np.stack(
        [(product_of(start + step * axis) - product_of(start)) / step for axis in np.eye(10)],
        axis=1,
    )
    assert np.linalg.matrix_rank(slopes, tol=1e-2) == 3


def test_one_row_and_the_smallest_size():
    assert products(rows=1, size=3).table.height == 1


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"size": 2}, {"noise": -0.1}, {"seed": -1}])
def test_refuses_arguments_out_of_range(wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        products(**wrong)
