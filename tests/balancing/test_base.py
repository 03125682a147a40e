import numpy as np
import pytest
import tensorflow as tf

from mtl.balancing.alternating import Alternating
from mtl.balancing.base import GramianBalancer, LossBalancer
from mtl.config.check import bind_signature
from mtl.errors import MtlError
from mtl.registry import balancers

WEIGHTS = {"a": 2.0, "b": 1.0, "c": 0.5}
EVERYONE = np.ones(3, bool)
LOSSES = np.array([1.0, 2.0, 3.0], np.float32)
# No two entries of it are the same.
GRAMIAN = np.array([[4.0, 1, -1], [1, 9, 2], [-1, 2, 16]], np.float32)


class Norms(GramianBalancer):
    """Weights that tell what `solve` was handed; counts how often each task took part."""

    def __init__(self, weights, **options):
        super().__init__(weights, **options)
        self.remember("seen", np.zeros(len(weights)), dtype="int32")

    def solve(self, gramian, observed):
        self.observed, self.gramian = observed, gramian
        observed.state["seen"][observed.tasks] += 1
        return np.sqrt(gramian.diagonal())


class Power(LossBalancer):
    """Σ_k s_k ℓ_k², with s trained; on the scale of the mean."""

    scale = "mean"

    def __init__(self, weights, **options):
        super().__init__(weights, **options)
        self.s = self.remember("s", np.arange(1.0, len(weights) + 1), trainable=True)

    def total(self, losses, present):
        return tf.reduce_sum(self.s.value * losses**2)


def asked(strategy, present=EVERYONE, gramian=GRAMIAN, step=0):
    """Return the weights and the state after."""
    state = strategy.state()
    return strategy.weights_of(LOSSES, np.array(present), gramian, step, state), state


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": "plain"}, "balancing.heads='plain'. Expected own or weighted."),
        ({"normalise": "max"}, "balancing.normalise='max'. Expected sum or mean."),
        ({"gradients": "all"}, "balancing.gradients='all'. Expected features or parameters."),
        ({"every": 0}, "balancing.every=0. Expected 1 step or more."),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(MtlError) as error:
        Norms(WEIGHTS, **options)
    assert str(error.value) == message


@pytest.mark.parametrize("key", ["heads", "normalise", "gradients", "every", "monitor"])
def test_a_strategy_that_takes_turns_refuses_what_would_mean_nothing(key):
    found = bind_signature(Alternating, {key: 1}, "balancing", provided={"weights"})
    assert [problem.path for problem in found] == [f"balancing.{key}"]


def test_only_strategies_that_solve_for_weights_can_keep_them_for_some_steps():
    taking = {
        name
        for name in balancers.shipped()
        if not bind_signature(balancers.get(name), {"every": 2}, "", provided={"weights"})
    }
    assert taking == {
        name for name in balancers.shipped() if issubclass(balancers.get(name), GramianBalancer)
    }
    assert "upgrad" in taking
    assert not taking & {"fixed", "famo", "moco", "alternating"}


def test_tasks_keep_their_names_order_and_weights():
    strategy = Norms(WEIGHTS)
    assert strategy.names == ("a", "b", "c")
    np.testing.assert_array_equal(strategy.config_weights, [2, 1, 0.5])


@pytest.mark.parametrize(
    ("kind", "options", "measures"),
    [
        (Power, {}, False),
        (Power, {"monitor": True}, True),
        (Power, {"heads": "own"}, True),
        (Norms, {"heads": "weighted"}, True),
    ],
)
def test_gradients_are_measured_only_where_something_needs_them(kind, options, measures):
    assert kind(WEIGHTS, **options).measures_gradients is measures


def test_solve_is_handed_the_tasks_that_are_present_in_double_precision():
    strategy = Norms(WEIGHTS, normalise="mean")
    w, state = asked(strategy, [True, False, True])
    np.testing.assert_array_equal(w, [2, 0, 4])
    np.testing.assert_array_equal(strategy.gramian, [[4, -1], [-1, 16]])
    assert strategy.gramian.dtype == strategy.observed.losses.dtype == np.float64
    np.testing.assert_array_equal(strategy.observed.losses, [1, 3])
    np.testing.assert_array_equal(strategy.observed.tasks, [0, 2])
    np.testing.assert_array_equal(state["seen"], [1, 0, 1])


def test_a_task_without_a_gradient_takes_no_part():
    strategy = Norms(WEIGHTS, normalise="mean")
    gramian = GRAMIAN * np.outer([1, 1, 0], [1, 1, 0])
    w, state = asked(strategy, gramian=gramian)
    np.testing.assert_array_equal(w, [2, 3, 0])
    np.testing.assert_array_equal(state["seen"], [1, 1, 0])


def test_a_single_task_keeps_its_plain_gradient():
    for options in ({"normalise": "sum"}, {"normalise": "mean"}):
        w, state = asked(Norms(WEIGHTS, **options), [False, True, False])
        np.testing.assert_array_equal(w, [0, 1, 0])
        np.testing.assert_array_equal(state["seen"], [0, 0, 0])


def test_without_tasks_or_gradients_all_weights_are_0():
    for present, gramian in (([False] * 3, GRAMIAN), (EVERYONE, 0 * GRAMIAN)):
        w, state = asked(Norms(WEIGHTS), present, gramian)
        np.testing.assert_array_equal(w, np.zeros(3))
        np.testing.assert_array_equal(state["seen"], [0, 0, 0])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gramian_that_is_not_finite_is_seen_and_forgotten(bad):
    gramian = GRAMIAN.copy()
    gramian[0, 1] = bad
    w, state = asked(Norms(WEIGHTS), gramian=gramian)
    assert np.isnan(w).all()
    np.testing.assert_array_equal(state["seen"], [0, 0, 0])
    # Of a task that is absent it says nothing.
    w, state = asked(Norms(WEIGHTS), [False, True, True], gramian)
    np.testing.assert_array_equal(w, [0, 6, 8])
    np.testing.assert_array_equal(state["seen"], [0, 1, 1])


def test_normalise_counts_the_tasks_that_take_part():
    class OfSums(Norms):
        scale = "sum"

    # What is on the scale of the mean is multiplied, what is on that of the sum divided.
    for kind, normalise, expected in (
        (Norms, "mean", [2, 3, 4]),
        (Norms, "sum", [6, 9, 12]),
        (OfSums, "sum", [2, 3, 4]),
        (OfSums, "mean", [2 / 3, 1, 4 / 3]),
    ):
        np.testing.assert_allclose(asked(kind(WEIGHTS, normalise=normalise))[0], expected)
    fewer = [True, False, True]
    np.testing.assert_array_equal(asked(Norms(WEIGHTS), fewer)[0], [4, 0, 8])
    np.testing.assert_array_equal(asked(OfSums(WEIGHTS, normalise="mean"), fewer)[0], [1, 0, 2])


def test_chance_depends_on_seed_and_step_alone():
    def drawn(seed, step):
        strategy = Norms(WEIGHTS)
        strategy.start(seed=seed, steps_per_epoch=1)
        asked(strategy, step=step)
        assert strategy.observed.step == step
        return strategy.observed.random.random()

    assert drawn(0, 5) == drawn(0, 5)
    assert len({drawn(0, 5), drawn(0, 6), drawn(1, 5)}) == 3


def test_heads():
    w, present = tf.constant([0.5, 0.0, 4.0]), tf.constant([True, False, True])
    for options, expected in (
        ({"heads": "weighted", "normalise": "sum"}, [0.5, 0, 4]),
        ({"heads": "weighted", "normalise": "mean"}, [0.5, 0, 4]),
        ({"heads": "own", "normalise": "sum"}, [1, 0, 1]),
        ({"heads": "own", "normalise": "mean"}, [0.5, 0, 0.5]),
    ):
        found = Norms(WEIGHTS, **options).head_weights(w, present)
        np.testing.assert_array_equal(found, expected)


def test_weights_of_losses_are_the_derivatives_of_the_total():
    strategy = Power(WEIGHTS, normalise="sum")
    losses, present = tf.constant(LOSSES), tf.constant(EVERYONE)
    w, (moved,) = strategy.weigh(losses, present)
    step = 1e-2
    for k in range(3):
        aside = np.eye(3, dtype=np.float32)[k] * step
        above = strategy.scaled_total(losses + aside, present)
        below = strategy.scaled_total(losses - aside, present)
        assert float(w[k]) == pytest.approx(float(above - below) / (2 * step), rel=1e-3)
    # Three times 2 s ℓ, and three times ℓ² for s.
    np.testing.assert_allclose(w, [6, 24, 54])
    np.testing.assert_allclose(moved, [3, 12, 27])


def test_an_absent_task_has_no_weight_even_where_the_total_reads_it():
    strategy = Power(WEIGHTS, normalise="mean")
    w, _ = strategy.weigh(tf.constant(LOSSES), tf.constant([True, False, True]))
    np.testing.assert_allclose(w, [2, 0, 18])


def test_a_total_that_reads_no_loss_is_refused():
    class Constant(LossBalancer):
        def total(self, losses, present):
            return tf.constant(1.0)

    with pytest.raises(MtlError, match=r"Constant\.total does not depend on the losses"):
        Constant(WEIGHTS).weigh(tf.constant(LOSSES), tf.constant(EVERYONE))


@pytest.mark.parametrize("present", [[True, True, True], [True, False, True], [False] * 3])
def test_a_graph_gives_what_eager_execution_gives_and_is_traced_once(present):
    given = [tf.constant(LOSSES), tf.constant(present), tf.constant(GRAMIAN)]
    eager, traced = Norms(WEIGHTS), Norms(WEIGHTS)
    graph = tf.function(traced.weigh, autograph=False)
    for number in (1, 2, 3):
        w = graph(*given)
        assert w.shape == (3,)
        assert w.dtype == tf.float32
        np.testing.assert_array_equal(w, eager.weigh(*given))
        counted = number * np.array(present)
        np.testing.assert_array_equal(traced.state()["seen"], counted)
        np.testing.assert_array_equal(eager.state()["seen"], counted)
    assert graph.experimental_get_tracing_count() == 1


def test_a_graph_knows_the_step_and_leaves_its_count_to_the_training_step():
    strategy = Norms(WEIGHTS)
    graph = tf.function(strategy.weigh, autograph=False)
    for step in (0, 7):
        strategy.step.assign(step)
        graph(tf.constant(LOSSES), tf.constant(EVERYONE), tf.constant(GRAMIAN))
        assert strategy.observed.step == step
        assert int(strategy.step) == step


def test_state_is_a_copy_and_comes_back():
    strategy = Norms(WEIGHTS, every=2)
    strategy.weigh(tf.constant(LOSSES), tf.constant(EVERYONE), tf.constant(GRAMIAN))
    strategy.step.assign(5)
    state = strategy.state()
    assert set(state) == {"step", "weights", "seen", "of"}
    state["seen"][0] = 100
    np.testing.assert_array_equal(strategy.state()["seen"], [1, 1, 1])

    other = Norms(WEIGHTS, every=2)
    other.restore(state)
    np.testing.assert_array_equal(other.state()["seen"], [100, 1, 1])
    assert int(other.step) == 5


def test_the_state_is_shown_by_the_tasks_names_but_for_what_is_large():
    strategy = Norms(WEIGHTS, every=2)
    strategy.remember("epochs", 3, dtype="int64")
    strategy.remember("phi", np.zeros((3, 3)))
    strategy.weigh(tf.constant(LOSSES), tf.constant(EVERYONE), tf.constant(GRAMIAN))
    seen = {f"seen/{name}": 1.0 for name in WEIGHTS}
    assert strategy.figures() == {**seen, "epochs": 3.0}


@pytest.mark.parametrize(
    ("kind", "weights", "options"),
    [
        (Norms, {"a": 1.0, "b": 1.0}, {}),
        (Norms, {"a": 1.0, "b": 1.0, "d": 1.0}, {}),
        (Norms, {"b": 1.0, "a": 1.0, "c": 1.0}, {}),
        (Norms, WEIGHTS, {"every": 2}),
        (Power, WEIGHTS, {}),
    ],
)
def test_the_state_of_another_strategy_or_other_tasks_is_refused(kind, weights, options):
    strategy, other = Norms(WEIGHTS), kind(weights, **options)
    with pytest.raises(MtlError, match="Expected the state of the same strategy and tasks"):
        strategy.restore(other.state())
    np.testing.assert_array_equal(strategy.state()["seen"], [0, 0, 0])


def test_another_strategy_with_the_same_variables_is_told_apart():
    class Others(Norms):
        pass

    with pytest.raises(MtlError) as error:
        Norms(WEIGHTS).restore(Others(WEIGHTS).state())
    assert str(error.value) == (
        "Received the state of Others for the tasks a, b, c. Expected the state of the same "
        "strategy and tasks, Norms for the tasks a, b, c."
    )
    with pytest.raises(MtlError, match="Received the state of unknown"):
        Norms(WEIGHTS).restore({})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("seen", "is remembered already"),
        ("step", "is kept for all strategies"),
        ("weights", "is kept for all strategies"),
        ("of", "is kept for all strategies"),
    ],
)
def test_a_name_is_remembered_once(name, reason):
    strategy = Norms(WEIGHTS)
    before = dict(strategy.variables)
    with pytest.raises(MtlError, match=f"Norms remembers '{name}', which {reason}"):
        strategy.remember(name, 0.0)
    assert strategy.variables == before


def test_what_is_trained_is_listed():
    strategy = Power(WEIGHTS)
    assert strategy.trainable == [strategy.variables["s"]]
    assert not strategy.step.trainable
