import numpy as np
import pytest

from mtl.layers.prepared_array import PreparedArray
from tests.layers.checks import check_layer


def test_casts_divides_and_flattens(tmp_path):
    values = np.array([[[0, 51], [102, 255]]], np.uint8)
    found = check_layer(PreparedArray("float32", 255.0, flatten=True), values, tmp_path)
    np.testing.assert_allclose(found, [[0, 0.2, 0.4, 1]], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["int32", "uint8"])
def test_keeps_whole_numbers(dtype, tmp_path):
    found = check_layer(PreparedArray(dtype), np.array([[1, 200]], np.int32), tmp_path)
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, [[1, 200]])
