"""The exemplar model: an example is scored by a weighted comparison with chosen training rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import keras
import numpy as np

from mtl.errors import ConfigError, MtlError, Problem
from mtl.layers.class_sums import ClassSums
from mtl.layers.comparisons import find_comparison
from mtl.layers.elementwise_weights import ElementwiseWeights
from mtl.layers.exemplars import Exemplars
from mtl.models.exemplar_choice import BY_CLASS, Choice, choose_exemplars, spread
from mtl.models.handed_in import Head, Specification
from mtl.models.parameters import Count, Factor, Width
from mtl.models.vision import BRIGHTEST, scaled
from mtl.registry import builder

KINDS = ("array", "features", "image")


class Training(Protocol):
    """The prepared training split."""

    @property
    def inputs(self) -> Mapping[str, np.ndarray]:
        """By name, first axis the examples."""

    @property
    def targets(self) -> Mapping[str, np.ndarray]:
        """Class numbers by task, NaN where missing."""


@builder("exemplar")
def exemplar(
    inputs: Mapping[str, Specification],
    tasks: Mapping[str, Head],
    training: Training | None,
    *,
    exemplars: Width = 10,
    choice: Choice = "medoids",
    function: str = "exponential_difference",
    c: float | Sequence[float] | None = None,
    c_scale: float = 1.0,
    least_spread: Factor = 0.5,
    l2: Factor = 0.0,
    seed: Count = 0,
) -> keras.Model:
    """Build the model that compares an example, feature by feature, with exemplars.

        s_p = Σ_k a_pk · f(x_k, x_pk)        y = softmax over p

    x_p are exemplars: rows of the training split. Only `a`, of shape (exemplars, features), is
    trained; it starts at zero, as its loss has no other minimum to miss. Exemplars and `c` are
    weights that are not trained and saved with the model.

    With as many exemplars as classes, s_p is the score of class p (`stratified` and `medoids`
    choose its exemplar from that class). With more, the scores of one class's exemplars are added
    up before the softmax. Where f is a function of x times one of the exemplar, as
    `exponential_difference` and `product` are, more exemplars than classes express nothing more.

    A tensor of shape (batch, exemplars, features) is never made, whatever f is: see
    `mtl.layers.elementwise_sums`.

    Args:
        inputs: One, of kind `array`, `features` or `image` (whose values are divided by 255); what
            has several axes is flattened.
        tasks: One, of kind categorical.
        training: Where the exemplars are chosen from; None where the weights will be a trained
            run's.
        exemplars: How many, at least as many as classes.
        choice: `first` of the labelled rows, `random` ones, `stratified` (random, from each class
            its share) or `medoids` (from each class its share, in the middle of parts that k-means
            finds).
        function: f; see `mtl.layers.ElementwiseWeights`: `exponential_difference`, `gaussian`,
            `product`, `absolute_difference`, a function registered with Keras, or an expression
            such as `exp((x - exemplar) / c)`.
        c: The width of each feature in f, above 0: one number, or one a feature; None for the
            standard deviation of each feature over the training split.
        c_scale: Multiplies these standard deviations; above 0.
        least_spread: No standard deviation counts for less than this share of the root mean square
            of all: else a pixel that is hardly ever set would outweigh all others once it is.
        l2: Adds l2 · Σ a² to the loss.
        seed: Of the choice.

    Inputs:
        The features, under any name.

    Outputs:
        The probability of each class, shape `(batch, classes)`, under the task's name.

    Raises:
        ConfigError: There is not one input and one task, these are of other kinds, there are fewer
            exemplars than classes, f does not exist, c or c_scale is not above 0, or c has another
            length than the features.
        MtlError: The training split has too few labelled rows, or none of a class that needs one;
            or a class has no exemplar.

    Source: a question about a Keras network whose first layer compares an example element by
    element with stored exemplars by exp((x_k − x_pk) / c), multiplies by trained numbers and adds
    up, with a softmax over the exemplars.
    """
    problems = [
        *_problems(inputs, tasks, exemplars, function),
        *_not_above_zero(c=c, c_scale=c_scale),
    ]
    if problems:
        raise ConfigError(problems)
    (name, given), (task,) = next(iter(inputs.items())), tasks.values()
    entry = keras.Input(given.shape, dtype=given.dtype, name=name)
    features = entry
    if given.kind == "image":
        features = scaled(features)
    if len(given.shape) > 1:
        features = keras.layers.Flatten(name="features")(features)
    if isinstance(c, Sequence) and len(c) != features.shape[1]:
        expected = f"Expected one for each of the {features.shape[1]} features, or one for all."
        raise ConfigError([Problem("model.c", f"found {len(c)} numbers", expected)])

    chosen = Exemplars(exemplars, name="exemplars")
    weights = ElementwiseWeights(
        function,
        c=1.0 if c is None else c,
        initializer="zeros",
        regularizer=keras.regularizers.L2(l2) if l2 else None,
        name="weights",
    )
    scores = weights(features, chosen(features))
    sums = ClassSums(task.units, name="class_sums") if exemplars > task.units else None
    if sums is not None:
        scores = sums(scores)
    output = keras.layers.Activation(task.activation, name=task.name)(scores)
    if training is not None:
        values = _flat(training.inputs[name], given.kind)
        classes = training.targets[task.name]
        if choice in BY_CLASS:
            _check_every_class(classes, task.units, choice)
        rows = choose_exemplars(values, classes, exemplars, choice, seed)
        chosen.assign(values[rows])
        if c is None:
            weights.assign_c(c_scale * spread(values, least_spread))
        if sums is not None:
            sums.assign(_every_class(classes[rows], task.units))
    return keras.Model({name: entry}, {task.name: output}, name="exemplar")


def _problems(
    inputs: Mapping[str, Specification], tasks: Mapping[str, Head], exemplars: int, function: str
) -> list[Problem]:
    problems = []
    if len(inputs) != 1:
        found, expected = f"found {len(inputs)} inputs", "Expected one, of arrays or numbers."
        problems.append(Problem("inputs", found, expected))
    for name, given in inputs.items():
        sized = None not in given.shape and len(given.shape) > 0
        if given.kind not in KINDS or not sized:
            found = f"it is of kind {given.kind!r} and shape {given.shape}"
            expected = f"Expected one of: {', '.join(KINDS)}; of a fixed size."
            problems.append(Problem(f"inputs.{name}", found, expected))
    if len(tasks) != 1:
        problems.append(Problem("tasks", f"found {len(tasks)}", "Expected one."))
    for name, task in tasks.items():
        if task.activation != "softmax":
            found = f"its activation is {task.activation!r}"
            expected = "Expected softmax: a task of kind categorical."
            problems.append(Problem(f"tasks.{name}", found, expected))
        elif exemplars < task.units:
            found = f"found {exemplars}, and task {name!r} has {task.units} classes"
            problems.append(Problem("model.exemplars", found, "Expected one a class or more."))
    try:
        find_comparison(function)
    except ValueError as error:
        problems.append(Problem("model.function", f"found {function!r}", str(error)))
    return problems


def _not_above_zero(**widths: float | Sequence[float] | None) -> list[Problem]:
    """Return a problem for each parameter of which a number is not finite and above 0."""
    return [
        Problem(f"model.{name}", f"found {value}", "Expected numbers above 0.")
        for name, value in widths.items()
        if value is not None and not (np.isfinite(value) & (np.asarray(value) > 0)).all()
    ]


def _flat(values: np.ndarray, kind: str) -> np.ndarray:
    """Return the features as the graph makes them, shape `(rows, features)`."""
    flat = values.reshape(len(values), -1).astype(np.float32)
    return flat / np.float32(BRIGHTEST) if kind == "image" else flat


def _check_every_class(classes: np.ndarray, units: int, choice: Choice) -> None:
    """Raise MtlError where a class has no labelled row to choose its exemplar from."""
    missing = sorted(set(range(units)) - set(classes[~np.isnan(classes)].tolist()))
    if missing:
        raise MtlError(
            f"the training split has no labelled row of class number {missing[0]} (from 0), and "
            f"model.choice={choice} needs one of each class. Train on more rows"
        )


def _every_class(chosen: np.ndarray, units: int) -> np.ndarray:
    """Return the exemplars' classes as whole numbers, each of them there."""
    classes = chosen.astype(int)
    missing = sorted(set(range(units)) - set(classes.tolist()))
    if missing:
        raise MtlError(
            f"no exemplar is of class number {missing[0]} (from 0), so it would never be predicted."
            " Choose more, with model.exemplars, or by model.choice=stratified"
        )
    return classes
