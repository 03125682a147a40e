"""Which rows become exemplars."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.errors import MtlError
from mtl.models.exemplar_choice import choose_exemplars, medoids, shares, spread

NAN = float("nan")
CLASSES = np.array([2.0, 0.0, NAN, 1.0, 0.0, 0.0, 2.0, 0.0, 1.0, 0.0])
FEATURES = np.random.default_rng(0).normal(size=(10, 3)).astype("float32")


def chosen(count, choice, seed=0):
    return choose_exemplars(FEATURES, CLASSES, count, choice, seed)


def test_the_first_labelled_rows_by_class() -> None:
    assert chosen(4, "first").tolist() == [1, 4, 3, 0]


@pytest.mark.parametrize("choice", ["random", "stratified", "medoids"])
def test_a_choice_is_of_different_labelled_rows_by_class_and_follows_the_seed(choice) -> None:
    rows = chosen(6, choice)
    assert len(set(rows.tolist())) == 6
    assert not np.isnan(CLASSES[rows]).any()
    assert (np.diff(CLASSES[rows]) >= 0).all()
    np.testing.assert_array_equal(rows, chosen(6, choice))


@pytest.mark.parametrize("choice", ["random", "stratified"])
def test_another_seed_draws_other_rows(choice) -> None:
    assert len({tuple(chosen(3, choice, seed)) for seed in range(10)}) > 1


@pytest.mark.parametrize("choice", ["stratified", "medoids"])
def test_each_class_has_its_share_and_one_at_least(choice) -> None:
    assert CLASSES[chosen(3, choice)].tolist() == [0, 1, 2]
    assert CLASSES[chosen(5, choice)].tolist() == [0, 0, 0, 1, 2]
    assert sorted(chosen(9, choice)) == [0, 1, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("sizes", "count", "expected"),
    [
        ([5, 2, 2], 3, [1, 1, 1]),
        ([50, 30, 20], 10, [5, 3, 2]),
        ([98, 1, 1], 10, [8, 1, 1]),
        ([2, 100], 102, [2, 100]),
        ([1, 1], 2, [1, 1]),
    ],
)
def test_shares(sizes, count, expected) -> None:
    assert shares(np.array(sizes), count).tolist() == expected


def test_medoids_are_the_middle_rows_of_groups_far_apart() -> None:
    groups = np.array([[0.0, 0], [1, 0], [2, 0], [100, 0], [101, 0], [102, 0], [0, 90], [0, 91]])
    found = medoids(groups, 3, seed=0).tolist()
    assert {1, 4} < set(found)
    assert len({6, 7} & set(found)) == 1


def test_medoids_follow_the_seed() -> None:
    rows = np.random.default_rng(0).uniform(size=(60, 2))  # no groups: where k-means starts counts
    found = [tuple(sorted(medoids(rows, 6, seed))) for seed in range(5)]
    assert len(set(found)) > 1
    assert found == [tuple(sorted(medoids(rows, 6, seed))) for seed in range(5)]


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_medoids_of_equal_rows_are_different_rows() -> None:
    assert sorted(medoids(np.zeros((4, 2)), 3, seed=0).tolist()) == [0, 1, 2]


def test_too_few_rows_are_an_error() -> None:
    with pytest.raises(MtlError, match="9 labelled rows to choose 10 exemplars"):
        chosen(10, "first")


def test_spread() -> None:
    features = np.array([[0.0, 0, 5], [2, 0, 5], [0, 8, 5], [2, 8, 5]])
    typical = np.sqrt((1 + 16 + 0) / 3)
    np.testing.assert_allclose(spread(features, 0.5), [typical / 2, 4, typical / 2])
    np.testing.assert_allclose(spread(features, 0.0), [1, 4, 1e-6 * typical])
    np.testing.assert_array_equal(spread(np.ones((3, 2)), 0.5), [1, 1])
