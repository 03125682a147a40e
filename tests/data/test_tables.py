import gzip
import json
import logging

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mtl.data.tables import as_table, column_names, read_table
from mtl.errors import DataError
from tests.data.real import CENSUS, MULAN, TWEETS, needs_census, needs_mulan, needs_tweets

TABLE = pl.DataFrame(
    {
        "title": ["A, b", 'say "no"', None, "1984"],
        "age": [3, None, 5, 7],
        "score": [0.5, 1e-3, None, -2.0],
        "ok": [True, False, True, None],
    }
)


def _write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _error(path, **arguments):
    with pytest.raises(DataError) as caught:
        read_table(path, **arguments)
    return str(caught.value)


def _in_every_format(folder):
    TABLE.write_csv(folder / "table.csv")
    (folder / "table.csv.gz").write_bytes(gzip.compress((folder / "table.csv").read_bytes()))
    TABLE.write_parquet(folder / "table.parquet")
    TABLE.write_ndjson(folder / "table.jsonl")
    (folder / "table.ndjson.gz").write_bytes(gzip.compress((folder / "table.jsonl").read_bytes()))
    return sorted(folder.iterdir())


def test_every_format_gives_the_same_table(tmp_path):
    for path in _in_every_format(tmp_path):
        assert column_names(path) == TABLE.columns
        assert read_table(path).equals(TABLE), path
        assert as_table(str(path)).equals(TABLE), path


def test_reads_only_the_columns_that_are_needed(tmp_path):
    for path in _in_every_format(tmp_path):
        table = read_table(path, needed=["score", "title", "absent"])
        assert table.equals(TABLE.select("title", "score")), path


def test_python_objects_give_the_same_table():
    frame = TABLE.to_pandas()
    arrays = {
        "title": np.array(["A, b", 'say "no"', None, "1984"], object),
        "age": [3, None, 5, 7],
        "score": np.array([0.5, 1e-3, np.nan, -2.0]),
        "ok": [True, False, True, None],
    }
    for table in (TABLE, TABLE.lazy(), arrays):
        assert as_table(table).equals(TABLE)
    assert as_table(frame).with_columns(pl.col("age").cast(pl.Int64)).equals(TABLE)
    nullable = frame.convert_dtypes()
    assert as_table(nullable).equals(TABLE)


def test_takes_numpy_text_bytes_and_times():
    table = as_table(
        {
            "text": np.array(["a", "b"]),
            "bytes": np.array([b"a", b"b"]),
            "time": np.array(["2016-02-24", "NaT"], "datetime64[ns]"),
            "small": np.array([1, 2], np.uint8),
        }
    )
    assert table["text"].to_list() == table["bytes"].to_list() == ["a", "b"]
    assert table["time"].null_count() == 1
    assert table["small"].to_list() == [1, 2]


def test_takes_pandas_categories_and_times():
    frame = pd.DataFrame(
        {"page": pd.Categorical(["x", None]), "at": pd.to_datetime(["2016-02-24", None])}
    )
    table = as_table(frame)
    assert table["page"].to_list() == ["x", None]
    assert table["at"].null_count() == 1


def test_a_dictionary_of_categories_becomes_text(tmp_path):
    pl.DataFrame({"page": pl.Series(["x", "y"], dtype=pl.Categorical)}).write_parquet(
        tmp_path / "a.parquet"
    )
    assert read_table(tmp_path / "a.parquet")["page"].dtype == pl.String


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (7, "table of type int"),
        ({}, "no columns"),
        ({"a": [1, 2], "b": [1]}, "different lengths: a 2, b 1"),
        ({"a": np.full((2, 3), "x")}, r"'a' is an array of type <U1 and shape \(2, 3\)"),
        ({"a": []}, "no rows"),
        ({"a": ["x", "y", 3]}, r"Row 3 of column 'a' holds 3 \(a number\)"),
        ({"a": np.array([1j])}, "type complex128"),
    ],
)
def test_refuses_python_objects_that_are_no_table(table, message):
    with pytest.raises(DataError, match=message):
        as_table(table)


def test_refuses_a_data_frame_with_two_columns_of_one_name():
    with pytest.raises(DataError, match="several columns called 'a'"):
        as_table(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_columns_have_the_type_that_their_cells_spell(tmp_path):
    path = _write(
        tmp_path,
        "a.csv",
        "whole,number,text,code,flag,mixed,nothing\n1,0.5,a,007,true,1,\n-2,NA,b,012,false,x,\n,1e3,,,,?,\n",
    )
    table = read_table(path)
    kinds = {name: str(dtype) for name, dtype in table.schema.items()}
    assert kinds == {
        "whole": "Int64",
        "number": "Float64",
        "text": "String",
        "code": "String",
        "flag": "Boolean",
        "mixed": "String",
        "nothing": "String",
    }
    assert table["number"].to_list() == [0.5, None, 1000.0]


def test_kinds_decide_types(tmp_path):
    path = _write(tmp_path, "a.csv", "code,age,at\n1,?,2016\n2,4,2017\n")
    config = {"code": {"kind": "categorical"}, "age": {"kind": "numeric"}, "at": {"kind": "text"}}
    table = read_table(path, columns_config=config)
    assert table["code"].to_list() == ["1", "2"]
    assert table["age"].to_list() == [None, 4]
    assert table["at"].to_list() == ["2016", "2017"]


def test_names_row_and_column_of_a_wrong_type(tmp_path):
    path = _write(tmp_path, "a.csv", 'title,age\n"two\nlines",1\nx,\ny,12a\nz,?\nw,old\n')
    message = _error(path, columns_config={"age": {"kind": "numeric"}})
    assert message.startswith(f"{path}: Row 3 of column 'age' holds '12a'. Expected a number")
    assert "2 values" in message


def test_reads_a_byte_order_mark_quotes_and_line_ends(tmp_path):
    (tmp_path / "a.csv").write_bytes('\ufefftitle,"a,b"\r\n"x ""y""",1\r\n'.encode())
    table = read_table(tmp_path / "a.csv")
    assert table.to_dict(as_series=False) == {"title": ['x "y"'], "a,b": [1]}


def test_an_unnamed_column_of_row_numbers_is_kept(tmp_path):
    pd.DataFrame({"a": ["x", "y"]}).to_csv(tmp_path / "a.csv")
    assert read_table(tmp_path / "a.csv").columns == ["", "a"]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_refuses_a_header_without_rows(tmp_path, name):
    text = b"title,age\n"
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    assert "has the columns 'title', 'age' and no rows" in _error(tmp_path / name)


def test_refuses_parquet_without_rows(tmp_path):
    TABLE.clear().write_parquet(tmp_path / "a.parquet")
    assert "no rows" in _error(tmp_path / "a.parquet")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blank_lines_are_no_rows(tmp_path, end):
    lines = ["", "a,b", "1,x", "", "2,", ",", "3,z", "", ""]
    (tmp_path / "a.csv").write_bytes(end.join(lines).encode())
    table = read_table(tmp_path / "a.csv", columns_config={"a": {"kind": "numeric"}})
    assert table.rows() == [(1, "x"), (2, None), (None, None), (3, "z")]
    assert read_table(tmp_path / "a.csv", needed=["b"])["b"].to_list() == ["x", None, None, "z"]
    lines[6] = "old,z"
    (tmp_path / "a.csv").write_bytes(end.join(lines).encode())
    assert "Row 4 of column 'a'" in _error(
        tmp_path / "a.csv", columns_config={"a": {"kind": "numeric"}}
    )


def test_refuses_blank_lines_alone(tmp_path):
    assert "nothing but blank lines" in _error(_write(tmp_path, "a.csv", "\n\n\n"))


def test_says_what_the_first_row_holds_where_there_is_no_header(tmp_path):
    path = _write(tmp_path, "a.csv", "cnn,Fire in town,12\nbbc,Rain,3\n")
    message = _error(
        path, columns_config={"page": {"kind": "categorical"}, "title": {"kind": "text"}}
    )
    assert "none of the columns that data.columns describes ('page', 'title')" in message
    assert "Its first row holds 'cnn', 'Fire in town', '12'" in message
    assert "must hold the names" in message


def test_hints_at_another_separator(tmp_path):
    path = _write(tmp_path, "a.csv", "page;title\ncnn;Fire\n")
    assert "separated by commas" in _error(path, columns_config={"page": {"kind": "text"}})


def test_refuses_two_columns_of_one_name(tmp_path):
    path = _write(tmp_path, "a.csv", "a,b,a\n1,2,3\n")
    assert "several columns called 'a' ('a': columns 1, 3)" in _error(path)


def test_names_the_row_with_too_many_cells(tmp_path):
    path = _write(tmp_path, "a.csv", 'a,b\n1,2\n"3\n4",5\nx,y,z\n')
    assert "has 3 cells in row 3, and 2 names" in _error(path)


def test_warns_once_of_rows_with_too_few_cells(tmp_path, caplog):
    path = _write(tmp_path, "a.csv", 'a,b,c\n1,2,3\n\n"4\n5",6,\n7,8\n9\n')
    with caplog.at_level(logging.WARNING, logger="mtl"):
        table = read_table(path, needed=["a", "b"])
    assert table.rows() == [("1", 2), ("4\n5", 6), ("7", 8), ("9", None)]
    (record,) = caplog.records
    message = f"{path}: 2 of 4 rows have fewer cells than there are names (3)"
    assert record.getMessage().startswith(message)
    assert "The first is row 3, which ends before 'c'" in record.getMessage()


def test_empty_cells_are_no_reason_to_warn(tmp_path, caplog):
    path = _write(tmp_path, "a.csv", "a,b\n1,\n\n,\n3,4\n")
    with caplog.at_level(logging.WARNING, logger="mtl"):
        assert read_table(path).height == 3
    assert not caplog.records


def test_names_the_row_before_bytes_that_are_no_utf_8(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"title\ncaf\xc3\xa9\n" + b"x\n" * 5 + b"caf\xe9\n")
    assert "no UTF-8 text (byte 0xe9" in _error(tmp_path / "a.csv")


def test_refuses_an_unknown_format(tmp_path):
    path = _write(tmp_path, "posts.xlsx", "x")
    assert "name that says no format" in _error(path)
    assert ".csv, .csv.gz, .parquet" in _error(path)


def test_refuses_what_is_no_parquet(tmp_path):
    assert "no whole Parquet file" in _error(_write(tmp_path, "a.parquet", "x,y\n1,2\n"))


def test_refuses_parquet_that_was_cut_off(tmp_path):
    TABLE.write_parquet(tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content[: len(content) // 2])
    assert "no whole Parquet file" in _error(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['{"a": 1}', '{"a": 2'], "Row 2 of .* is no JSON"),
        (['{"a": 1}', "[1, 2]"], "Row 2 of .* holds list"),
        (
            ['{"a": 1}', "", '{"a": null}', '{"a": "x"}', '{"a": 2}'],
            r"Row 3 of column 'a' .* holds text \('x'\), and most rows hold a number",
        ),
    ],
)
def test_names_the_row_of_wrong_json(tmp_path, lines, message):
    path = _write(tmp_path, "a.jsonl", "\n".join(lines))
    with pytest.raises(DataError, match=message):
        read_table(path)


def test_json_lines_may_lack_keys(tmp_path):
    rows = [{"a": 1}, {"b": "x", "a": 2.5}]
    path = _write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert read_table(path).to_dict(as_series=False) == {"a": [1.0, 2.5], "b": [None, "x"]}


@needs_tweets
def test_reads_the_real_tweets():
    table = read_table(TWEETS, columns_config={"text": {"kind": "characters"}})
    assert table.height == 43_371
    assert table["retweets"].dtype.is_numeric()


@needs_census
def test_reads_the_needed_columns_of_the_real_census():
    names = column_names(CENSUS)
    assert {"instance_weight", "income_50k", "marital_stat", "education"} <= set(names)
    table = read_table(CENSUS, needed=["income_50k", "instance_weight"])
    assert (table.height, table.width) == (199_523, 2)


@needs_mulan
def test_reads_real_tables_with_missing_cells():
    table = read_table(MULAN / "osales.csv.gz")
    assert sum(table.null_count().row(0)) == 10_012
    assert all(dtype.is_numeric() for dtype in table.dtypes)


def test_paths_of_images_are_from_the_folder_of_the_table_or_from_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "data"
    folder.mkdir()
    pl.DataFrame(
        {"image": ["a.png", "~/b.png", "/c.png", None, "~1.png"], "other": ["~/x"] * 5}
    ).write_csv(folder / "a.csv")
    table = read_table(folder / "a.csv", columns_config={"image": {"kind": "image"}})
    expected = [folder / "a.png", tmp_path / "home" / "b.png", "/c.png", None, folder / "~1.png"]
    assert table["image"].to_list() == [None if path is None else str(path) for path in expected]
    assert table["other"].to_list() == ["~/x"] * 5


def test_a_column_of_missing_paths_stays_one_of_text(tmp_path):
    pl.DataFrame({"image": pl.Series([None, None], dtype=pl.String)}).write_parquet(
        tmp_path / "a.parquet"
    )
    table = read_table(tmp_path / "a.parquet", columns_config={"image": {"kind": "image"}})
    assert table["image"].dtype == pl.String
    assert table["image"].to_list() == [None, None]
