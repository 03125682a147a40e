"""Numbers for people."""

import math

import pytest

from mtl.reporting.wording import count, duration, figure, memory, noun, shape


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.73214, "0.7321"),
        (0.0, "0.0000"),
        (-0.5, "-0.5000"),
        (1234.5, "1,234.50"),
        (0.0000321, "3.21e-05"),
        (2e9, "2.00e+09"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (None, "-"),
    ],
)
def test_figure(value: float | None, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (3.21, "3.2 s"),
        (9.96, "10 s"),
        (85.4, "85 s"),
        (725, "12 min 5 s"),
        (7199, "119 min 59 s"),
        (12000, "3 h 20 min"),
        (7199.9, "2 h 0 min"),
        (None, "-"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (65536, "65.5 kB"),
        (999_960, "1.0 MB"),
        (1.23e9, "1.2 GB"),
        (4.5e12, "4.5 TB"),
        (None, "-"),
    ],
)
def test_memory(size: float | None, text: str) -> None:
    assert memory(size) == text


def test_others() -> None:
    assert count(12000.4) == "12,000"
    assert count(None) == "-"
    assert shape((100,)) == "(100)"
    assert shape((None, 256)) == "(any, 256)"
    assert shape(()) == "()"
    assert noun(1, "layer") == "1 layer"
    assert noun(1200, "layer") == "1,200 layers"
