"""Hashed pairs of ids against the same arithmetic in Python."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mtl.layers.hashed_pairs import HashedPairs


def bucket(first: int, second: int, buckets: int) -> int:
    if first == 0 or second == 0:
        return 0
    return 1 + (2_654_435_761 * first + 2_246_822_519 * second) % (buckets - 1)


@pytest.mark.parametrize("buckets", [2, 97, 262_144])
def test_buckets_are_those_of_the_formula(buckets: int) -> None:
    random = np.random.default_rng(0)
    first, second = random.integers(0, 20_000, (2, 3, 7))
    first[0], second[1] = 0, 0
    expected = np.vectorize(bucket)(first, second, buckets)
    found = HashedPairs(buckets)(first, second)
    np.testing.assert_array_equal(found, expected)
    assert np.asarray(found).max() < buckets


def test_the_order_of_a_pair_counts_and_few_pairs_meet() -> None:
    numbers = np.arange(1, 101)
    first, second = (grid.ravel() for grid in np.meshgrid(numbers, numbers))
    found = np.asarray(HashedPairs(2**20)(first, second))
    three, eight = np.array([[3]]), np.array([[8]])
    assert HashedPairs(997)(three, eight) != HashedPairs(997)(eight, three)
    # 10,000 pairs thrown at random into 2^20 buckets would meet about 48 times.
    assert len(np.unique(found)) > 9_800


def test_one_id_is_paired_with_each_of_a_sequence() -> None:
    found = HashedPairs(50)(np.array([[4, 0, 9]]), np.array([[2]]))
    np.testing.assert_array_equal(found, [[bucket(4, 2, 50), 0, bucket(9, 2, 50)]])


def test_saves_and_loads(tmp_path) -> None:  # type: ignore[no-untyped-def]
    first, second = (keras.Input((3,), dtype="int32", name=name) for name in ("a", "b"))
    model = keras.Model([first, second], HashedPairs(40)(first, second))
    assert model.output.shape == (None, 3)
    model.save(tmp_path / "pairs.keras")
    loaded = keras.models.load_model(tmp_path / "pairs.keras", safe_mode=True)
    given = [np.array([[1, 2, 3]]), np.array([[3, 2, 1]])]
    np.testing.assert_array_equal(loaded(given), model(given))


def test_too_few_buckets_are_refused() -> None:
    with pytest.raises(ValueError, match="Expected 2 buckets or more"):
        HashedPairs(1)
