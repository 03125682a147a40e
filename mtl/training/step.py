"""One training step: losses, gradients, clipping, update."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from mtl.graph.calls import layers
from mtl.graph.division import DividedGraph
from mtl.layers.lstm import LSTM
from mtl.layers.recurrence import compiled_apart
from mtl.training.figures import loss_sums
from mtl.training.rows import RowUpdate, row_update

if TYPE_CHECKING:
    from mtl.balancing.base import Balancer
    from mtl.tasks.task import Task
    from mtl.training.optimizers import Clipping

logger = logging.getLogger(__name__)

Tensors = Mapping[str, tf.Tensor]


@dataclass(frozen=True)
class StepSettings:
    """How a step is to be computed.

    Attributes:
        xla: Whether XLA compiles the graph after its lookups: `True`, `False` or `auto`.
        embedding_updates: `exact`, `lazy` or `dense`; see `mtl.training.rows.row_update`.
        batch_size: The number of examples that a full batch has. Only full batches are compiled
            by XLA, which compiles once for each size.
        deterministic: Whether results must be equal bit for bit; `auto` does without XLA then.
    """

    xla: bool | str = "auto"
    embedding_updates: str = "exact"
    batch_size: int = 32
    deterministic: bool = False


class TrainingStep:
    """Trains a model on one batch, and computes outputs and losses without training.

    The graph is divided at its embeddings (`mtl.graph.division`): each distinct id of the batch is
    looked up once, the rest of the graph may be compiled by XLA, and of each table only the rows
    that were touched are updated where the optimizer allows it (`mtl.training.rows`). A gradient
    of rows that occur several times in a batch is their sum.

    Args:
        model: A functional model whose outputs are named as the tasks are.
        tasks: The tasks, by output name.
        balancer: Turns the losses of the trained tasks into one.
        optimizer: The optimizer, not built yet and without clipping of its own.
        clipping: Bounds the gradients.
        settings: How the step is computed.

    Attributes:
        notes: Sentences that say how the step is computed, for the log and the console.
    """

    def __init__(
        self,
        model: keras.Model,
        tasks: Mapping[str, Task],
        balancer: Balancer,
        optimizer: keras.optimizers.Optimizer,
        clipping: Clipping,
        settings: StepSettings,
    ) -> None:
        self.model = model
        self.tasks = dict(tasks)
        self.balancer = balancer
        self.optimizer = optimizer
        self.clipping = clipping
        self.settings = settings
        self.graph = DividedGraph(model)
        self.notes: list[str] = []
        self.updates = self._row_updates()
        tables = {id(table) for table in self.graph.tables.values()}
        self._weights = [w for w in model.trainable_weights if id(w) not in tables]
        by_row = {id(update.table) for update in self.updates.values()}
        optimizer.build([w for w in model.trainable_weights if id(w) not in by_row])
        self._describe()
        self.uses_xla = self._choose_xla()
        self.loops_apart = self._choose_loops_apart()
        self._core_compiled = tf.function(self._core, jit_compile=True, autograph=False)
        self._train = tf.function(self._step, autograph=False)
        self._measure = tf.function(self._measured, autograph=False, reduce_retracing=True)
        self._called = False

    def __call__(
        self, inputs: Tensors, targets: Tensors, weights: Tensors
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Train on one batch.

        Args:
            inputs: The graph's inputs, by name.
            targets: Each task's labels, by output name; NaN where a label is missing.
            weights: Each task's example weights, by output name.

        Returns:
            For each task two rows of a `(2, K)` tensor (the weighted sum of the examples' losses
            and the sum of their weights), and the outputs by name.
        """
        batch = dict(inputs), dict(targets), dict(weights)
        first, self._called = not self._called, True
        try:
            return self._train(*batch)
        except tf.errors.OpError as error:
            if not (first and self.uses_xla and self.settings.xla == "auto"):
                raise
            self._do_without_xla(error)
            return self._train(*batch)

    def measure(
        self, inputs: Tensors, targets: Tensors, weights: Tensors
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Compute what a call returns, without training and as for a prediction."""
        return self._measure(dict(inputs), dict(targets), dict(weights))

    def _row_updates(self) -> dict[str, RowUpdate]:
        found, reason = row_update(self.optimizer, self.settings.embedding_updates)
        if isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer):
            found, reason = None, "the loss is scaled"
        if self.graph.tables and found is None:
            self.notes.append(f"Embeddings are updated in every row: {reason}.")
        if found is None:
            return {}
        return {name: found(self.optimizer, table) for name, table in self.graph.tables.items()}

    def _choose_xla(self) -> bool:
        """Follow the setting; `auto` compiles where it was measured to be faster.

        On a CPU that is where an LSTM's loop is hoisted and no table stands in the graph: on the
        headline model the step was 3.4 times as fast as Keras's own without XLA and 5.7 times with
        it, while Keras's LSTM gained nothing. On a GPU it is every graph without a table.
        """
        chosen, reason = self.settings.xla, "training.xla says so"
        if chosen == "auto":
            hoisted = any(isinstance(layer, LSTM) and layer.hoists for layer in layers(self.model))
            on_gpu = bool(tf.config.list_physical_devices("GPU"))
            unfit = [
                layer.name
                for layer in layers(self.model)
                if not (layer.supports_jit or (isinstance(layer, LSTM) and layer.hoists))
            ]
            reasons = {
                "training.deterministic is true": self.settings.deterministic,
                "an embedding stands in it": bool(self.graph.cut.reasons),
                f"it cannot compile {unfit}": bool(unfit),
                "on a CPU it gains only where an mtl.layers.LSTM is": not (hoisted or on_gpu),
            }
            against = [text for text, holds in reasons.items() if holds]
            chosen = not against
            reason = against[0] if against else "its recurrent loop gains" if hoisted else "GPU"
        self.notes.append(
            f"XLA {'compiles' if chosen else 'does not compile'} the graph: {reason}."
        )
        return bool(chosen)

    def _choose_loops_apart(self) -> bool:
        """Say whether XLA compiles each recurrent loop by itself instead of the whole graph.

        XLA runs the loops of one compiled graph one after the other, on one core. Compiled apart
        they run side by side: on the tweets model, two cores, the step was 1.8 times as fast.
        """
        called = [call.operation for call in self.graph.calls]
        loops = [layer for layer in called if isinstance(layer, LSTM) and layer.hoists]
        apart = self.uses_xla and self.settings.xla == "auto" and len(loops) > 1
        if apart:
            self.notes.append(f"Its {len(loops)} recurrent loops are compiled each by itself.")
        return apart

    def _do_without_xla(self, error: tf.errors.OpError) -> None:
        """Go on plainly where XLA cannot compile the graph; nothing was updated by then."""
        reason = str(error.message).strip().splitlines()[0]
        logger.warning("XLA cannot compile the graph, which runs without it: %s", reason)
        self.notes.append(f"XLA cannot compile the graph: {reason}")
        self.uses_xla = False
        self._train = tf.function(self._step, autograph=False)

    def _describe(self) -> None:
        for name, reason in self.graph.cut.reasons.items():
            self.notes.append(f"Embedding {name!r} is looked up inside the graph: {reason}.")
        names = ", ".join(map(repr, self.graph.tables))
        if names:
            updated = "touched rows" if self.updates else "whole tables"
            self.notes.append(f"Looked up once for each distinct id: {names}; updated: {updated}.")

    def _step(
        self, inputs: Tensors, targets: Tensors, weights: Tensors
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        fetched = self.graph.fetch(inputs)
        with tf.GradientTape() as tape:
            tape.watch(fetched.vectors)
            fed = self.graph.feed(fetched)
        sums, outputs, d_fed, d_weights = self._compute(inputs, fed, targets, weights)
        gradients = dict(zip(map(id, self._weights), d_weights, strict=True))
        if fed:
            d_vectors, d_projecting = tape.gradient(
                fed, (fetched.vectors, [w.value for w in self._weights]), output_gradients=d_fed
            )
            for weight, gradient in zip(self._weights, d_projecting, strict=True):
                if gradient is not None:
                    inside = gradients[id(weight)]
                    gradients[id(weight)] = gradient if inside is None else gradient + inside
        else:
            d_vectors = {}
        self._update(fetched.rows, d_vectors, gradients)
        return sums, outputs

    def _compute(self, inputs: Tensors, *rest: Any) -> Any:
        """Call `_core`, compiled where that was chosen and the batch is a full one."""
        batch = next(iter(inputs.values())).shape[0]
        if not self.uses_xla or batch != self.settings.batch_size:
            return self._core(inputs, *rest)
        if self.loops_apart:
            with compiled_apart():
                return self._core(inputs, *rest)
        return self._core_compiled(inputs, *rest)

    def _core(
        self, inputs: Tensors, fed: list[tf.Tensor], targets: Tensors, weights: Tensors
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor], list[Any], list[Any]]:
        """Compute losses, outputs and gradients from what was looked up."""
        with tf.GradientTape() as tape:
            tape.watch(fed)
            outputs = self.graph(inputs, fed, training=True)
            sums = loss_sums(self.tasks, outputs, targets, weights)
            trained = [list(self.tasks).index(name) for name in self.balancer.names]
            losses = tf.math.divide_no_nan(*tf.unstack(tf.gather(sums, trained, axis=1)))
            total = self.balancer.total(losses) + self._regularisation()
            if isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer):
                total = self.optimizer.scale_loss(total)
        d_fed, d_weights = tape.gradient(total, (fed, [w.value for w in self._weights]))
        d_fed = [
            tf.zeros_like(value) if gradient is None else gradient
            for value, gradient in zip(fed, d_fed, strict=True)
        ]
        return sums, outputs, d_fed, [_dense(gradient) for gradient in d_weights]

    def _regularisation(self) -> tf.Tensor:
        return tf.add_n([tf.cast(loss, tf.float32) for loss in self.graph.losses] or [0.0])

    def _update(
        self,
        rows: Mapping[str, tf.Tensor],
        d_vectors: Mapping[str, Any],
        gradients: Mapping[int, tf.Tensor | None],
    ) -> None:
        """Clip all gradients together and move the weights."""
        names = list(self.graph.tables)
        dense = [(w, gradients[id(w)]) for w in self._weights if gradients[id(w)] is not None]
        clipped = self.clipping(
            [_dense(d_vectors[name]) for name in names] + [gradient for _, gradient in dense]
        )
        by_table = dict(zip(names, clipped, strict=False))
        pairs = [(w, g) for (w, _), g in zip(dense, clipped[len(names) :], strict=True)]
        for name, table in self.graph.tables.items():
            if name not in self.updates:
                whole = tf.scatter_nd(rows[name][:, tf.newaxis], by_table[name], tuple(table.shape))
                pairs.append((table, whole))
        rate = tf.convert_to_tensor(self.optimizer.learning_rate)
        step = tf.convert_to_tensor(self.optimizer.iterations)
        for name, update in self.updates.items():
            update.apply(rows[name], by_table[name], rate, step)
        if pairs:
            self.optimizer.apply([g for _, g in pairs], [w for w, _ in pairs])
        else:
            self.optimizer.iterations.assign_add(1)  # apply() does not count an empty update

    def _measured(
        self, inputs: Tensors, targets: Tensors, weights: Tensors
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        fed = self.graph.feed(self.graph.fetch(inputs))
        outputs = self.graph(inputs, fed, training=False)
        return loss_sums(self.tasks, outputs, targets, weights), outputs


def _dense(gradient: Any) -> tf.Tensor | None:
    """Sum the rows that occur several times in a sparse gradient."""
    return None if gradient is None else tf.convert_to_tensor(gradient)
