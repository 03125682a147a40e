import keras
import numpy as np
import polars as pl
import pytest

from mtl.data.columns.text import Text
from mtl.errors import DataError

TITLES = pl.Series("title", ["The cat, the DOG", "a cat", None, "the end", "  "])


def _apply(fitted, values):
    for layer in fitted.layers:
        values = layer(values)
    return np.asarray(values)


def _ids(column, titles=TITLES, training=TITLES):
    return _apply(column.fit(training, None), column.raw(titles, "string"))


def test_words_are_numbered_by_frequency_after_padding_and_unknown():
    # the: 3, cat: 2, then once each; of equally frequent words the later in the alphabet first
    ids = _ids(Text(length=5))
    expected = [[0, 2, 3, 2, 5], [0, 0, 0, 6, 3], [0] * 5, [0, 0, 0, 2, 4], [0] * 5]
    np.testing.assert_array_equal(ids, expected)
    assert Text(length=5).fit(TITLES, None).vocabulary_size == 7


def test_padding_may_stand_on_the_right():
    ids = _ids(Text(length=3, padding="right"))
    np.testing.assert_array_equal(ids, [[2, 3, 2], [6, 3, 0], [0] * 3, [2, 4, 0], [0] * 3])


def test_words_beyond_the_vocabulary_are_unknown():
    titles = pl.Series("title", ["the unheard cat"])
    np.testing.assert_array_equal(_ids(Text(length=3, vocabulary_size=4), titles), [[2, 1, 3]])
    assert Text(vocabulary_size=4).fit(TITLES, None).vocabulary_size == 4


def test_case_and_punctuation_may_be_kept():
    ids = _ids(Text(length=4, standardize=None), pl.Series("title", ["the cat DOG dog"]))
    assert (ids == 1).tolist() == [[False, False, False, True]]


def test_words_and_ids_are_those_of_keras():
    column = Text(vocabulary_size=6, length=5, padding="right")
    theirs = keras.layers.TextVectorization(max_tokens=6, output_sequence_length=5)
    theirs.adapt(column.raw(TITLES, "string"))
    fitted = column.fit(TITLES, None)
    assert fitted.layers[0].get_vocabulary() == theirs.get_vocabulary()
    np.testing.assert_array_equal(
        _apply(fitted, column.raw(TITLES, "string")), theirs(column.raw(TITLES, "string"))
    )


def test_reserved_words_in_the_text_do_no_harm():
    titles = pl.Series("title", ["[UNK] a", "a [UNK]"])
    ids = _ids(Text(length=2, standardize=None), titles, titles)
    np.testing.assert_array_equal(ids, [[1, 2], [2, 1]])


@pytest.mark.parametrize("values", [["1984", "7", None], [1984, 7, None], ["-1.5", " 2e3 "]])
def test_refuses_a_column_of_numbers(values):
    with pytest.raises(DataError, match=r"kind text, and every training row is a number .*numeric"):
        Text().fit(pl.Series("title", values), None)


def test_takes_a_column_with_some_numbers():
    assert Text().fit(pl.Series("title", ["1984", "a novel"]), None).vocabulary_size == 5


@pytest.mark.parametrize("values", [["...", "?! -"], ["!!!", None]])
def test_refuses_a_vocabulary_of_nothing(values):
    with pytest.raises(DataError, match="No word is left of column 'title'"):
        Text().fit(pl.Series("title", values), None)


@pytest.mark.parametrize("values", [[None, None], ["", "  "]])
def test_refuses_a_column_without_values(values):
    with pytest.raises(DataError, match="'title' is empty in all 2 training rows"):
        Text().fit(pl.Series("title", values, dtype=pl.String), None)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"length": 0}, "length"),
        ({"length": True}, "length"),
        ({"vocabulary_size": 2}, "vocabulary_size"),
        ({"padding": "centre"}, "padding"),
        ({"standardize": "upper"}, "standardize"),
    ],
)
def test_names_options_out_of_range(options, wrong):
    assert [name for name, _ in Text(**options).wrong_options()] == [wrong]
