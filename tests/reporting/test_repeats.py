"""Means over seeds, their intervals, and Δ_m, against numbers worked out by hand."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from mtl.errors import MtlError
from mtl.reporting.collect import Run
from mtl.reporting.console import Console
from mtl.reporting.repeats import (
    average,
    averages_csv,
    averages_shown,
    averages_table,
    repeated,
)


def run(
    number: int,
    losses: dict[str, float],
    *overrides: str,
    r2: dict | None = None,
    config: dict | None = None,
) -> Run:
    figures = {f"test/{task}/loss": loss for task, loss in losses.items()}
    figures |= {f"test/{task}/r2": value for task, value in (r2 or {}).items()}
    figures |= {"test/loss": sum(losses.values()), "test/mean/loss": 9.0, "test/mean/r2": 9.0}
    return Run(
        Path(f"runs/enb/{number}"),
        "completed",
        ("experiment=enb", *overrides),
        "validation/mean/r2",
        "max",
        figures,
        config=config or {},
    )


def balanced(number: int, loss: float, name: str, *overrides: str, **values: object) -> Run:
    """Return a run of one task and of one seed whose config balances by a strategy."""
    config = {"balancing": {"name": name, **values}}
    return run(number, {"a": loss}, *overrides, "training.seed=0", config=config)


def gains(runs: list[Run], against: str | None = None) -> dict[str, float]:
    (averages,) = average(runs, against=against)
    return {choice.label: choice.gain.mean for choice in averages.choices}


def sweep() -> list[Run]:
    """Two strategies and two seeds; the losses of the second task differ tenfold between seeds."""
    given = [
        ("balancing=fixed", 0, (2.0, 10.0), (0.5, 0.4)),
        ("balancing=fixed", 1, (4.0, 100.0), (0.3, 0.2)),
        ("balancing=nash", 0, (1.0, 9.0), (0.9, 0.3)),
        ("balancing=nash", 1, (3.0, 80.0), (0.7, 0.1)),
    ]
    return [
        run(
            number,
            dict(zip("ab", losses, strict=True)),
            strategy,
            f"training.seed={seed}",
            r2=dict(zip("ab", r2, strict=True)),
        )
        for number, (strategy, seed, losses, r2) in enumerate(given)
    ]


def test_gain_is_paired_by_seed() -> None:
    """Seed 0: (1/2 + 1/10) / 2 = 30 %, seed 1: (1/4 + 1/5) / 2 = 22.5 %."""
    (averages,) = average(sweep())
    best, reference = averages.choices
    assert best.label == "balancing=nash"
    assert best.gain.mean == pytest.approx(26.25)
    assert best.gain.count == 2
    assert reference.label == "balancing=fixed"
    assert (reference.gain.mean, reference.gain.margin) == (0, 0)


def test_figures_are_the_watched_metric_of_each_task_their_mean_and_the_worst() -> None:
    (averages,) = average(sweep())
    figures = averages.choices[0].figures
    assert (averages.metric, averages.mode, averages.split) == ("r2", "max", "test")
    assert {name: each.mean for name, each in figures.items()} == pytest.approx(
        {"a": 0.8, "b": 0.2, "mean": 0.5, "worst": 0.2}
    )
    losses = average(sweep(), by="test/mean/loss")[0]
    nash = next(choice for choice in losses.choices if "nash" in choice.label)
    assert nash.figures["worst"].mean == pytest.approx(44.5)  # less is better: the larger loss
    assert losses.mode == "min"


def test_what_is_good_can_be_said() -> None:
    (averages,) = average(sweep()[2:], mode="min")
    assert averages.mode == "min"
    assert averages.choices[0].figures["worst"].mean == pytest.approx(0.8)
    without_figures = [
        Run(each.folder, "failed", each.overrides, config=each.config) for each in sweep()
    ]
    assert average(without_figures, mode="max")[0].mode == "max"


def test_a_run_that_failed_is_counted_and_left_out() -> None:
    runs = [*sweep()[:3], Run(Path("runs/enb/3"), "failed", sweep()[3].overrides)]
    (averages,) = average(runs)
    nash = averages.choices[0]
    assert nash.runs == (1, 2)
    assert nash.gain.mean == pytest.approx(30)


def test_the_reference_is_the_one_with_the_same_other_overrides() -> None:
    by_parameters = ("balancing=mgda", "balancing.gradients=parameters")
    runs = [
        balanced(0, 4.0, "fixed", "training.epochs=1"),
        balanced(1, 2.0, "fixed", "training.epochs=2"),
        balanced(2, 1.0, "mgda", "balancing=mgda", "training.epochs=1"),
        balanced(3, 1.0, "mgda", "training.epochs=2", "balancing=mgda"),
        balanced(4, 1.0, "mgda", *by_parameters, "training.epochs=2"),
    ]
    assert gains(runs) == {
        "balancing=fixed training.epochs=1": 0,
        "balancing=fixed training.epochs=2": 0,
        "balancing=mgda training.epochs=1": 75,
        "training.epochs=2 balancing=mgda": 50,
        "balancing=mgda balancing.gradients=parameters training.epochs=2": 50,
    }


def test_without_an_override_the_reference_is_what_the_config_says() -> None:
    """An experiment's own strategy may be another than `fixed`; its runs have no other override."""
    runs = [balanced(0, 4.0, "fixed"), balanced(1, 1.0, "mgda", "balancing=mgda")]
    assert gains(runs) == {"balancing=mgda": 75, "balancing=fixed": 0}
    runs = [balanced(0, 1.0, "mgda"), balanced(1, 4.0, "fixed", "balancing=fixed")]
    assert gains(runs) == {"as it is": 75, "balancing=fixed": 0}


def test_what_all_runs_have_below_the_key_hides_no_reference() -> None:
    runs = [
        balanced(0, 4.0, "fixed", "balancing.monitor=true", "balancing=fixed"),
        balanced(1, 1.0, "mgda", "balancing.monitor=true", "balancing=mgda"),
    ]
    assert gains(runs) == {"balancing=mgda": 75, "balancing=fixed": 0}


def test_the_counterpart_is_alike_below_the_key_or_plain() -> None:
    runs = [
        balanced(0, 4.0, "fixed", "balancing=fixed"),
        balanced(1, 2.0, "fixed", "balancing=fixed", "balancing.heads=own"),
        balanced(2, 1.0, "mgda", "balancing=mgda", "balancing.heads=own"),
        balanced(3, 1.0, "mgda", "balancing=mgda", "+balancing.every=4"),
    ]
    assert gains(runs) == {
        "balancing=fixed": 0,
        "balancing=fixed balancing.heads=own": 0,
        "balancing=mgda balancing.heads=own": 50,
        "balancing=mgda +balancing.every=4": 75,
    }


def test_any_value_of_the_config_can_be_the_reference() -> None:
    """As the command line reads it, and whether or not it was overridden."""
    runs = [
        balanced(0, 4.0, "nash", max_norm=0.001),
        balanced(1, 1.0, "nash", "balancing.max_norm=0.1", max_norm=0.1),
    ]
    assert gains(runs, "balancing.max_norm=1e-3") == {
        "balancing.max_norm=0.1": 75,
        "balancing.max_norm=1e-3": 0,
    }


def test_an_option_that_is_not_called_what_its_section_is_can_be_the_reference() -> None:
    config = {"model": {"name": "graph"}}
    runs = [
        run(0, {"a": 4.0}, "model=graph/mlp", "training.seed=0", config=config),
        run(1, {"a": 1.0}, "model=graph/product", "training.seed=0", config=config),
    ]
    assert gains(runs, "model=graph/mlp") == {"model=graph/product": 75, "model=graph/mlp": 0}


def test_overrides_in_another_order_are_the_same_choice() -> None:
    runs = [
        run(0, {"a": 1.0}, "training.epochs=2", "training.seed=0", "balancing=mgda"),
        run(1, {"a": 3.0}, "balancing=mgda", "training.seed=1", "training.epochs=2"),
    ]
    assert repeated(runs)
    (averages,) = average(runs)
    assert [choice.runs for choice in averages.choices] == [(2, 2)]


def test_the_last_of_two_overrides_of_a_key_counts() -> None:
    runs = [
        run(0, {"a": 1.0}, "training.epochs=1", "training.epochs=2", "training.seed=0"),
        run(1, {"a": 1.0}, "training.epochs=2", "training.epochs=1", "training.seed=1"),
    ]
    assert not repeated(runs)


def test_where_no_config_can_be_read_overrides_tell_the_reference() -> None:
    runs = [
        run(0, {"a": 4.0}, "balancing=fixed", "training.seed=0"),
        run(1, {"a": 1.0}, "balancing=mgda", "training.seed=0"),
        run(2, {"a": 1.0}, "training.seed=0"),
    ]
    assert gains(runs) == {"balancing=mgda": 75, "as it is": 75, "balancing=fixed": 0}


def test_each_experiment_has_a_table_of_its_own() -> None:
    other = [
        Run(each.folder, each.status, ("experiment=wq", *each.overrides[1:]), figures=each.figures)
        for each in sweep()
    ]
    assert len(average([*sweep(), *other])) == 2


def test_without_the_default_reference_there_is_no_gain() -> None:
    (averages,) = average(sweep()[2:])
    assert averages.reference is None
    assert averages.choices[0].gain.count == 0


def test_unknown_settings_are_named() -> None:
    with pytest.raises(MtlError, match=r"Did you mean .training\.seed."):
        average(sweep(), over="training.sed")
    with pytest.raises(MtlError, match="Did you mean 'balancing=nash'"):
        average(sweep(), against="balancing=nahs")
    runs = [balanced(0, 1.0, "fixed"), balanced(1, 1.0, "mgda", "balancing=mgda")]
    with pytest.raises(MtlError, match="Did you mean 'balancing=fixed'"):
        average(runs, against="balancing=fixd")


def test_a_reference_that_all_choices_have_is_refused() -> None:
    with pytest.raises(MtlError, match=r"All choices have 'experiment=enb'"):
        average(sweep(), against="experiment=enb")


def test_only_runs_that_differ_in_their_seed_alone_are_repeats() -> None:
    assert repeated(sweep())
    assert not repeated(sweep()[::2])
    assert not repeated([run(0, {"a": 1.0}), run(1, {"a": 1.0})])


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_table_fits_and_no_number_is_broken(width: int, capsys) -> None:
    (averages,) = average(sweep())
    Console(width=width).show(averages_table(averages))
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    assert "+26.2 ± " in out
    assert ("0.8000 ± " in out) == (width == 160)  # the task's own column


def test_what_is_shown_says_what_it_is(capsys) -> None:
    Console(width=160).show(*averages_shown(average(sweep()), "training.seed"))
    out = capsys.readouterr().out
    assert "r2 on the test split, mean over training.seed" in out
    assert "below those of balancing=fixed" in out.replace("\n", " ")


def said(runs: list[Run], width: int, capsys, **options: str) -> str:
    Console(width=width).show(*averages_shown(average(runs, **options), "training.seed"))
    return " ".join(capsys.readouterr().out.split())


def test_columns_that_are_left_out_are_named_with_where_they_are(capsys) -> None:
    where = "averages.csv in the sweep's folder has them."
    assert "Not shown" not in said(sweep(), 160, capsys)
    assert f"Not shown: a, b; {where}" in said(sweep(), 80, capsys)
    assert f"Not shown: a, b, worst; {where}" in said(sweep(), 50, capsys)
    losses = dict.fromkeys("abcde", 1.0)
    many = [run(seed, losses, f"training.seed={seed}") for seed in (0, 1)]
    assert f"Not shown: the columns of 5 tasks; {where}" in said(many, 160, capsys)
    Console(width=80).show(averages_table(average(sweep())[0], elsewhere="x.csv has them"))
    assert "Not shown: a, b; x.csv has them." in capsys.readouterr().out


def test_worst_is_explained_where_it_is_shown(capsys) -> None:
    assert "worst: the lowest r2 among the tasks of each run." in said(sweep(), 80, capsys)
    by_loss = said(sweep(), 80, capsys, by="test/mean/loss")
    assert "worst: the highest loss among the tasks of each run." in by_loss
    assert "worst:" not in said(sweep(), 50, capsys)
    single = [run(seed, {"a": 1.0}, f"training.seed={seed}", r2={"a": 0.5}) for seed in (0, 1)]
    assert "worst" not in said(single, 80, capsys)


def test_a_seed_counts_once_however_often_it_was_run(capsys) -> None:
    """The later runs of the same seeds draw nothing anew; the last that has figures counts."""
    (once,) = average(sweep())
    failed = Run(Path("runs/enb/9"), "failed", ("experiment=enb", *sweep()[0].overrides[1:]))
    again = [run(8, {"a": 1.0, "b": 5.0}, "balancing=fixed", "training.seed=0")]
    (twice,) = average([*again, *sweep(), *sweep(), failed])
    assert [choice.figures for choice in twice.choices] == [c.figures for c in once.choices]
    assert [choice.gain for choice in twice.choices] == [choice.gain for choice in once.choices]
    assert twice.choices[0].runs == (2, 2)
    text = said([*again, *sweep(), *sweep(), failed], 160, capsys)
    assert "Left out as repeated by later runs of the same seed: 6." in text
    assert "Left out" not in said(sweep(), 160, capsys)


def test_the_order_is_that_of_the_column_that_is_named(capsys) -> None:
    """By Δ_m nash is first; by the task b's figure, and with no reference, fixed is."""
    first = {
        by: average(sweep(), by=by)[0].choices[0].label
        for by in (None, "test/b/r2", "test/mean/r2", "test/a/r2")
    }
    fixed, nash = "balancing=fixed", "balancing=nash"
    assert first == {None: nash, "test/b/r2": fixed, "test/mean/r2": nash, "test/a/r2": nash}
    assert "best first by Δ_m." in said(sweep(), 160, capsys)
    narrow = said(sweep(), 60, capsys, by="test/b/r2")
    assert "best first by b." in narrow
    assert "Not shown: a" in narrow
    assert "0.3000 ± " in narrow


def test_what_cannot_be_compared_is_explained(capsys) -> None:
    others = [
        run(seed, {"a": 1.0 + seed}, name, f"training.seed={seed}")
        for name in ("balancing=mgda", "balancing=nash")
        for seed in (0, 1)
    ]
    assert "No Δ_m: no run has balancing=fixed; against=…" in said(others, 160, capsys)
    assert "No Δ_m" not in said(sweep(), 160, capsys)
    alone = said(sweep()[::2], 160, capsys)
    assert "Each choice has one run: no two differ in training.seed alone." in alone


def test_the_file_has_every_task() -> None:
    rows = list(csv.DictReader(io.StringIO(averages_csv(average(sweep())))))
    nash = {row["output"] or row["metric"]: row for row in rows if "nash" in row["choice"]}
    assert set(nash) == {"a", "b", "mean", "worst", "delta_m_percent"}
    assert float(nash["a"]["mean"]) == pytest.approx(0.8)
    assert float(nash["delta_m_percent"]["mean"]) == pytest.approx(26.25)
