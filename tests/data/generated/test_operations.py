import numpy as np
import pytest

from mtl.data.generated.operations import operations
from mtl.errors import DataError


def columns(table, prefix):
    names = [name for name in table.columns if name.rpartition("_")[0] == prefix]
    return table.select(names).to_numpy()


def test_results_are_exact():
    table = operations(rows=30, size=4, columns=3, vector=[0.5, -2.0]).table
    x_1, x_2, matrix = (table[name].to_numpy() for name in ("x_1", "x_2", "matrix"))
    assert x_1.shape == x_2.shape == (30, 4)
    assert matrix.shape == (30, 2, 3)
    np.testing.assert_array_equal(columns(table, "absolute"), np.abs(x_1))
    np.testing.assert_array_equal(columns(table, "absolute_sum"), np.abs(x_1) + np.abs(x_2))
    by_hand = 0.5 * matrix[:, 0] - 2 * matrix[:, 1]
    np.testing.assert_array_equal(columns(table, "vector_matrix"), by_hand)


def test_numbers_are_whole_and_of_both_signs():
    x = operations().table["x_1"].to_numpy()
    np.testing.assert_array_equal(x, np.rint(x))
    assert (x.min(), x.max()) == (-9, 9)


def test_is_the_same_for_one_seed_and_another_for_another():
    assert operations(seed=3).table.equals(operations(seed=3).table)
    assert not operations(seed=3).table.equals(operations(seed=4).table)


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"size": 0}, {"columns": 0}, {"seed": -1}])
def test_refuses_arguments_out_of_range(wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        operations(**wrong)


def test_refuses_a_vector_without_numbers():
    with pytest.raises(DataError, match="vector"):
        operations(vector=[])
