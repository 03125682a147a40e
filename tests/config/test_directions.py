"""Whether more of a metric is better, known without the tasks."""

import pytest

from mtl.config.directions import HIGHER, LOWER, direction


def test_no_metric_goes_both_ways():
    assert not HIGHER & LOWER


@pytest.mark.parametrize("metric", sorted(LOWER))
def test_less_of_a_loss_is_better(metric):
    assert direction(metric) == direction(f"weighted_{metric}") == "min"


@pytest.mark.parametrize("metric", sorted(HIGHER))
def test_more_of_a_score_is_better(metric):
    assert direction(metric) == direction(f"weighted_{metric}") == "max"


def test_a_metric_that_is_not_shipped_may_say_so_itself():
    class Regret:
        direction = "min"

    assert direction("regret") == "max"
    assert direction("regret", metrics={"regret": Regret}) == "min"
    assert direction("late_fee", losses={"late_fee"}) == "min"
    assert direction("some_error") == direction("own_loss") == "min"
