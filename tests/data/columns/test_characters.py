import numpy as np
import polars as pl
import pytest

from mtl.data.columns.characters import Characters
from mtl.data.preparation import Preparation, fit_preparation
from mtl.errors import DataError

WORDS = pl.Series("text", ["aab", "Äa", None])


def _ids(column, words):
    values = column.raw(words, "string")
    for layer in column.fit(WORDS, None).layers:
        values = layer(values)
    return np.asarray(values)


def test_characters_are_numbered_by_frequency_and_keep_their_case():
    # a: 3, then Ä (two bytes) and b; of equally frequent ones the later in byte order first
    ids = _ids(Characters(length=4), pl.Series("text", ["aab", "Äa", None, "aAbbbb"]))
    np.testing.assert_array_equal(ids, [[0, 2, 2, 4], [0, 0, 3, 2], [0] * 4, [2, 1, 4, 4]])


def test_may_be_lowered():
    column = Characters(length=2, standardize="lower")
    np.testing.assert_array_equal(_ids(column, pl.Series("text", ["AB"])), [[2, 4]])


def test_refuses_a_column_without_characters():
    with pytest.raises(DataError, match="empty in all"):
        Characters().fit(pl.Series("text", ["", None]), None)


def test_line_ends_and_odd_spaces_survive_saving(tmp_path):
    import keras

    table = pl.DataFrame({"text": ["a\nb\r\u2028c\x85", "\x1c\x0b\x0c\t d"]})
    fitted = fit_preparation(
        {"text": {"kind": "characters", "length": 8}},
        {"x": "text"},
        table,
        targets={},
        main_task="t",
    )
    fitted.model.save(tmp_path / "model.keras")
    loaded = Preparation.from_model(keras.models.load_model(tmp_path / "model.keras"))
    np.testing.assert_array_equal(loaded.transform(table)["x"], fitted.transform(table)["x"])
