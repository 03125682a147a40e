"""`evaluate`, `predict` and `export`: the verbs that read a trained run."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from mtl.commands import predict

RUN = "run=runs/headline/first"


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_evaluate_prints_a_table_and_writes_json(mtl, trained):
    done = mtl(f"evaluate {RUN} data.path=new.csv output=figures.json")
    assert done.status == 0
    assert "main_output" in done.out
    assert "0.5000" in done.out
    assert json.loads(Path("figures.json").read_text()) == {
        "main_output": {"loss": 0.5, "auc": 0.5}
    }


def test_predict_writes_csv_to_standard_output(mtl, trained, user_folder):
    before = files(user_folder)
    done = mtl(f"predict {RUN} data.path=new.csv")
    assert done.out == (
        "main,main_probability_0,main_probability_1,word\n3,0.25,0.75,short\n6,0.25,0.75,long\n"
    )
    assert files(user_folder) == before


@pytest.mark.parametrize(
    ("ending", "read"),
    [
        ("csv", pl.read_csv),
        ("parquet", pl.read_parquet),
        ("jsonl", pl.read_ndjson),
        ("ndjson", pl.read_ndjson),
    ],
)
def test_the_ending_chooses_the_format(mtl, trained, ending, read):
    done = mtl(f"predict {RUN} data.path=new.csv output=out.{ending}")
    assert done.out == f"2 predictions in out.{ending}\n"
    assert read(f"out.{ending}")["main"].to_list() == [3, 6]
    assert read(f"out.{ending}")["word"].to_list() == ["short", "long"]


def test_a_file_is_overwritten_only_when_asked(mtl, trained, write):
    write("out.csv", "kept")
    line = f"predict {RUN} data.path=new.csv output=out.csv"
    done = mtl(line)
    assert done.status == 1
    assert "out.csv exists. Write overwrite=true" in done.err
    assert Path("out.csv").read_text() == "kept"
    assert mtl(f"{line} overwrite=maybe").status == 1
    assert mtl(f"{line} overwrite=true").status == 0
    assert Path("out.csv").read_text() != "kept"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("predict data.path=new.csv", "`mtl predict` needs a run: run=runs/"),
        (f"predict {RUN}", "`mtl predict` needs a table: data.path=new.csv"),
        (f"evaluate {RUN}", "`mtl evaluate` needs a table"),
        (f"predict {RUN} data.path=nwe.csv", "new.csv"),
        ("predict run=runs/headline/frist data.path=new.csv", "Did you mean 'first'"),
        (f"predict {RUN} data.path=new.csv output=out.cvs", "Did you mean '.csv'?"),
        (f"predict {RUN} data.path=new.csv output=no/out.csv", "the folder no does not exist"),
        (f"predict {RUN} data.path=new.csv output=runs.csv optimizer=adam", "cannot be combined"),
        (f"predict {RUN} data.path=new.csv training.epochs=3", "does not read 'training.epochs'"),
        (f"predict {RUN} data.pth=new.csv", "Did you mean 'data.path'?"),
        (f"predict {RUN} data.path=new.csv --fast", "has no flag --fast"),
        (f"predict {RUN} new.csv", "Cannot read 'new.csv'"),
        (f"export {RUN} format=onxn", "format=onxn is none that can be exported"),
        (f"export {RUN} data.path=new.csv", "does not read 'data.path'"),
        (f"export {RUN} format=keras output=here", "ends in .keras"),
    ],
)
def test_a_mistake_is_explained(mtl, trained, line, hint):
    done = mtl(line)
    assert done.status == 1
    assert hint in done.err
    assert "Traceback" not in done.err


def test_generated_rows_can_be_evaluated(mtl, trained):
    done = mtl(f"evaluate {RUN} data.generator.seed=5 data.generator.rows=60")
    assert done.status == 0
    assert "15.0000" in done.out


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ("", "export/tf_saved_model"),
        ("format=keras", "export/model.keras"),
    ],
)
def test_export_writes_into_the_runs_folder_and_never_over_anything(mtl, trained, words, path):
    done = mtl(f"export {RUN} {words}")
    assert done.out == f"exported to {trained / path}\n"
    assert (trained / path).exists()
    again = mtl(f"export {RUN} {words}")
    assert again.status == 1
    assert "exists. Give another path" in again.err


def test_export_to_a_path(mtl, trained):
    assert mtl(f"export {RUN} format=keras output=deep/served.keras").status == 0
    assert Path("deep/served.keras").read_text() == "keras"


@pytest.mark.parametrize("words", ["format=keras output=/proc/x.keras", "output=/proc/x"])
def test_export_to_where_nothing_can_be_written_is_explained(mtl, trained, words):
    done = mtl(f"export {RUN} {words}")
    assert done.status == 1
    assert f"Cannot write {words.rpartition('=')[2]}" in done.err
    assert "output=<path>" in done.err
    assert "Traceback" not in done.err


def test_an_export_that_fails_leaves_nothing(mtl, trained, user_folder, monkeypatch):
    import sys

    import tensorflow as tf

    def export(path, **_):
        path.mkdir()
        (path / "half").write_text("half")
        raise tf.errors.ResourceExhaustedError(None, None, "no room\nand more")

    load = sys.modules["mtl.training.run"].load

    def broken(folder):
        run = load(folder)
        run.model.export = export
        return run

    monkeypatch.setattr(sys.modules["mtl.training.run"], "load", broken)
    done = mtl(f"export {RUN} output=out/model")
    assert done.status == 1
    assert "the disk is full" in done.err
    assert list((user_folder / "out").iterdir()) == []


def test_columns_of_several_numbers_are_numbered():
    frame = predict.as_frame({"a": [[1.0], [2.0]], "b": [[1, 2], [3, 4]]})
    assert frame.to_dict(as_series=False) == {"a": [1.0, 2.0], "b_0": [1, 3], "b_1": [2, 4]}
