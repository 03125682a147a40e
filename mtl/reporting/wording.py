"""How numbers are written for people: figures, counts, durations, sizes, shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence

UNKNOWN = "-"


def figure(value: float | None) -> str:
    """Write a loss or a metric with the digits that matter: `0.7321`, `1,234.50`, `3.20e-05`."""
    if value is None:
        return UNKNOWN
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    size = abs(value)
    if size != 0 and (size < 1e-3 or size >= 1e7):
        return f"{value:.2e}"
    return f"{value:,.2f}" if size >= 100 else f"{value:.4f}"


def count(value: float | None) -> str:
    """Write a number of things: `12,000`."""
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:,.0f}"


def duration(seconds: float | None) -> str:
    """Write a duration: `3.2 s`, `85 s`, `12 min 5 s`, `3 h 20 min`."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def memory(size: float | None) -> str:
    """Write a number of bytes in decimal units: `512 bytes`, `1.2 GB`."""
    if size is None:
        return UNKNOWN
    if size < 1000:
        return f"{size:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"


def shape(sizes: Sequence[int | None]) -> str:
    """Write the shape of one example: `(100)`, `(280, 256)`, `()` for a scalar."""
    return f"({', '.join('any' if size is None else str(size) for size in sizes)})"


def noun(number: int, singular: str) -> str:
    """Write a number with its noun: `1 layer`, `3 layers`."""
    return f"{number:,} {singular}{'' if number == 1 else 's'}"
