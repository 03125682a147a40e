"""Trained weights: two steps by hand, where they lead, and what they keep of absent tasks."""

import numpy as np
import pytest

from mtl.balancing.gradnorm import GradNorm
from mtl.errors import MtlError


class Training:
    """A strategy and what it remembers, asked step by step."""

    def __init__(self, m, **options):
        self.strategy = GradNorm({f"task_{i}": 1.0 for i in range(m)}, **options)
        self.state = self.strategy.state()
        self.steps = 0

    def step(self, lengths, losses, present=None):
        lengths, losses = np.array(lengths, float), np.array(losses, float)
        present = np.ones(len(lengths), bool) if present is None else np.array(present)
        gramian = np.diag(lengths**2)
        found = self.strategy.weights_of(losses, present, gramian, self.steps, self.state)
        self.steps += 1
        return found


def test_two_steps_by_hand():
    training = Training(2)
    np.testing.assert_array_equal(training.step([1, 3], [2, 4]), [1, 1])
    # The mean length is 2: the first is too short, the second too long, by their parts of it.
    moved = np.array([1 + 0.025 * 0.5, 1 - 0.025 * 1.5])
    first = 2 * moved / moved.sum()
    np.testing.assert_allclose(training.state["task_weights"], first, rtol=1e-6)
    np.testing.assert_array_equal(training.state["first_losses"], [2, 4])

    np.testing.assert_allclose(training.step([1, 3], [1, 4]), first, rtol=1e-6)
    # Halves and wholes are left of the losses: r is 2/3 and 4/3, and r^1.5 0.5443 and 1.5396. The
    # weighted lengths 1.0253 and 2.9241, of mean 1.9747, are below 1.0749 and 3.0402.
    moved = first + 0.025 * np.array([0.5, 1.5])
    np.testing.assert_allclose(training.state["task_weights"], 2 * moved / moved.sum(), rtol=1e-6)


def test_a_step_goes_down_the_slope_of_the_papers_loss():
    lengths, losses = np.array([0.5, 2.0, 1.0]), np.array([1.0, 0.5, 2.0])
    training = Training(3, learning_rate=0.01, alpha=0.8)
    training.state["task_weights"][:] = before = np.array([1.2, 0.7, 1.1])
    training.state["first_losses"][:] = [2.0, 2.0, 3.0]
    training.step(lengths, losses)
    left = losses / [2.0, 2.0, 3.0]
    goal = (before * lengths).mean() * (left / left.mean()) ** 0.8

    def imbalance(w):
        return np.abs(w * lengths - goal).sum()

    slope = [(imbalance(before + d) - imbalance(before - d)) / 2e-6 for d in 1e-6 * np.eye(3)]
    moved = before - 0.01 * np.array(slope) / lengths.mean()
    np.testing.assert_allclose(training.state["task_weights"], 3 * moved / moved.sum(), rtol=1e-5)


def test_weighted_gradients_become_equally_long():
    training = Training(3, alpha=0.0, learning_rate=0.005)
    lengths = np.array([1.0, 3.0, 6.0])
    for _ in range(1500):
        found = training.step(lengths, [1, 1, 1])
        assert found.sum() == pytest.approx(3, abs=1e-5)
    np.testing.assert_allclose(found * lengths, 3 / (1 / lengths).sum(), rtol=0.05)


def test_slow_tasks_get_more_the_more_so_the_greater_alpha():
    found = {}
    for alpha in (0.0, 0.5, 1.5):
        training = Training(2, alpha=alpha, learning_rate=0.002)
        training.step([1, 1], [1, 1])
        for _ in range(800):
            found[alpha] = training.step([1, 1], [0.6, 0.4])
        # Lengths as r^α, with 1.2 and 0.8 for r. As these sum to more than 2, one falls short.
        assert found[alpha][1] == pytest.approx(0.8**alpha, abs=0.01)
        assert found[alpha][0] == pytest.approx(1.2**alpha, abs=0.04)


def test_equal_tasks_stay_equal():
    training = Training(3)
    for step in range(5):
        np.testing.assert_array_equal(training.step([0.1, 0.1, 0.1], 3 * [0.7**step]), 1)


def test_only_lengths_are_read():
    plain, other = Training(3), Training(3)
    random = np.random.default_rng(0)
    for step in range(4):
        rows = random.normal(size=(3, 5))
        lengths, losses = np.linalg.norm(rows, axis=1), random.uniform(1, 2, 3)
        expected = plain.step(lengths, losses)
        present = np.ones(3, bool)
        found = other.strategy.weights_of(losses, present, rows @ rows.T, step, other.state)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-150, 1e-10, 1e15])
def test_the_scale_of_gradients_does_not_matter(scale):
    plain, scaled = Training(2), Training(2)
    for losses in ([2, 4], [1, 4], [1, 3]):
        expected = plain.step([1, 3], losses)
        found = scaled.step([scale, 3 * scale], losses)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_weights_stay_above_0_and_come_near_with_gradients_of_any_ratio():
    training = Training(2)
    for _ in range(400):
        found = training.step([1e-2, 1e3], [1, 1])
        assert (found > 0).all()
    # Equal at 10⁻⁵ times the other's weight; one step changes it by a factor of 2.
    assert 4e-6 < found[1] / found[0] < 4e-5
    training.step([1e-2, 1e3], [0, 0])
    assert np.isfinite(training.state["task_weights"]).all()


def test_absent_tasks_keep_their_weight_and_have_no_first_loss():
    training = Training(3)
    found = training.step([1, 3, np.nan], [2, 4, np.nan], [True, True, False])
    np.testing.assert_array_equal(found, [1, 1, 0])
    np.testing.assert_array_equal(training.state["first_losses"], [2, 4, np.nan])
    assert training.state["task_weights"][2] == 1
    assert training.state["task_weights"].sum() == pytest.approx(3)
    before = training.state["task_weights"].copy()
    # The first loss of the third is that of now: its rate is 1.
    np.testing.assert_allclose(training.step([1, 3, 1], [2, 4, 7]), before, rtol=1e-6)
    np.testing.assert_array_equal(training.state["first_losses"], [2, 4, 7])

    training.state["task_weights"][:] = [0.5, 1.0, 1.5]
    found = training.step([1, 1, 1], [2, 4, 7], [True, False, True])
    np.testing.assert_allclose(found, [0.5, 0, 1.5])
    assert training.state["task_weights"][1] == 1
    # Two of them weigh as much as two tasks, whatever the third has.
    training.state["task_weights"][:] = [0.5, 0.5, 2.0]
    found = training.step([1, 1, 1], [2, 4, 7], [True, True, False])
    np.testing.assert_allclose(found, [1, 1, 0])


@pytest.mark.parametrize("losses", [[0, 1], [-1, 1], [0, 0]])
def test_losses_that_have_no_rate(losses):
    training = Training(2)
    for _ in range(3):
        assert np.isfinite(training.step([1, 2], losses)).all()
    assert np.isfinite(training.step([1, 2], [-1, 3])).all()


def test_an_overflow_is_not_remembered():
    training = Training(2)
    assert np.isnan(training.step([np.inf, 1], [1, 1])).all()
    np.testing.assert_array_equal(training.state["task_weights"], 1)
    np.testing.assert_array_equal(training.state["first_losses"], np.nan)


def test_a_restored_state_goes_on_as_before():
    first = Training(2)
    for losses in ([2, 4], [1, 4]):
        first.step([1, 3], losses)
    second = Training(2)
    second.strategy.restore(first.state)
    second.state, second.steps = second.strategy.state(), first.steps
    np.testing.assert_array_equal(first.step([1, 3], [1, 2]), second.step([1, 3], [1, 2]))
    np.testing.assert_array_equal(first.state["task_weights"], second.state["task_weights"])


def test_as_large_as_a_mean():
    np.testing.assert_array_equal(Training(2, normalise="mean").step([1, 3], [2, 4]), [0.5, 0.5])


def test_defaults():
    strategy = Training(2).strategy
    assert (strategy.gradients, strategy.heads) == ("features", "weighted")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("alpha", -1, "a number of 0 or more"),
        ("alpha", np.nan, "a number of 0 or more"),
        ("learning_rate", 0, "a number above 0"),
        ("learning_rate", np.inf, "a number above 0"),
    ],
)
def test_parameters_out_of_range_are_refused(name, value, expected):
    with pytest.raises(MtlError, match=rf"^balancing\.{name}={value}\. Expected {expected}\."):
        Training(2, **{name: value})


def test_steps_between_which_the_weights_stay_have_a_state_of_their_own():
    """The weights that the training step keeps are not those that are trained."""
    training = Training(2, every=4)
    training.step([1, 3], [2, 4])
    np.testing.assert_array_equal(training.state["weights"], 1)  # as at the start
    assert (training.state["task_weights"] != 1).all()
