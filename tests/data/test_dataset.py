import numpy as np
import polars as pl
import pytest

from mtl.data.dataset import load_dataset
from mtl.data.preparation import fit_preparation
from mtl.errors import ConfigError, DataError, MtlError
from tests.data.real import POSTS, needs_posts

COLUMNS = {
    "link_name": {"kind": "text"},
    "page": {"kind": "categorical", "encoding": "target_mean"},
    "status_published": {"kind": "datetime"},
    "num_reactions": {"kind": "numeric"},
}
SPLIT = {"by": "time", "column": "status_published", "validation": 0.15, "test": 0.15, "seed": 0}
GENERATOR = {"name": "headlines", "rows": 200, "seed": 1}
INPUTS = {"words": "link_name", "aux": ["status_published", "page", "num_reactions"]}


def _data(**changes):
    return {"path": None, "generator": GENERATOR, "columns": COLUMNS, "split": SPLIT, **changes}


def _generated():
    return load_dataset(_data()).table


def test_generates_and_splits_by_time():
    dataset = load_dataset(_data())
    assert {name: len(rows) for name, rows in dataset.splits.items()} == {
        "training": 140,
        "validation": 30,
        "test": 30,
    }
    assert (
        dataset.part("training")["status_published"].max()
        < dataset.part("test")["status_published"].min()
    )
    assert dataset.known["num_reactions"].shape == (200,)


@pytest.mark.parametrize("name", ["posts.csv", "posts.parquet", "posts.jsonl"])
def test_a_file_in_the_generators_place_is_one_change(tmp_path, name):
    table = _generated()
    writer = {"csv": table.write_csv, "parquet": table.write_parquet, "jsonl": table.write_ndjson}
    writer[name.partition(".")[2]](tmp_path / name)
    dataset = load_dataset(_data(path=str(tmp_path / name)))
    assert dataset.table.equals(table)
    assert not dataset.known
    for split, rows in load_dataset(_data()).splits.items():
        np.testing.assert_array_equal(dataset.splits[split], rows)


def test_a_table_from_python_comes_first(tmp_path):
    table = _generated().head(50)
    for given in (
        table,
        table.to_pandas(),
        {name: table[name].to_numpy() for name in table.columns},
    ):
        dataset = load_dataset(_data(path="nowhere.csv"), given)
        assert dataset.table["link_name"].equals(table["link_name"])


def test_only_what_is_needed_is_read(tmp_path):
    _generated().write_csv(tmp_path / "posts.csv")
    dataset = load_dataset(_data(path=str(tmp_path / "posts.csv")), needed=["num_shares"])
    assert set(dataset.table.columns) == {*COLUMNS, "num_shares"}


def test_given_files_are_the_splits(tmp_path):
    table = _generated()
    paths = {}
    for name, rows in (("training", 100), ("validation", 60), ("test", 40)):
        paths[name] = str(tmp_path / f"{name}.csv")
        table.head(rows).write_csv(paths[name])
    split = {"by": "files", "validation": paths["validation"], "test": paths["test"]}
    dataset = load_dataset(_data(path=paths["training"], split=split))
    assert {name: len(rows) for name, rows in dataset.splits.items()} == {
        "training": 100,
        "validation": 60,
        "test": 40,
    }
    for name in paths:
        assert dataset.part(name).equals(table.head(len(dataset.splits[name])))


def test_a_split_file_may_be_absent_and_columns_may_not(tmp_path):
    table = _generated()
    table.write_csv(tmp_path / "training.csv")
    table.drop("page").write_csv(tmp_path / "test.csv")
    data = _data(path=str(tmp_path / "training.csv"), split={"by": "files", "validation": None})
    assert list(load_dataset(data).splits) == ["training"]
    data["split"] = {"by": "files", "test": str(tmp_path / "test.csv")}
    with pytest.raises(DataError, match=r"test.csv has no column 'page'"):
        load_dataset(data)
    data["split"] = {"by": "files", "test": 0.2}
    with pytest.raises(ConfigError, match=r"data.split.test: found 0.2. Expected the path"):
        load_dataset(data)


def test_wrong_values_are_named_by_their_file_and_its_own_row(tmp_path):
    rows = {"training": ["1", "2", "3"], "validation": ["1", "inf"], "test": ["-inf"]}
    for name, values in rows.items():
        text = "".join(f"{value},2016-02-24\n" for value in values)
        (tmp_path / f"{name}.csv").write_text(f"age,at\n{text}")
    columns = {"age": {"kind": "numeric"}, "at": {"kind": "datetime"}}
    split = {"by": "files", **{n: str(tmp_path / f"{n}.csv") for n in ("validation", "test")}}
    data = {"path": str(tmp_path / "training.csv"), "columns": columns, "split": split}
    with pytest.raises(DataError) as caught:
        load_dataset(data)
    first, second = str(caught.value).splitlines()
    assert first.startswith(f"{split['validation']}: Row 2 of column 'age' holds inf")
    assert second.startswith(f"{split['test']}: Row 1 of column 'age' holds -inf")
    (tmp_path / "test.csv").write_text("age,at\n1,2016-02-24\nold,2016-02-24\n")
    with pytest.raises(DataError, match=r"test.csv: Row 2 of column 'age' holds 'old'"):
        load_dataset(data)


def test_split_files_of_other_types_do_not_fit(tmp_path):
    pl.DataFrame({"age": [1, 2]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"age": [[1], [2]]}).write_parquet(tmp_path / "b.parquet")
    split = {"by": "files", "test": str(tmp_path / "b.parquet")}
    with pytest.raises(DataError, match="do not fit together"):
        load_dataset({"path": str(tmp_path / "a.parquet"), "split": split})


def test_wrong_values_of_all_columns_come_together(tmp_path):
    table = _generated().with_columns(
        status_published=pl.when(pl.int_range(200) == 6)
        .then(pl.lit("noon"))
        .otherwise("status_published"),
        num_reactions=pl.when(pl.int_range(200) == 3).then(np.inf).otherwise("num_reactions"),
    )
    with pytest.raises(DataError) as caught:
        load_dataset(_data(), table)
    assert "Row 7 of column 'status_published' holds 'noon'" in str(caught.value)
    assert "Row 4 of column 'num_reactions' holds inf" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"generator": None}, "data.path: there is neither a path nor a generator"),
        ({"generator": {"name": "headline"}}, "Did you mean 'headlines'"),
        ({"generator": {"name": "headlines", "row": 3}}, "no parameter 'row'. Did you mean 'rows'"),
        ({"generator": {"name": "headlines", "rows": 0}}, "rows=0. Expected 1 or more"),
        ({"columns": {"a": {"kind": "txt"}, "b": {}}}, "2 problems"),
        ({"split": {"by": "files", "test": "nowhere.csv"}}, "There is no file nowhere.csv"),
    ],
)
def test_refuses_a_wrong_section(changes, message):
    with pytest.raises(MtlError, match=message):
        load_dataset(_data(**changes))


def _fitted(table, rows):
    training = table[rows]
    target = (training["num_reactions"].fill_null(0) > 500).cast(pl.Float32).to_numpy()
    fitted = fit_preparation(COLUMNS, INPUTS, training, targets={"main": target}, main_task="main")
    config = fitted.model.get_config()
    return fitted, [(layer["class_name"], _settings(layer["config"])) for layer in config["layers"]]


def _settings(config):
    return {key: value for key, value in config.items() if key != "name"}


def test_nothing_is_fitted_on_anything_but_the_training_rows():
    dataset = load_dataset(_data())
    training = dataset.splits["training"]
    held_out = ~pl.int_range(200, eager=True).is_in(training.tolist())
    changed = dataset.table.with_columns(
        pl.when(held_out)
        .then(pl.lit("entirely other words"))
        .otherwise("link_name")
        .alias("link_name"),
        pl.when(held_out).then(pl.lit("unheard")).otherwise("page").alias("page"),
        pl.when(held_out)
        .then(None)
        .otherwise(pl.col("num_reactions") * 1000)
        .alias("num_reactions"),
    ).with_columns(
        pl.when(held_out)
        .then("num_reactions")
        .otherwise(dataset.table["num_reactions"])
        .alias("num_reactions")
    )
    first, before = _fitted(dataset.table, training)
    second, after = _fitted(changed, training)
    assert before == after
    for name, values in first.transform(dataset.table).items():
        np.testing.assert_array_equal(second.transform(dataset.table)[name], values)


@needs_posts
def test_loads_the_real_posts():
    dataset = load_dataset(_data(path=str(POSTS)), needed=[])
    assert dataset.table.height == 65_906
    assert {name: len(rows) for name, rows in dataset.splits.items()} == {
        "training": 46_134,
        "validation": 9_886,
        "test": 9_886,
    }
