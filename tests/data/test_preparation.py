import logging

import keras
import numpy as np
import polars as pl
import pytest
import tensorflow as tf

from mtl.data.preparation import Preparation, fit_preparation
from mtl.errors import DataError

COLUMNS = {
    "title": {"kind": "text", "length": 4},
    "page": {"kind": "categorical", "encoding": "target_mean"},
    "at": {"kind": "datetime", "features": ["hour"]},
    "age": {"kind": "numeric"},
    "code": {"kind": "categorical"},
}
INPUTS = {
    "words": "title",
    "aux": ["at", "page", "age"],
    "pages": {"column": "page", "encoding": "one_hot"},
    "code": "code",
    "letters": {"column": "title", "kind": "characters", "length": 6, "padding": "right"},
}
TRAINING = pl.DataFrame(
    {
        "title": ["a b", "b c", "b", "c a"],
        "page": ["x", "y", "x", "y"],
        "at": ["2016-02-24 06:00", "2016-02-24 12:00", "2016-02-24 18:00", "2016-02-24 00:00"],
        "age": [1.0, 3.0, None, 5.0],
        "code": [7, 7, 9, 7],
    }
)
TARGETS = {"main": np.array([1, 0, 1, 1], np.float32), "other": np.array([0, 0, 1, 1], np.float32)}
NEW = pl.DataFrame(
    {
        "title": ["c z", None],
        "page": ["y", "new"],
        "at": ["2016-02-24 06:30", None],
        "age": [3.0, None],
        "code": [9, 1],
    }
)


def _fit(training=TRAINING, columns=COLUMNS, inputs=INPUTS, targets=TARGETS):
    return fit_preparation(columns, inputs, training, targets=targets, main_task="main")


def _expected():
    return {
        "words": [[0, 0, 3, 1], [0, 0, 0, 0]],
        "aux": [[1, 0, 0.5, 0, 0], [0, 0, 0.75, 0, 1]],
        "pages": [[0, 0, 1], [1, 0, 0]],
        "code": [2, 0],
        "letters": None,
    }


def test_gives_what_was_worked_out_by_hand():
    prepared = _fit().transform(NEW)
    for name, expected in _expected().items():
        if expected is not None:
            np.testing.assert_allclose(prepared[name], expected, atol=1e-6, err_msg=name)
    assert {name: str(values.dtype) for name, values in prepared.items()} == {
        "words": "int32",
        "aux": "float32",
        "pages": "float32",
        "code": "int32",
        "letters": "uint8",
    }


def test_describes_each_input():
    found = {
        name: (each.kind, each.shape, each.dtype, dict(each.columns), each.vocabulary_size)
        for name, each in _fit().specifications.items()
    }
    assert found == {
        "words": ("text", (4,), "int32", {"title": 4}, 5),
        "aux": ("features", (5,), "float32", {"at": 2, "page": 1, "age": 2}, None),
        "pages": ("features", (3,), "float32", {"page": 3}, None),
        "code": ("index", (), "int32", {"code": 1}, 3),
        "letters": ("characters", (6,), "uint8", {"title": 6}, 6),
    }
    assert dict(_fit().specifications["aux"].column_kinds) == {
        "at": "datetime",
        "page": "categorical",
        "age": "numeric",
    }


def test_survives_saving_and_loading(tmp_path):
    fitted = _fit()
    fitted.model.save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    loaded = Preparation.from_model(model)
    assert loaded.specifications == fitted.specifications
    assert sorted(loaded.raw_columns) == sorted(fitted.raw_columns)
    again, before = loaded.transform(NEW), fitted.transform(NEW)
    for name, values in before.items():
        np.testing.assert_array_equal(again[name], values)
    predicted = model.predict(loaded.raw(NEW), verbose=0)
    np.testing.assert_array_equal(predicted["aux"], before["aux"])


def test_raw_values_are_strings_and_numbers():
    raw = _fit().raw(NEW)
    assert raw["title"].tolist() == ["c z", ""]
    assert raw["title"].dtype == object
    assert raw["age"].dtype == np.float64
    assert np.isnan(raw["age"][1])
    assert raw["code"].dtype == np.int64


def test_the_model_takes_raw_values_itself():
    prepared = _fit().model(
        {
            "title": tf.constant(["c z"]),
            "page": tf.constant(["y"]),
            "at": tf.constant(["2016-02-24 06:30"]),
            "age": tf.constant([3.0]),
            "code": tf.constant([9], tf.int64),
        }
    )
    np.testing.assert_allclose(prepared["aux"], [[1, 0, 0.5, 0, 0]], atol=1e-6)


def test_columns_not_needed_by_an_input_are_not_read():
    fitted = _fit(inputs={"words": "title"})
    assert fitted.raw_columns == ["title"]
    assert fitted.transform(NEW.select("title"))["words"].shape == (2, 4)


def test_target_mean_may_be_of_another_task():
    columns = {**COLUMNS, "page": {"kind": "categorical", "encoding": "target_mean", "of": "other"}}
    prepared = _fit(columns=columns, inputs={"x": "page"}).transform(NEW)
    np.testing.assert_allclose(prepared["x"], [[0.5], [0.5]])
    columns["page"]["of"] = "othr"
    with pytest.raises(DataError, match=r"'othr', which is no task .* Did you mean 'other'"):
        _fit(columns=columns, inputs={"x": "page"})


def test_is_the_same_under_mixed_precision():
    expected = _fit().transform(NEW)
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_float16")
        prepared = _fit().transform(NEW)
    finally:
        keras.config.set_dtype_policy(policy)
    for name, values in expected.items():
        np.testing.assert_array_equal(prepared[name], values)
        assert prepared[name].dtype == values.dtype


def test_chunks_make_no_difference(monkeypatch):
    expected = _fit().transform(NEW)
    monkeypatch.setattr("mtl.data.preparation._CHUNK_ROWS", 1)
    for name, values in _fit().transform(NEW).items():
        np.testing.assert_array_equal(values, expected[name])


def test_no_rows_give_no_rows():
    assert {values.shape[0] for values in _fit().transform(NEW.clear()).values()} == {0}


def test_names_the_missing_column_and_the_nearest():
    with pytest.raises(DataError, match=r"no column 'title'. Did you mean 'titel'"):
        _fit().raw(NEW.rename({"title": "titel"}))


def test_names_the_row_that_cannot_be_read():
    with pytest.raises(DataError, match=r"Row 2 of column 'age' holds inf"):
        _fit().transform(NEW.with_columns(age=pl.Series([1.0, np.inf])))
    with pytest.raises(DataError, match=r"Row 1 of column 'code' holds 'x'"):
        _fit().transform(NEW.with_columns(code=pl.Series(["x", "7"])))


def test_reasons_of_several_columns_come_together():
    training = TRAINING.with_columns(title=pl.lit("..."), age=pl.lit(None, pl.Float64))
    with pytest.raises(DataError) as caught:
        _fit(training=training)
    assert "No word is left of column 'title'" in str(caught.value)
    assert "Column 'age' is empty" in str(caught.value)


def test_one_column_is_read_in_one_way():
    inputs = {"a": "age", "b": {"column": "age", "kind": "categorical"}}
    with pytest.raises(DataError, match="'age' is read as float64 for one input and as int64"):
        _fit(inputs=inputs)


def test_column_names_may_be_odd():
    odd = TRAINING.select(pl.col("title").alias("the title / headline é"))
    columns = {"the title / headline é": {"kind": "text", "length": 4}}
    fitted = _fit(training=odd, columns=columns, inputs={"words": "the title / headline é"})
    assert fitted.raw_columns == ["the title / headline é"]
    assert list(fitted.raw(odd)) == ["the title _ headline é"]
    assert fitted.transform(odd)["words"].shape == (4, 4)


def test_two_columns_that_differ_in_a_slash_alone_are_refused():
    training = pl.DataFrame({"a/b": [1.0, 2.0], "a_b": [10.0, 30.0]})
    columns = {"a/b": {"kind": "numeric"}, "a_b": {"kind": "numeric"}}
    with pytest.raises(DataError, match=r"'a/b' and 'a_b' both feed the raw input 'a_b'"):
        _fit(training=training, columns=columns, inputs={"x": "a/b", "y": "a_b"})


@pytest.mark.parametrize(
    "values", [np.array([20200101123, 20200101124]), 1.6e9 + np.arange(-50.0, 51.0, 0.25)]
)
def test_large_numbers_keep_their_differences_and_so_does_the_saved_model(values, tmp_path):
    table = pl.DataFrame({"age": values})
    fitted = _fit(training=table, inputs={"x": "age"})
    expected = (values - values.mean()) / values.std()
    prepared = fitted.transform(table)["x"]
    assert prepared.dtype == np.float32
    np.testing.assert_allclose(prepared[:, 0], expected, atol=1e-6)
    fitted.model.save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    loaded = Preparation.from_model(model)
    np.testing.assert_array_equal(loaded.transform(table)["x"], prepared)
    batches = tf.data.Dataset.from_tensor_slices(loaded.raw(table)).batch(64)
    np.testing.assert_array_equal(model.predict(batches, verbose=0)["x"], prepared)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64])
def test_the_model_takes_numbers_of_any_type(dtype):
    model = _fit(inputs={"x": "age"}).model
    numbers = np.array([1, 3, 5], dtype)
    expected = [[-(1.5**0.5), 0], [0, 0], [1.5**0.5, 0]]
    for given in (numbers, keras.ops.convert_to_tensor(numbers)):
        np.testing.assert_allclose(model({"age": given})["x"], expected, atol=1e-6)
    predicted = model.predict({"age": numbers}, verbose=0)
    np.testing.assert_allclose(predicted["x"], expected, atol=1e-6)


def test_an_input_may_have_its_columns_name():
    fitted = _fit(inputs={"title": "title", "age": "age"})
    assert set(fitted.transform(NEW)) == {"title", "age"}


def test_warnings_name_the_column(caplog):
    with caplog.at_level(logging.WARNING, logger="mtl"):
        _fit(training=TRAINING.with_columns(age=pl.lit(2.0)), inputs={"x": "age"})
    assert "'age' is 2 in every training row" in caplog.text
