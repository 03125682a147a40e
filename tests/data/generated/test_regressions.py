import numpy as np
import pytest

from mtl.data.generated.regressions import functions_of, regressions
from mtl.errors import DataError


def test_is_the_same_for_one_seed_and_another_for_another():
    first = regressions(rows=50, seed=3).table
    assert first.equals(regressions(rows=50, seed=3).table)
    assert not first.equals(regressions(rows=50, seed=4).table)


def test_targets_are_functions_with_their_scale_and_noise():
    table = regressions(
        rows=20_000, inputs=6, targets=2, scales={"y_2": 50}, noise={"y_1": 0, "y_2": 0.3}
    ).table
    assert table.columns == [*(f"x_{i}" for i in range(1, 7)), "y_1", "y_2"]
    x = table.select(table.columns[:6]).to_numpy()
    functions = functions_of(x, 2)
    assert table["y_1"].to_numpy() == pytest.approx(functions[:, 0], abs=1e-12)
    error = table["y_2"].to_numpy() / 50 - functions[:, 1]
    assert error.mean() == pytest.approx(0, abs=0.01)
    assert error.std() == pytest.approx(0.3, rel=0.03)


@pytest.mark.parametrize("shared", [0.0, 0.6, 1.0])
def test_linear_tasks_have_the_correlation_that_was_asked_for(shared):
    x = np.random.default_rng(0).normal(size=(40_000, 9))
    functions = functions_of(x, 4, form="linear", ridges=1, shared=shared)
    expected = shared + (1 - shared) * np.eye(4)
    assert np.cov(functions.T) == pytest.approx(expected, abs=0.03)


def test_a_function_of_several_ridges_varies_along_as_many_directions():
    step, random = 1e-4, np.random.default_rng(0)
    start = random.normal(size=(60, 10))
    slopes = np.stack(
        [
            (functions_of(start + step * axis, 1, ridges=3) - functions_of(start, 1, ridges=3))[
                :, 0
            ]
            / step
            for axis in np.eye(10)
        ],
        axis=1,
    )
    assert np.linalg.matrix_rank(slopes, tol=1e-2) == 3


def test_columns_are_named_as_asked():
    table = regressions(rows=5, inputs=["a", "b", "c"], targets=["d", "e"]).table
    assert table.columns == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rows": 0}, "rows=0"),
        ({"ridges": 0}, "ridges=0"),
        ({"seed": -1}, "seed=-1"),
        ({"form": "cubic"}, "tanh or linear"),
        ({"shared": 1.5}, "from 0 to 1"),
        ({"inputs": 2, "targets": 2}, "2 inputs and 2 targets"),
        ({"inputs": ["a", "b", "c"], "targets": ["a"]}, "more than once"),
        ({"scales": {"y_9": 2.0}}, "scales of 'y_9'"),
        ({"scales": {"y_1": 0.0}}, "above 0"),
        ({"noise": {"y_1": -1.0}}, "0 or more"),
        ({"noise": {"y_1": float("nan")}}, "0 or more"),
    ],
)
def test_refuses_arguments_out_of_range(wrong, said):
    with pytest.raises(DataError, match=said):
        regressions(**{"rows": 10, **wrong})
