"""Averaged weights: the average, whose options count, what is remembered, what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.base import GramianBalancer
from mtl.balancing.cr_mogm import CorrelationReduced
from mtl.balancing.gradnorm import GradNorm
from mtl.balancing.mgda import MultipleGradientDescent
from mtl.errors import ConfigError, MtlError
from mtl.registry import balancers
from mtl.training.choices import check_signatures
from mtl.training.problems import Problems
from tests.balancing.matrices import A, B, normal

NAMES = dict.fromkeys("abc", 1.0)
SEQUENCE = [normal(3, 5, 3, seed) for seed in range(5)]


class Training:
    """A strategy and what it remembers, asked step by step."""

    def __init__(self, strategy):
        self.strategy = strategy
        self.state = strategy.state()
        self.steps = 0

    def __call__(self, rows, present=True, losses=None):
        m = len(self.strategy.names)
        losses = np.ones(m) if losses is None else np.array(losses)
        present = np.broadcast_to(present, m)
        found = self.strategy.weights_of(losses, present, rows @ rows.T, self.steps, self.state)
        self.steps += 1
        return found


def smoothed(around="mgda", **options):
    inner = {"name": around} if isinstance(around, str) else around
    return CorrelationReduced(NAMES, around=inner, **options)


def plain(rows):
    return MultipleGradientDescent(NAMES).weights_of(
        np.ones(3), np.ones(3, bool), rows @ rows.T, 0, {}
    )


def test_weights_are_a_moving_average_that_starts_with_the_first_ones():
    ask = Training(smoothed(smoothing=0.8))
    expected = plain(SEQUENCE[0])
    for rows in SEQUENCE:
        expected = 0.8 * expected + 0.2 * plain(rows)
        np.testing.assert_allclose(ask(rows), expected, rtol=1e-6)


def test_two_steps_by_hand():
    strategy = CorrelationReduced({"a": 1.0, "b": 1.0}, smoothing=0.9)
    ask = Training(strategy)
    np.testing.assert_allclose(ask(A), [1.2, 0.8], rtol=1e-6)
    # Lengths 1 and 2 at right angles: mgda's weights are 4/5 and 1/5.
    np.testing.assert_allclose(ask(np.diag([1.0, 2.0])), [1.24, 0.76], rtol=1e-6)
    np.testing.assert_allclose(ask.state["lambda"], [1.24, 0.76], rtol=1e-6)


def test_without_smoothing_it_is_the_strategy():
    ask = Training(smoothed(smoothing=0.0))
    for rows in SEQUENCE:
        np.testing.assert_allclose(ask(rows), plain(rows), rtol=1e-12)


@pytest.mark.parametrize("around", ["mgda", "imtl_g", "upgrad", "nash", "pcgrad", "gradnorm"])
@pytest.mark.parametrize("normalise", ["sum", "mean"])
def test_the_first_weights_are_the_strategys_whatever_its_scale(around, normalise):
    kind = balancers.get(around)
    alone = Training(kind(NAMES, normalise=normalise))
    inside = Training(smoothed(around, normalise=normalise))
    np.testing.assert_allclose(inside(B), alone(B), rtol=1e-12)


def test_absent_tasks_keep_their_average():
    ask = Training(smoothed(smoothing=0.5))
    first = ask(SEQUENCE[0])
    rows = np.diag([1.0, 0.0, 2.0])
    found = ask(rows, present=[True, False, True])
    # Two tasks with lengths 1 and 2: 4/5 and 1/5 of a mean, 8/5 and 2/5 of a sum.
    expected = 0.5 * first[[0, 2]] + 0.5 * np.array([1.6, 0.4])
    np.testing.assert_allclose(found[[0, 2]], expected, rtol=1e-6)
    assert found[1] == 0
    np.testing.assert_allclose(ask.state["lambda"][1], first[1], rtol=1e-6)
    # One without a gradient is absent too.
    np.testing.assert_allclose(ask(rows)[1], 0)
    np.testing.assert_allclose(ask.state["lambda"][1], first[1], rtol=1e-6)


def test_a_task_that_comes_late_starts_with_its_first_weight():
    ask = Training(smoothed(smoothing=0.5))
    ask(SEQUENCE[0], present=[True, True, False])
    assert np.isnan(ask.state["lambda"][2])
    found = ask(SEQUENCE[1])
    np.testing.assert_allclose(found[2], plain(SEQUENCE[1])[2], rtol=1e-6)
    assert np.isfinite(ask.state["lambda"]).all()


def test_a_task_that_is_alone_keeps_its_gradient_and_the_averages_stay():
    ask = Training(smoothed())
    ask(SEQUENCE[0])
    before = ask.state["lambda"].copy()
    np.testing.assert_array_equal(ask(SEQUENCE[1], present=[False, True, False]), [0, 1, 0])
    np.testing.assert_array_equal(ask.state["lambda"], before)


def test_what_the_strategy_remembers_moves_on_as_it_would_alone():
    inside = Training(smoothed("gradnorm", smoothing=0.0))
    alone = Training(GradNorm(NAMES))
    around = {"around/task_weights", "around/first_losses"}
    assert set(inside.state) == {"step", "lambda", "of"} | around
    for step, rows in enumerate(SEQUENCE):
        losses = [1.0, 2.0 / (1 + step), 1.0]
        np.testing.assert_allclose(inside(rows, losses=losses), alone(rows, losses=losses))
    for name in ("task_weights", "first_losses"):
        np.testing.assert_array_equal(inside.state[f"around/{name}"], alone.state[name])
    assert not np.allclose(alone.state["task_weights"], 1)


def test_what_the_strategy_puts_in_place_of_its_state_is_kept():
    class Counting(GramianBalancer):
        def __init__(self, weights, **options):
            super().__init__(weights, **options)
            self.remember("count", 0.0)

        def solve(self, gramian, observed):
            observed.state["count"] = observed.state["count"] + 1
            return np.ones(len(gramian))

    strategy = smoothed()
    counting = Counting(NAMES)
    strategy.around, strategy._remembered = counting, ["count"]
    ask = Training(strategy)
    ask.state["around/count"] = np.float32(0)
    ask(B), ask(B)
    assert ask.state["around/count"] == 2


def test_chance_is_the_steps_as_it_is_for_the_strategy_alone():
    alone = Training(balancers.get("pcgrad")(NAMES))
    inside = Training(smoothed("pcgrad", smoothing=0.0))
    for each in (alone, inside):
        each.strategy.start(seed=7, steps_per_epoch=4)
    for rows in SEQUENCE:
        np.testing.assert_allclose(inside(rows), alone(rows))


def test_a_restored_state_gives_the_same_next_step():
    def step(strategy, rows):
        gramian = (rows @ rows.T).astype(np.float32)
        weights = strategy.weigh(tf.ones(3), tf.constant([True] * 3), tf.constant(gramian))
        strategy.step.assign_add(1)
        return weights.numpy()

    first = smoothed("gradvac")
    for rows in SEQUENCE[:3]:
        step(first, rows)
    second = smoothed("gradvac")
    second.restore(first.state())
    for rows in SEQUENCE[3:]:
        np.testing.assert_array_equal(step(second, rows), step(first, rows))
    for name, value in first.state().items():
        np.testing.assert_array_equal(second.state()[name], value, err_msg=name)
    # The strategy has no count of its own that a state would have to hold.
    assert int(second.around.step) == 5
    with pytest.raises(MtlError, match="CorrelationReduced around GradientVaccine for the tasks a"):
        smoothed("pcgrad").restore(first.state())


def test_smoothings_may_be_one_around_another():
    inner = {"name": "cr_mogm", "smoothing": 0.5, "around": {"name": "gradnorm"}}
    ask = Training(smoothed(inner, smoothing=0.5))
    assert "around/around/task_weights" in ask.state
    first, second = ask(SEQUENCE[0]), ask(SEQUENCE[1])
    once = Training(smoothed("gradnorm", smoothing=0.5))
    expected = once(SEQUENCE[0]), once(SEQUENCE[1])
    np.testing.assert_allclose(first, expected[0], rtol=1e-6)
    np.testing.assert_allclose(second, 0.5 * expected[0] + 0.5 * expected[1], rtol=1e-6)


def test_heads_and_gradients_are_the_strategys_unless_they_are_given():
    assert (smoothed("mgda").heads, smoothed("mgda").gradients) == ("own", "features")
    assert (smoothed("nash").heads, smoothed("nash").gradients) == ("weighted", "parameters")
    both = smoothed("nash", heads="own", gradients="features", normalise="mean", every=3)
    assert (both.heads, both.gradients, both.normalise, both.every) == (
        "own",
        "features",
        "mean",
        3,
    )
    assert both.around.gradients == "features"


def test_own_parameters_reach_the_strategy():
    assert smoothed({"name": "cagrad", "c": 0.25}).around.c == 0.25


def test_what_happens_around_the_steps_reaches_the_strategy():
    strategy = smoothed()
    seen = []
    strategy.around = SimpleNamespace(
        start=lambda **given: seen.append(given),
        take_sizes=seen.append,
        epoch_ends=seen.append,
        after_update=lambda *given: seen.append(given),
    )
    strategy.start(seed=3, steps_per_epoch=10)
    strategy.take_sizes({"a": 5})
    strategy.epoch_ends("losses")
    strategy.after_update("before", "after", "present")
    given = {"seed": 3, "steps_per_epoch": 10}
    assert seen == [given, {"a": 5}, "losses", ("before", "after", "present")]
    assert (strategy.seed, strategy.steps_per_epoch) == (3, 10)


def message(**options):
    with pytest.raises(MtlError) as error:
        CorrelationReduced(NAMES, **options)
    return str(error.value)


@pytest.mark.parametrize("value", [-0.1, 1, 1.5])
def test_a_smoothing_that_is_none_is_refused(value):
    found = message(smoothing=value)
    assert found == f"balancing.smoothing={value}. Expected a number from 0 to below 1."


@pytest.mark.parametrize("around", ["mgda", {"c": 0.4}, {"name": None}, None])
def test_what_names_no_strategy_is_refused(around):
    found = message(around=around)
    assert found.startswith(f"balancing.around={around!r}. Expected a strategy's name")


@pytest.mark.parametrize(
    ("name", "reads"), [("uncertainty", "losses"), ("graddrop", "rows"), ("modo", "halves")]
)
def test_a_strategy_that_does_not_read_the_gramian_is_refused(name, reads):
    found = message(around={"name": name})
    assert found.startswith(f"balancing.around.name='{name}'. Expected a strategy that reads the ")
    assert f"{name} reads {reads}." in found


@pytest.mark.parametrize("key", ["heads", "normalise", "gradients", "every", "monitor"])
def test_what_all_strategies_have_stands_beside_the_strategy(key):
    found = message(around={"name": "mgda", key: "own"})
    assert found.startswith(f"balancing.around.{key}='own'. Expected parameters of mgda alone; ")
    assert found.endswith(f"balancing.{key}=own.")


def test_an_unknown_name_is_answered_with_the_nearest():
    found = message(around={"name": "mgdaa"})
    assert found.startswith(
        "balancing.around.name='mgdaa'. Expected a strategy. Did you mean 'mgda'?"
    )


def test_parameters_are_held_against_the_strategys():
    with pytest.raises(ConfigError) as error:
        smoothed({"name": "cagrad", "d": 0.4, "rescale": 3, "weights": {}})
    paths = {problem.path: str(problem) for problem in error.value.problems}
    assert set(paths) == {f"balancing.around.{key}" for key in ("d", "rescale", "weights")}
    assert "has no parameter 'd'" in paths["balancing.around.d"]


def test_a_value_out_of_range_is_said_where_it_stands():
    found = message(around={"name": "cagrad", "c": -1})
    assert found.startswith("balancing.around.c=-1. Expected a number of 0 or more")
    # Given beside the strategy, so complained of there.
    assert message(heads="both").startswith("balancing.heads='both'. Expected own or weighted.")


def test_its_config_is_checked_like_any_other():
    problems = Problems()
    section = {"name": "cr_mogm", "around": {"name": "cagrad", "c": 0.4}, "heads": None}
    assert check_signatures({"balancing": section, "optimizer": {"name": "adam"}}, problems) == []
    section = {"name": "cr_mogm", "around": "mgda"}
    (found,) = check_signatures({"balancing": section, "optimizer": {"name": "adam"}}, problems)
    assert found.path == "balancing.around"
