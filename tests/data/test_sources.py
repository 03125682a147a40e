"""Batches of one source each."""

import numpy as np
import polars as pl
import pytest

from mtl.data.sources import Sources, refuse_many
from mtl.errors import DataError
from mtl.sampling import Distribution

SIZES = {"a": 40, "b": 10, "c": 150}
COLUMN = pl.Series("source", [name for name, size in SIZES.items() for _ in range(size)])
ROWS = {name: set(np.flatnonzero((name == COLUMN).to_numpy())) for name in SIZES}


def sources(kind="proportional", *, seed=0, shuffle=True, **options):
    mixed = Distribution(kind, **options)
    return Sources.of(COLUMN, mixed, seed=seed, shuffle=shuffle)


def share(alpha):
    powers = np.array(list(SIZES.values()), float) ** alpha
    return powers / powers.sum()


def source_of(batch):
    """The one source that a batch's rows are from."""
    (name,) = {COLUMN[int(row)] for row in batch}
    return name


def frequencies(given, epoch, batches=4_000):
    found = [source_of(batch) for batch in given.order(epoch, batches, 3)]
    return np.array([found.count(name) for name in SIZES]) / batches


@pytest.mark.parametrize(
    ("kind", "options", "epoch", "alpha"),
    [
        ("uniform", {}, 1, 0.0),
        ("proportional", {}, 1, 1.0),
        ("proportional", {"alpha": 0.75}, 2, 0.75),
        ("annealed", {"over_epochs": 5}, 1, 1.0),
        ("annealed", {"over_epochs": 5}, 3, 0.6),
        ("annealed", {"over_epochs": 5}, 5, 0.2),
    ],
)
def test_batches_are_of_one_source_drawn_by_a_power_of_its_size(kind, options, epoch, alpha):
    found, expected = frequencies(sources(kind, **options), epoch), share(alpha)
    assert (np.abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / 4_000)).all()


def test_every_row_of_a_source_comes_before_any_comes_again_also_over_epochs():
    given, size, count = sources("uniform"), 7, 12
    epochs = [given.order(epoch, count, size) for epoch in (1, 2, 3, 4)]
    for name, rows in ROWS.items():
        taken = [
            row for epoch in epochs for batch in epoch if source_of(batch) == name for row in batch
        ]
        assert len(taken) > 7
        for start in range(0, len(taken), len(rows)):
            turn = taken[start : start + len(rows)]
            assert len(set(turn)) == len(turn)
            assert set(turn) <= rows


def test_orders_are_drawn_anew_and_kept_without_shuffling():
    only = pl.Series("source", ["x"] * 20)
    shuffled = Sources.of(only, Distribution(), seed=0)
    first, second = shuffled.order(1, 4, 10).reshape(2, 20)
    assert sorted(first) == sorted(second) == list(range(20))
    assert list(first) != list(second) != list(range(20))
    kept = Sources.of(only, Distribution(), seed=0, shuffle=False)
    assert kept.order(1, 4, 10).reshape(2, 20).tolist() == [list(range(20))] * 2


def test_batches_depend_on_seed_and_epoch_alone():
    first = sources(seed=1).order(3, 9, 4)
    np.testing.assert_array_equal(sources(seed=1).order(3, 9, 4), first)
    assert (sources(seed=2).order(3, 9, 4) != first).any()
    assert (sources(seed=1).order(4, 9, 4) != first).any()


def test_a_source_smaller_than_a_batch_repeats_its_rows_and_is_told_of():
    given = sources("uniform")
    for batch in given.order(1, 20, 32):
        if source_of(batch) == "b":
            counts = np.bincount(batch - min(ROWS["b"]), minlength=10)
            assert counts.min() >= 3 - 1
            assert counts.max() <= 5
    first, second = given.notes(32)
    assert first.endswith("a (40), b (10), c (150).")
    assert second.endswith("repeatedly: b.")
    assert len(given.notes(10)) == 1


def test_a_row_without_a_source_is_refused():
    for column in (pl.Series("s", ["x", None, "y"]), pl.Series("s", [1.0, float("nan")])):
        with pytest.raises(DataError, match=r"Column 's' is empty in 1 of .* row 1 of these"):
            Sources.of(column, Distribution(), seed=0)


def test_a_column_of_nearly_as_many_values_as_rows_is_refused():
    measured = pl.Series("height", np.random.default_rng(0).normal(size=4_000))
    with pytest.raises(DataError, match=r"'height' has 4000 .* in 4000 rows, 1\.0 rows each") as e:
        refuse_many(measured)
    assert "and 3997 more. Expected the name of each row's source, with 10 rows" in str(e.value)
    assert len(str(e.value)) < 400
    users = [f"user {number}" for number in range(11)]
    refuse_many(pl.Series("user", users * 10))
    with pytest.raises(DataError, match=r"11 different values in 99 rows, 9\.0 rows each"):
        refuse_many(pl.Series("user", users * 9))
    refuse_many(pl.Series("user", [*users[:10], None, None]))


def test_of_many_sources_a_few_are_named():
    column = pl.Series("user", [f"{number:04}" for number in range(3_000)] * 12)
    first, second = Sources.of(column, Distribution(), seed=0).notes(32)
    assert first.endswith("0008 (12), 0009 (12) and 2990 more.")
    assert second.endswith("0008, 0009 and 2990 more.")
    assert len(first) < 300


def test_shares_are_those_of_all_epochs():
    np.testing.assert_allclose(sources("uniform").shares, share(0))
    np.testing.assert_allclose(
        sources("annealed", over_epochs=2).shares, (share(1) + share(0.2)) / 2
    )
