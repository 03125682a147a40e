"""Generated regressions that share what they have to find, and differ in scale and in noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import polars as pl

from mtl.data.generated.base import Generated, check_least
from mtl.errors import DataError
from mtl.registry import generator

WORLD_SEED = 23
STEEPNESS = 2.0


@generator("regressions")
def regressions(
    *,
    rows: int = 4000,
    inputs: int | Sequence[str] = 32,
    targets: int | Sequence[str] = 2,
    form: Literal["tanh", "linear"] = "tanh",
    ridges: int = 4,
    shared: float = 0.5,
    scales: Mapping[str, float] | None = None,
    noise: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Generated:
    """Return columns of numbers, and targets that are functions of their projections.

        y_k = scale_k · (f_k(x) + noise_k · ε_k),   f_k(x) = 1/√m · Σ_m g(u_km · x)

    with x and ε_k standard normal and g(t) = tanh(2 t), or with `form=linear` g(t) = t. The vectors
    of one m have length 1 and the inner product `shared` with each other: 1 makes all f_k the same,
    0 leaves the tasks nothing in common. With `linear` and one ridge the variance of f_k is 1, so
    that r hidden units without an activation explain what the largest r eigenvalues of the f_k's
    weighted covariance do. The u_km are the same for every `seed`.

    Args:
        rows: How many, 1 or more.
        inputs: The names of the columns of x, or their number, at least one more than targets:
            `x_1`, `x_2`, ….
        targets: The names of the y, or their number: `y_1`, `y_2`, ….
        form: `tanh`, or `linear`.
        ridges: m, 1 or more.
        shared: From 0 to 1.
        scales: By target, above 0; 1 where nothing is said.
        noise: Standard deviation of what is chance, by target, 0 or more; 0.1 unless said.
        seed: Of x and ε, 0 or more.

    Returns:
        A table of the inputs and the targets, float64.

    Raises:
        DataError: An argument is out of range.

    Source: the form is that of the toy problem of Chen et al. 2018, GradNorm, section 4.
    """
    columns, outputs = _names("x", inputs), _names("y", targets)
    scales, noise = dict(scales or {}), dict(noise or {})
    _check(rows, columns, outputs, form, ridges, shared, scales, noise, seed)
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, len(columns)))
    functions = functions_of(x, len(outputs), form=form, ridges=ridges, shared=shared)
    table = {name: x[:, position] for position, name in enumerate(columns)}
    for position, name in enumerate(outputs):
        chance = noise.get(name, 0.1) * random.normal(size=rows)
        table[name] = scales.get(name, 1.0) * (functions[:, position] + chance)
    return Generated(pl.DataFrame(table))


def functions_of(
    x: np.ndarray, targets: int, *, form: str = "tanh", ridges: int = 4, shared: float = 0.5
) -> np.ndarray:
    """Return the f_k, without scale and noise, shape `(rows, targets)`.

    Args:
        x: Shape `(rows, inputs)`.
        targets: How many.
        form: See `regressions`.
        ridges: See `regressions`.
        shared: See `regressions`.
    """
    random = np.random.default_rng(WORLD_SEED)
    total = np.zeros((len(x), targets))
    for _ in range(ridges):
        axes, _ = np.linalg.qr(random.normal(size=(x.shape[1], targets + 1)))
        common, own = axes[:, :1], axes[:, 1:]
        projected = x @ (np.sqrt(shared) * common + np.sqrt(1 - shared) * own)
        total += projected if form == "linear" else np.tanh(STEEPNESS * projected)
    return total / np.sqrt(ridges)


def _names(letter: str, given: int | Sequence[str]) -> list[str]:
    if isinstance(given, int):
        return [f"{letter}_{number}" for number in range(1, given + 1)]
    return [str(name) for name in given]


def _check(
    rows: int,
    columns: Sequence[str],
    outputs: Sequence[str],
    form: str,
    ridges: int,
    shared: float,
    scales: Mapping[str, float],
    noise: Mapping[str, float],
    seed: int,
) -> None:
    counts = {"rows": rows, "ridges": ridges, "seed": seed}
    check_least("regressions", counts, {"rows": 1, "ridges": 1})
    if form not in ("tanh", "linear"):
        raise DataError(f"regressions has form={form!r}. Expected tanh or linear.")
    if not 0 <= shared <= 1:
        raise DataError(f"regressions has shared={shared}. Expected a number from 0 to 1.")
    if not outputs or len(columns) <= len(outputs):
        raise DataError(
            f"regressions has {len(columns)} inputs and {len(outputs)} targets. Expected at least "
            "one target, and more inputs than targets."
        )
    repeated = {name for name in [*columns, *outputs] if [*columns, *outputs].count(name) > 1}
    if repeated:
        raise DataError(f"regressions names the columns {sorted(repeated)} more than once.")
    for option, given, positive in (("scales", scales, True), ("noise", noise, False)):
        for name, number in given.items():
            if name not in outputs:
                raise DataError(
                    f"regressions has {option} of {name!r}. Expected one of: {', '.join(outputs)}."
                )
            if not np.isfinite(number) or number < 0 or (positive and number == 0):
                bound = "above 0" if positive else "of 0 or more"
                raise DataError(f"regressions has {option}.{name}={number}. Expected one {bound}.")
