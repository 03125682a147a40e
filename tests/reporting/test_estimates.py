"""Means and their intervals, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

from mtl.reporting.estimates import Estimate


def test_an_interval_is_students() -> None:
    """t(0.975, 2) = 4.302653; the standard deviation of 1, 2, 6 is √7."""
    found = Estimate.of([1.0, 2.0, 6.0])
    assert found.mean == 3
    assert found.margin == pytest.approx(4.302653 * math.sqrt(7) / math.sqrt(3), rel=1e-6)
    assert found.count == 3


def test_one_value_has_no_interval_and_none_no_mean() -> None:
    assert Estimate.of([2.0, math.nan]).mean == 2
    assert math.isnan(Estimate.of([2.0]).margin)
    assert math.isnan(Estimate.of([]).mean)
