import numpy as np

from mtl.layers.image_size import ImageSize
from tests.layers.checks import check_layer


def test_images_of_the_size_are_left_alone_and_others_resized(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 3)).astype(np.uint8)
    found = check_layer(ImageSize(3, 5), images, tmp_path)
    np.testing.assert_array_equal(found, images)
    assert check_layer(ImageSize(6, 4), images, tmp_path).shape == (2, 6, 4, 3)


def test_enlarging_interpolates_and_rounds():
    row = np.array([0, 101], np.uint8).reshape(1, 1, 2, 1)
    # Centres of four pixels fall at -1/4, 1/4, 3/4 and 5/4 of the two.
    np.testing.assert_array_equal(np.asarray(ImageSize(1, 4)(row)).ravel(), [0, 25, 76, 101])
