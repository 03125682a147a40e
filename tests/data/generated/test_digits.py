import numpy as np
import pytest
from sklearn.datasets import load_digits

from mtl.data.generated.digits import digits
from mtl.errors import DataError


def test_are_scikit_learns_in_bytes():
    table = digits().table
    original = load_digits()
    images = table["image"].to_numpy()
    assert images.dtype == np.uint8
    assert images.shape == (1797, 8, 8)
    assert images.max() == 255
    np.testing.assert_allclose(images * (16 / 255), original.images, atol=0.5 * 16 / 255)
    np.testing.assert_array_equal(table["label"], original.target)


def test_some_are_drawn_without_repeating():
    drawn = digits(rows=200, seed=3).table
    assert drawn.equals(digits(rows=200, seed=3).table)
    assert not drawn.equals(digits(rows=200, seed=4).table)
    whole = digits().table
    rows = {image.tobytes(): row for row, image in enumerate(whole["image"].to_numpy())}
    found = [rows[image.tobytes()] for image in drawn["image"].to_numpy()]
    assert len(set(found)) == 200
    np.testing.assert_array_equal(drawn["label"], whole["label"][found])


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"rows": 1798}, {"seed": -1}])
def test_refuses_arguments_out_of_range(wrong):
    with pytest.raises(DataError, match=f"{next(iter(wrong))}={next(iter(wrong.values()))}"):
        digits(**wrong)
