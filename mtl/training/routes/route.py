"""What every way to a step's gradients takes and gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from mtl.graph.division import DividedGraph
from mtl.layers.recurrence import compiled_apart
from mtl.tasks.sums import loss_sums
from mtl.training.compilation import Compilation

if TYPE_CHECKING:
    from mtl.balancing.base import Balancer
    from mtl.tasks.task import Task

Tensors = Mapping[str, tf.Tensor]


@dataclass(frozen=True)
class Computed:
    """What one batch gives.

    Attributes:
        sums: For each task the weighted sum of the examples' losses and the sum of their weights,
            shape `(2, K)`.
        outputs: By name.
        losses: What the strategy sees, ℓ_k, shape `(K,)`.
        present: Which of its tasks have labels in the batch, shape `(K,)`.
        touched: The numbers of each table's rows in the batch, each once.
        d_vectors: The gradients of those rows; None where nothing reaches them.
        gradients: By a weight's `id`; None where nothing reaches it.
        d_further: The gradients of the strategy's own trainable variables.
        balance: What there is to show of the balancing: `weights`, the factor of each task's loss
            L_k, shape `(K,)`, and where gradients were compared `gramian`, that of the ℓ_k, shape
            `(K, K)`.
    """

    sums: tf.Tensor
    outputs: dict[str, tf.Tensor]
    losses: tf.Tensor
    present: tf.Tensor
    touched: dict[str, tf.Tensor]
    d_vectors: dict[str, Any]
    gradients: dict[int, Any]
    d_further: list[Any] = field(default_factory=list)
    balance: dict[str, tf.Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Ingredients:
    """What a step is made of, whatever its route.

    Attributes:
        graph: The graph.
        tasks: Every task, by output name.
        balancer: Of the trained ones.
        weights: The trainable weights that are not tables.
        optimizer: Says by what the loss is scaled.
        compilation: What XLA compiles.
        batch_size: The number of examples that a full batch has. Only full batches are compiled
            by XLA, which compiles once for each size.
    """

    graph: DividedGraph
    tasks: Mapping[str, Task]
    balancer: Balancer
    weights: Sequence[keras.Variable]
    optimizer: keras.optimizers.Optimizer
    compilation: Compilation
    batch_size: int


class Route(ABC):
    """Computes losses, outputs and gradients of a batch.

    Args:
        given: What the step is made of.
    """

    def __init__(self, given: Ingredients) -> None:
        self.graph = given.graph
        self.tasks = dict(given.tasks)
        self.balancer = given.balancer
        self.weights = list(given.weights)
        self.optimizer = given.optimizer
        self.compilation = given.compilation
        self.batch_size = given.batch_size
        self._again_compiled = compiled_by_xla(self._seen_again)
        self._trained = [list(self.tasks).index(name) for name in self.balancer.names]
        self._config_weights = tf.constant(self.balancer.config_weights, tf.float32)

    @abstractmethod
    def __call__(self, inputs: Tensors, targets: Tensors, weights: Tensors) -> Computed:
        """Compute a batch.

        Args:
            inputs: The graph's inputs, by name.
            targets: Each task's labels, by output name; NaN where a label is missing.
            weights: Each task's example weights, by output name.
        """

    def look_again(self, inputs: Tensors, targets: Tensors, weights: Tensors) -> tf.Tensor:
        """Return the losses ℓ of a batch with the weights as they are now, shape `(K,)`."""
        fed = self.graph.feed(self.graph.fetch(inputs))
        return self.run(self._seen_again, self._again_compiled, inputs, fed, targets, weights)

    def _seen_again(
        self, inputs: Tensors, fed: list[tf.Tensor], targets: Tensors, weights: Tensors
    ) -> tf.Tensor:
        outputs = self.graph(inputs, fed, training=True)
        return self.losses(loss_sums(self.tasks, outputs, targets, weights))[0]

    def run(
        self, core: Callable[..., Any], compiled: Callable[..., Any], inputs: Tensors, *rest: Any
    ) -> Any:
        """Compute `core`, compiled where that was chosen and the batch is a full one."""
        full = next(iter(inputs.values())).shape[0] == self.batch_size
        if not (self.compilation.graph and full):
            return core(inputs, *rest)
        if self.compilation.loops_apart:
            with compiled_apart():
                return core(inputs, *rest)
        return compiled(inputs, *rest)

    @property
    def scales_loss(self) -> bool:
        """Whether the gradients are those of a scaled loss."""
        return isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer)

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """Multiply a loss by what the optimizer divides its gradients by."""
        return self.optimizer.scale_loss(loss) if self.scales_loss else loss

    def unscaled(self, gradient: tf.Tensor) -> tf.Tensor:
        """Divide a gradient by what the loss was multiplied by, in single precision."""
        gradient = tf.cast(gradient, tf.float32)
        return gradient / self.optimizer.scale_loss(1.0) if self.scales_loss else gradient

    def losses(self, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the losses that the strategy sees, and which of its tasks are present.

        Args:
            sums: Every task's weighted loss sum and weight sum, shape `(2, tasks)`.
        """
        values, counts = tf.unstack(tf.gather(sums, self._trained, axis=1))
        losses = tf.math.divide_no_nan(values, counts) * self._config_weights
        return losses, counts > 0

    def regularisation(self) -> tf.Tensor | None:
        """Return what the layers of the last pass add to the loss, or None where none does."""
        added = [tf.cast(loss, tf.float32) for loss in self.graph.losses]
        return tf.add_n(added) if added else None

    def reported(self, weights: tf.Tensor) -> tf.Tensor:
        """Return the factor of each L_k from that of each ℓ_k."""
        return weights * self._config_weights


def values(variables: Sequence[keras.Variable]) -> list[tf.Variable]:
    """Return what a gradient tape knows of Keras's variables."""
    return [variable.value for variable in variables]


def compiled_by_xla(function: Callable[..., Any]) -> Any:
    """Return a function that XLA compiles once for each shape of what it is given."""
    return tf.function(function, jit_compile=True, autograph=False)
