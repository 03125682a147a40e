"""What examples count in a loss."""

import numpy as np
import polars as pl
import pytest
from sklearn.utils.class_weight import compute_class_weight

from mtl.errors import DataError

NAN = float("nan")


def weights(task, **columns):
    table = pl.DataFrame(columns, strict=False)
    return task.example_weights(table, task.encode(table))


def test_without_options_every_example_counts_one(fit):
    found = weights(fit({"kind": "binary"}, y=[0, 1]), y=[1, None])

    assert found.dtype == np.float32
    assert found.tolist() == [1, 1]


@pytest.mark.parametrize("kind", ["binary", "categorical"])
def test_balanced_weights_are_those_of_scikit_learn(fit, kind):
    values = ["a"] * 7 + ["b"] * 2 + [None] * 5 + (["c"] if kind == "categorical" else [])
    labelled = np.array([value for value in values if value is not None])
    task = fit({"kind": kind, "class_weights": "balanced"}, y=values)

    found = weights(task, y=sorted(set(labelled)))

    expected = compute_class_weight("balanced", classes=np.unique(labelled), y=labelled)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_mapping_names_classes(fit):
    task = fit({"kind": "categorical", "class_weights": {"fig": 3}}, y=["fig", "pear", "plum"])

    assert weights(task, y=["pear", "fig"]).tolist() == [1, 3]


@pytest.mark.parametrize("mapping", [{True: 4}, {"true": 4}, {1: 4}])
def test_a_derived_target_has_the_classes_false_and_true(fit, mapping):
    task = fit({"kind": "binary", "above": 2, "class_weights": mapping}, y=[1, 5])

    assert weights(task, y=[5, 1]).tolist() == [4, 1]


def test_several_labels_have_a_weight_each(fit):
    columns = {"u": [1, 0, 0, 0], "v": [1, None, 0, None]}
    config = {"kind": "multilabel", "target": ["u", "v"]}
    mapped = fit({**config, "class_weights": {"v": 5}}, **columns)
    balanced = fit({**config, "class_weights": "balanced"}, **columns)

    assert weights(mapped, u=[1, 0], v=[1, 0]).tolist() == [[1, 5], [1, 1]]
    np.testing.assert_allclose(
        weights(balanced, u=[1, 0], v=[1, 0]), [[2, 1], [2 / 3, 1]], rtol=1e-6
    )


def test_sample_weights_multiply_class_weights(fit):
    config = {"kind": "binary", "sample_weight": "w", "class_weights": {1: 10}}
    task = fit(config, y=[0, 1], w=[1, 1])

    assert weights(task, y=[1, 0, 1], w=[0.5, 2, 0]).tolist() == [5, 2, 0]


def test_an_unknown_class_has_a_nearest_name(refusal):
    config = {"kind": "categorical", "class_weights": {"pair": 2, "fig": 1}}

    message = refusal(config, y=["fig", "pear", "plum"])

    assert "tasks.out.class_weights: no class 'pair'. Did you mean 'pear'?" in message
    assert "1 problem" in message


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, -2], "-2 in column 'w', row 2"),
        ([1, None], "nothing in column 'w', row 2"),
        ([NAN, 1], "nothing in column 'w', row 1"),
        ([1, float("inf")], "inf in column 'w', row 2"),
        (["much", "1"], "'much' in column 'w', row 1"),
        ([0, 0], "every weight in column 'w' is 0"),
    ],
)
def test_sample_weights_that_are_none(refusal, values, words):
    message = refusal({"kind": "binary", "sample_weight": "w"}, y=[0, 1], w=values)

    assert "tasks.out.sample_weight" in message
    assert words in message


def test_a_sample_weight_that_is_absent_later(fit):
    task = fit({"kind": "binary", "sample_weight": "w"}, y=[0, 1], w=[1, 2])

    with pytest.raises(DataError, match="no column 'w'"):
        weights(task, y=[0, 1])
