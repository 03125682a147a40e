"""What a balancing strategy is: what it reads, what it gives back, and what it remembers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import keras
import numpy as np
import tensorflow as tf

from mtl.balancing.solvers.threads import one_blas_thread
from mtl.errors import MtlError

Heads = Literal["own", "weighted"]
Normalise = Literal["sum", "mean"]
Gradients = Literal["features", "parameters"]
Reads = Literal["losses", "gramian", "halves", "rows", "turns"]

# What the base class remembers, and whose state it is.
_STEP, _WEIGHTS, _OF = "step", "weights", "of"


class Balancer(ABC):  # noqa: B024 which method is abstract depends on what is read
    """Turns the losses of K tasks into one update.

    A strategy sees each task's loss times its weight in the config: ℓ_k = weight_k · L_k, with g_k
    its gradient by what is shared. It answers with a weight w_k a task; the shared part moves by
    Σ_k w_k g_k.

    A task without labels in a batch is absent: its weight is 0 and it takes no part.

    Args:
        weights: The weight of each trained task in the config, by output name, above 0.
        heads: What moves the weights of one task alone after the shared part: `own`, the gradient
            of its own ℓ_k, or `weighted`, that times w_k. What one task has to itself before or
            within the shared part moves with w_k.
        normalise: `sum`: the update is as large as for the sum of the losses, so that a learning
            rate stays right when the strategy is changed; `mean`: as for their mean, 1/m of that
            with m tasks present. Heads follow.
        gradients: Where conflict is measured: at the `features` where the shared part ends, which
            costs one backward pass, or in the shared `parameters`.
        monitor: Whether to record gradient norms and cosines where the strategy does not read them.

    Attributes:
        names: The tasks' names; their order is that of every vector of tasks.
        config_weights: The tasks' weights in the config, in that order.
        step: How many batches have been trained.
        variables: Everything that the strategy remembers, by name, `step` among it.
        trainable: Those of its variables that the optimizer moves.
        seed: Of whatever is drawn.
        steps_per_epoch: Of the training.
    """

    reads: ClassVar[Reads] = "losses"
    """What the strategy is handed: the losses; the Gramian of the tasks' gradients; the Gramian
    of the gradients of one half of the batch with those of the other (`halves`); the gradients
    themselves (`rows`); or nothing, as it chooses one task a step (`turns`)."""

    scale: ClassVar[Normalise] = "sum"
    """Whether what the strategy computes is on the scale of the sum or of the mean of losses."""

    second_look: ClassVar[bool] = False
    """Whether `after_update` is to be called with the losses after the update."""

    every: int = 1
    """In how many steps the weights are computed anew once."""

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        heads: Heads = "own",
        normalise: Normalise = "sum",
        gradients: Gradients = "features",
        monitor: bool = False,
    ) -> None:
        for name, value, known in (
            ("heads", heads, ("own", "weighted")),
            ("normalise", normalise, ("sum", "mean")),
            ("gradients", gradients, ("features", "parameters")),
        ):
            if value not in known:
                raise MtlError(f"balancing.{name}={value!r}. Expected {' or '.join(known)}.")
        self.names = tuple(weights)
        self.config_weights = np.array(list(weights.values()), np.float64)
        self.heads = heads
        self.normalise = normalise
        self.gradients = gradients
        self.monitor = monitor
        self.seed = 0
        self.steps_per_epoch = 1
        self.variables: dict[str, keras.Variable] = {}
        self.trainable: list[keras.Variable] = []
        self.step = self._remember(_STEP, 0, dtype="int64")

    @property
    def measures_gradients(self) -> bool:
        """Whether each task's gradient is needed by itself."""
        if self.reads == "losses":
            return self.monitor or self.heads == "own"
        return self.reads != "turns"

    def start(self, *, seed: int, steps_per_epoch: int) -> None:
        """Take in what is known only when training begins."""
        self.seed = seed
        self.steps_per_epoch = max(1, steps_per_epoch)

    def take_sizes(self, sizes: Mapping[str, int]) -> None:  # noqa: B027 most need none
        """Take in how many examples of the training split each task has a label of."""

    def remember(
        self, name: str, value: Any, *, dtype: str = "float32", trainable: bool = False
    ) -> keras.Variable:
        """Make a variable that is part of the strategy's state.

        Args:
            name: Its name among `variables`, which none has yet.
            value: What it starts with.
            dtype: Its type.
            trainable: Whether the optimizer is to move it along the gradient of `total`.

        Raises:
            MtlError: There is such a variable, or the base class keeps the name for itself.
        """
        kept = (_STEP, _WEIGHTS, _OF)
        if name in self.variables or name in kept:
            reason = "is kept for all strategies" if name in kept else "is remembered already"
            known = sorted({*self.variables, *kept})
            raise MtlError(
                f"{type(self).__name__} remembers {name!r}, which {reason}. "
                f"Expected a name other than {', '.join(known)}."
            )
        return self._remember(name, value, dtype=dtype, trainable=trainable)

    def _remember(
        self, name: str, value: Any, *, dtype: str = "float32", trainable: bool = False
    ) -> keras.Variable:
        initial = np.asarray(value, dtype)
        made = keras.Variable(initial, dtype=dtype, trainable=trainable, name=name)
        self.variables[name] = made
        if trainable:
            self.trainable.append(made)
        return made

    @property
    def identity(self) -> tuple[str, ...]:
        """Whose state it is: the strategy's class and the tasks in their order."""
        return (type(self).__name__, *self.names)

    def state(self) -> dict[str, np.ndarray]:
        """Return a copy of everything that the strategy remembers, by name, and whose it is, `of`.

        These are arrays that `numpy.savez` takes and `numpy.load` gives back.
        """
        found = {name: each.numpy().copy() for name, each in self.variables.items()}
        return {**found, _OF: np.array(self.identity)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned.

        What depends on the shapes of the shared weights is there once the training step is made.

        Raises:
            MtlError: It is another strategy's state, or that of other tasks.
        """
        given = dict(state)
        whose = tuple(np.ravel(given.pop(_OF, "unknown")).tolist())
        if whose != self.identity:
            raise MtlError(
                f"Received the state of {_described(whose)}. "
                f"Expected the state of the same strategy and tasks, {_described(self.identity)}."
            )
        known = {name: tuple(each.shape) for name, each in self.variables.items()}
        shapes = {name: np.shape(value) for name, value in given.items()}
        if known != shapes:
            raise MtlError(
                f"The state of {type(self).__name__} has {known}. Received: {shapes}. "
                "Expected the state of the same strategy and tasks, with the same parameters."
            )
        for name, value in given.items():
            self.variables[name].assign(value)

    def epoch_ends(self, losses: np.ndarray) -> None:  # noqa: B027 most need none
        """Take in the tasks' mean losses ℓ over a training epoch, shape `(K,)`; NaN if unseen."""

    def leave_absent(self, before: Sequence[tf.Tensor], present: tf.Tensor) -> None:
        """Put back what momentum moved in `trainable` for tasks that were absent.

        Args:
            before: The values of `trainable` before the update; those of shape `(K,)` are meant.
            present: Which tasks have labels in the batch, shape `(K,)`.
        """
        for variable, value in zip(self.trainable, before, strict=True):
            if tuple(value.shape) == (len(self.names),):
                variable.assign(tf.where(present, variable.value, value))

    def figures(self) -> dict[str, float]:
        """Return what there is to follow of the state: numbers, and one a task by the task's name.

        `log_variance/main` is of the variable `log_variance`, of shape `(K,)`. The step, the
        weights and larger variables are not among them.
        """
        found: dict[str, float] = {}
        for name, variable in self.variables.items():
            value = variable.numpy()
            if name in {_STEP, _WEIGHTS}:
                continue
            if value.ndim == 0:
                found[name] = float(value)
            elif value.shape == (len(self.names),):
                found |= {
                    f"{name}/{task}": float(each)
                    for task, each in zip(self.names, value, strict=True)
                }
        return found

    def after_update(  # noqa: B027 most need none
        self, before: tf.Tensor, after: tf.Tensor, present: tf.Tensor
    ) -> None:
        """Take in the losses ℓ of one batch before and after the update; see `second_look`.

        Where the gradients of several batches make one update it is called once in that many.
        """

    def scaled(self, weights: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Bring weights, or a total, from the strategy's own scale to what `normalise` asks for."""
        if self.scale == self.normalise:
            return weights
        count = tf.reduce_sum(tf.cast(present, weights.dtype))
        return weights * count if self.normalise == "sum" else tf.math.divide_no_nan(weights, count)

    def head_weights(self, weights: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return what each task's own weights move by, as a multiple of the gradient of ℓ_k.

        Args:
            weights: The w_k, shape `(K,)`.
            present: Which tasks have labels in the batch, shape `(K,)`.
        """
        if self.heads == "weighted":
            return weights
        own = tf.cast(present, weights.dtype)
        return tf.math.divide_no_nan(own, tf.reduce_sum(own)) if self.normalise == "mean" else own


class LossBalancer(Balancer):
    """A strategy that reads the losses alone.

    It says what is minimised; the weights are its derivatives, w_k = ∂ total / ∂ ℓ_k. Heads are
    `weighted` by default, as in the papers, which is one backward pass in all.
    """

    def __init__(
        self, weights: Mapping[str, float], *, heads: Heads = "weighted", **options: Any
    ) -> None:
        super().__init__(weights, heads=heads, **options)

    @abstractmethod
    def total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return what is minimised, a scalar, in the strategy's own `scale`.

        Args:
            losses: The ℓ_k, shape `(K,)`, float32; 0 where a task is absent.
            present: Which tasks have labels in the batch, shape `(K,)`, bool. The others may not
                change the result.
        """

    def scaled_total(self, losses: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Return what is minimised, on the scale that `normalise` asks for.

        Raises:
            MtlError: `total` returns no scalar.
        """
        total = tf.convert_to_tensor(self.total(losses, present))
        if total.shape.rank != 0:
            raise MtlError(
                f"{type(self).__name__}.total returned a tensor of shape {tuple(total.shape)}."
                " Expected a scalar: one number to minimise."
            )
        return self.scaled(total, present)

    def check_reads_losses(self, weights: tf.Tensor | None) -> tf.Tensor:
        """Return the derivatives of `total`; refuse a total that has none."""
        if weights is None:
            raise MtlError(
                f"{type(self).__name__}.total does not depend on the losses, so that nothing would"
                " be trained. Expected a function of `losses`, such as tf.reduce_sum(losses)."
            )
        return weights

    def weigh(
        self, losses: tf.Tensor, present: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor | None]]:
        """Return the w_k, shape `(K,)`, and the gradients of `trainable`."""
        with tf.GradientTape() as tape:
            tape.watch(losses)
            total = self.scaled_total(losses, present)
        sources = [each.value for each in self.trainable]
        weights, gradients = tape.gradient(total, (losses, sources))
        weights = self.check_reads_losses(weights)
        return tf.where(present, weights, tf.zeros_like(weights)), gradients


@dataclass
class Observed:
    """What a strategy may read beside the Gramian, in NumPy.

    Attributes:
        losses: The losses ℓ of the m tasks that take part, shape `(m,)`, float64.
        tasks: Their positions among the strategy's `names`, shape `(m,)`.
        step: How many batches came before.
        random: Draws; it depends on the seed and the step alone.
        state: The strategy's variables by name, all K tasks'; what is changed in place is kept.
    """

    losses: np.ndarray
    tasks: np.ndarray
    step: int = 0
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    state: dict[str, np.ndarray] = field(default_factory=dict)


class GramianBalancer(Balancer):
    """A strategy that reads the inner products of the tasks' gradients, G_ij = g_i · g_j.

    `solve` is NumPy in double precision on m × m numbers. It is handed the tasks that are present
    and have a gradient; the others' weight is 0. A single one keeps its plain gradient, w = 1. The
    products come in single precision: a gradient shorter than about 10⁻¹⁹ counts as none, and one
    longer than 10¹⁹ overflows.

    Args:
        weights: See `Balancer`.
        every: In how many steps the weights are computed anew once; in between they stay, and a
            step costs little more than one without a strategy. A task that is absent when they
            are computed keeps its earlier one, at first an even one; so does every task where
            gradients are not finite.
        **options: See `Balancer`.

    Attributes:
        failure: What `solve` raised.
    """

    reads: ClassVar[Reads] = "gramian"
    scale: ClassVar[Normalise] = "mean"

    def __init__(self, weights: Mapping[str, float], *, every: int = 1, **options: Any) -> None:
        super().__init__(weights, **options)
        self.failure: Exception | None = None
        if every < 1:
            raise MtlError(f"balancing.every={every}. Expected 1 step or more.")
        self.every = every
        if every > 1:
            count = len(self.names)
            self._remember(
                _WEIGHTS, np.full(count, {"sum": 1.0, "mean": 1 / count}[self.normalise])
            )

    @abstractmethod
    def solve(self, gramian: np.ndarray, observed: Observed) -> np.ndarray:
        """Return the tasks' weights, shape `(m,)`, in the strategy's own `scale`.

        Args:
            gramian: Shape `(m, m)`, float64, m ≥ 2, symmetric with a positive diagonal, finite.
                Of `halves`: entry ij is a gradient of the first half of the batch times one of the
                second, so neither need hold.
            observed: Losses, step, chance and state.
        """

    def weigh(self, losses: tf.Tensor, present: tf.Tensor, gramian: tf.Tensor) -> tf.Tensor:
        """Return the w_k, shape `(K,)`, and move the state on.

        Args:
            losses: The ℓ_k, shape `(K,)`, float32.
            present: Which tasks have labels in the batch, shape `(K,)`.
            gramian: Shape `(K, K)`, float32.
        """
        kept = [name for name in self.variables if name not in {_STEP, _WEIGHTS}]
        state = [self.variables[name].value for name in kept]
        given = [losses, present, gramian, self.step.value, *state]
        types = [losses.dtype, *(each.dtype for each in state)]
        # A single result comes without its list where functions run eagerly.
        weights, *changed = tf.nest.flatten(tf.numpy_function(self._solved(kept), given, types))
        weights.set_shape(losses.shape)
        for name, value in zip(kept, changed, strict=True):
            value.set_shape(self.variables[name].shape)
            self.variables[name].assign(value)
        return weights

    def _solved(self, names: Sequence[str]) -> Any:
        def solved(
            losses: np.ndarray, present: np.ndarray, gramian: np.ndarray, step: int, *state: Any
        ) -> list[np.ndarray]:
            changed = {name: np.array(each) for name, each in zip(names, state, strict=True)}
            try:
                weights = self.weights_of(losses, present, gramian, int(step), changed)
            except Exception as error:
                self.failure = error  # TensorFlow hands on no more than its text
                raise
            types = [each.dtype for each in state]
            kept = [changed[n].astype(t) for n, t in zip(names, types, strict=True)]
            return [weights.astype(losses.dtype), *kept]

        return solved

    def weights_of(
        self,
        losses: np.ndarray,
        present: np.ndarray,
        gramian: np.ndarray,
        step: int,
        state: dict[str, np.ndarray],
    ) -> np.ndarray:
        """Return the K weights as `normalise` asks for them, in NumPy; `state` is changed.

        A Gramian that is not finite, as where float16 overflows, gives weights that are none
        either and leaves the state alone, so that the update is seen to be wrong.
        """
        weights = np.zeros(len(self.names))
        gramian = gramian.astype(np.float64)
        norms = np.diag(gramian)
        active = np.flatnonzero(present & (self.reads == "halves" or norms > 0))
        taken = gramian[np.ix_(active, active)]
        if self.reads == "gramian":
            taken = (taken + taken.T) / 2  # symmetric but for rounding
        if not np.isfinite(gramian[np.ix_(present, present)]).all():
            weights[present] = np.nan
        elif len(active) == 1:
            weights[active] = 1.0
        elif len(active) > 1:
            random = np.random.default_rng((self.seed, step))
            observed = Observed(losses[active].astype(np.float64), active, step, random, state)
            factor = {"sum": len(active), "mean": 1 / len(active)}[self.normalise]
            with one_blas_thread():
                solved = np.asarray(self.solve(taken, observed), np.float64)
            if solved.shape != (len(active),):
                raise MtlError(
                    f"solve returned an array of shape {solved.shape}. Expected a weight for each"
                    f" of the {len(active)} tasks that take part, shape ({len(active)},)."
                )
            weights[active] = solved if self.scale == self.normalise else solved * factor
        return weights


class RowBalancer(Balancer):
    """A strategy that reads the tasks' gradients themselves.

    Rows come a shared tensor at a time, stacked: shape `(K, *shape)`, in float32, a row of zeros
    for an absent task. With `gradients=features` the tensors are the features where the shared
    part ends, of shape `(batch, …)`; with `parameters` the shared weights.
    """

    reads: ClassVar[Reads] = "rows"
    scale: ClassVar[Normalise] = "sum"

    keeps_rows: ClassVar[bool] = True
    """Whether its state has a row for each task and parameter, so that it needs
    `gradients=parameters` and tables whole."""

    def build(self, shapes: Sequence[Sequence[int]]) -> None:
        """Make the state that depends on the shapes of the shared weights; called once."""

    def remember_rows(self, name: str, shapes: Sequence[Sequence[int]]) -> list[keras.Variable]:
        """Make variables that have a row of zeros for each task, one a shape, named in order."""
        return [
            self.remember(f"{name}_{position}", np.zeros((len(self.names), *shape), np.float32))
            for position, shape in enumerate(shapes)
        ]

    @abstractmethod
    def combine(
        self,
        rows: Sequence[tf.Tensor],
        features: Sequence[tf.Tensor] | None,
        losses: tf.Tensor,
        present: tf.Tensor,
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Return the update of each shared tensor and the weights to report, and move the state.

        Args:
            rows: For each shared tensor, shape `(K, *shape)`.
            features: The values of the features that `rows` are the gradients of, or None.
            losses: The ℓ_k, shape `(K,)`.
            present: Which tasks have labels in the batch, shape `(K,)`.

        Returns:
            For each shared tensor the combined gradient, in the strategy's own `scale`, and
            the w_k, shape `(K,)`: what each task's gradient was multiplied by; where that is no
            single number, its share.
        """


class TurnBalancer(Balancer):
    """A strategy that trains one task a step.

    Its update is that task's plain gradient, in the shared part as in the head, and there are no
    gradients to be compared: none of the options of other strategies would mean anything.

    Args:
        weights: See `Balancer`.
    """

    reads: ClassVar[Reads] = "turns"
    own_optimizers: bool = False
    """Whether each task has an optimizer of its own, with moments of its own."""
    learning_rate_factors: Mapping[str, float] = MappingProxyType({})
    """By what each task's optimizer multiplies the learning rate; 1 where it is not named."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__(weights, heads="weighted")

    @abstractmethod
    def turn(self, present: tf.Tensor) -> tf.Tensor:
        """Return the position of the task whose turn it is, a scalar integer, and move the state.

        It is called once a step.

        Args:
            present: Which tasks have labels in the batch, shape `(K,)`. The turn should be one of
                theirs: that of another task is spent on nothing.
        """


def _described(identity: Sequence[str]) -> str:
    strategy, *tasks = identity
    return f"{strategy} for the tasks {', '.join(tasks)}" if tasks else strategy
