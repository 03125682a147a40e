"""One training step: losses, gradients, update."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from mtl.balancing.base import RowBalancer, TurnBalancer
from mtl.data.batches import unstacked
from mtl.errors import MtlError
from mtl.graph.branches import branches
from mtl.graph.division import DividedGraph
from mtl.tasks.sums import labelled, loss_sums
from mtl.training.compilation import NONE, choose_compilation
from mtl.training.optimizers import follow
from mtl.training.routes.parts import PartsRoute
from mtl.training.routes.plain import PlainRoute
from mtl.training.routes.route import Ingredients, Route, Tensors
from mtl.training.routes.rows import RowsRoute
from mtl.training.updates import Updates

if TYPE_CHECKING:
    from mtl.balancing.base import Balancer
    from mtl.tasks.task import Task
    from mtl.training.optimizers import Clipping

logger = logging.getLogger(__name__)


StepResult = tuple[tf.Tensor, dict[str, tf.Tensor], dict[str, tf.Tensor]]
MEASURED = "measured"

# So many pairs of tasks are named in a note.
_SOME = 3


@dataclass(frozen=True)
class StepSettings:
    """How a step is to be computed.

    Attributes:
        xla: Whether XLA compiles the graph after its lookups: `True`, `False` or `auto`.
        embedding_updates: `exact`, `lazy` or `dense`; see `mtl.training.rows.row_update`.
        batch_size: The number of examples that a full batch has. Only full batches are compiled
            by XLA, which compiles once for each size.
        deterministic: Whether results must be equal bit for bit; `auto` does without XLA then.
        gradient_accumulation_steps: After how many batches the weights are moved, by the mean of
            their gradients; a task that is trained in turns counts its own turns. See
            `mtl.training.accumulation.Accumulation`.
    """

    xla: bool | str = "auto"
    embedding_updates: str = "exact"
    batch_size: int = 32
    deterministic: bool = False
    gradient_accumulation_steps: int = 1


@dataclass(frozen=True)
class _Plan:
    """One way of making a step.

    Attributes:
        route: Computes the gradients.
        updates: Moves the weights.
    """

    route: Route
    updates: Updates


class TrainingStep:
    """Trains a model on one batch, and computes outputs and losses without training.

    The graph is divided at its embeddings (`mtl.graph.division`): each distinct id of the batch is
    looked up once, the rest of the graph may be compiled by XLA, and of each table only the rows
    that were touched are updated where the optimizer allows it (`mtl.training.rows`). A gradient
    of rows that occur several times in a batch is their sum.

    How gradients are had follows from what the balancer reads (`mtl.training.routes`).

    Args:
        model: A functional model whose outputs are named as the tasks are.
        tasks: The tasks, by output name.
        balancer: Turns the losses of the trained tasks into one update.
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
        self._copied = optimizer.get_config()
        self._rate_factors: Mapping[str, float] = {}
        if isinstance(balancer, TurnBalancer):
            self._rate_factors = balancer.learning_rate_factors
        follow(optimizer, balancer.step, self._rate_factors.get(balancer.names[0], 1.0))
        self.clipping = clipping
        self.settings = settings
        several = len(balancer.names) > 1  # the gradient of a single task is the update
        self.takes_turns = isinstance(balancer, TurnBalancer) and several
        self.in_parts = balancer.measures_gradients and several
        self.graph = DividedGraph(model, balancer.names if self.in_parts else None)
        self.compilation = choose_compilation(
            self.graph,
            settings.xla,
            deterministic=settings.deterministic,
            in_parts=self.in_parts,
        )
        self._plans = self._planned()
        self._functions = self._traced()
        self._choice: Callable[..., Any] = self._due
        if self.takes_turns:
            self._choice = tf.function(self._due, autograph=False, reduce_retracing=True)
        self._one = tf.function(self._chosen, autograph=False)
        self._several = tf.function(self._in_turn, autograph=False)
        self._measure = tf.function(self._measured, autograph=False, reduce_retracing=True)
        self._called = False
        self.notes: list[str] = []
        self._describe()

    @property
    def updates(self) -> Updates:
        """What moves the weights; with an optimizer for each task, the first one's."""
        return self._plans[0].updates

    @property
    def variables(self) -> list[Any]:
        """Everything that training changes but for the balancer's state, each once, in order."""
        found = {id(each): each for each in self.model.variables}
        for plan in self._plans:
            found |= {id(each): each for each in plan.updates.variables}
        return list(found.values())

    def __call__(self, inputs: Tensors, targets: Tensors, weights: Tensors) -> StepResult:
        """Train on one batch.

        Args:
            inputs: The graph's inputs, by name.
            targets: Each task's labels, by output name; NaN where a label is missing.
            weights: Each task's example weights, by output name.

        Returns:
            For each task two rows of a `(2, K)` tensor (the weighted sum of the examples' losses
            and the sum of their weights), the outputs by name, and what there is to show of the
            balancing, see `mtl.training.routes.route.Computed`.
        """
        batch = dict(inputs), dict(targets), dict(weights)
        first, self._called = not self._called, True
        due = int(self._choice(*batch[1:])) if len(self._plans) > 1 else 0
        if not 0 <= due < len(self._plans):
            raise MtlError(
                f"{type(self.balancer).__name__}.turn returned {due}. Expected the position of one"
                f" of the {len(self._plans)} tasks, from 0."
            )
        try:
            return self._functions[due](*batch)
        except tf.errors.OpError as error:
            self._check_solved()
            if not (first and self.compilation.graph and self.settings.xla == "auto"):
                raise
            self._do_without_xla(error)
            return self._functions[due](*batch)

    def several(self, inputs: Tensors, targets: Tensors, weights: Tensors) -> list[StepResult]:
        """Train on several batches, one after the other, in one call of TensorFlow.

        The results are those of as many single calls, bit for bit: each step is the same function.

        Args:
            inputs: As of a call, stacked along a new first axis.
            targets: Alike.
            weights: Alike.

        Returns:
            What a call returns, for each batch.
        """
        given = dict(inputs), dict(targets), dict(weights)
        if not self._called:  # where XLA cannot compile the graph, that shows at the first step
            return [self(*batch) for batch in unstacked(given)]
        try:
            found: list[StepResult] = unstacked(self._several(*given))
        except tf.errors.OpError:
            self._check_solved()
            raise
        for _, _, balance in found:
            if not balance.pop(MEASURED, True):
                del balance["gramian"]
        return found

    def _check_solved(self) -> None:
        """Say what is wrong where it was the strategy that failed, and not TensorFlow."""
        failure = getattr(self.balancer, "failure", None)
        if failure is not None:
            name = type(self.balancer).__name__
            reason = str(failure)
            if not isinstance(failure, MtlError):
                place = traceback.extract_tb(failure.__traceback__)[-1]
                kind = type(failure).__name__
                reason = f"{kind}: {failure} ({place.filename}, line {place.lineno})"
            raise MtlError(f"The balancing by {name} failed: {reason}") from failure

    def _in_turn(self, *given: Tensors) -> Any:
        """Make a step with each of several batches."""
        first = tf.nest.map_structure(lambda each: each[0], given)
        results = self._one.get_concrete_function(*first).structured_outputs
        return tf.map_fn(
            lambda batch: self._one(*batch),
            given,
            fn_output_signature=tf.nest.map_structure(
                lambda each: tf.TensorSpec(each.shape, each.dtype), results
            ),
            parallel_iterations=1,
        )

    def _chosen(self, *batch: Tensors) -> StepResult:
        """Make the step that is due, chosen within the graph."""
        if len(self._plans) == 1:
            return self._functions[0](*batch)
        due = self._due(*batch[1:])
        numbers = range(len(self._plans))
        return tf.switch_case(due, [partial(self._alike, number, batch) for number in numbers])

    def _alike(self, number: int, batch: tuple[Tensors, ...]) -> StepResult:
        """Make a step, and report alike whether gradients were compared in it or not."""
        sums, outputs, balance = self._functions[number](*batch)
        if not self.takes_turns:
            count = len(self.balancer.names)
            measured = tf.constant("gramian" in balance)
            balance = {"gramian": tf.zeros((count, count)), **balance, MEASURED: measured}
        return sums, outputs, balance

    def _due(self, targets: Tensors, weights: Tensors) -> tf.Tensor:
        """Return which of several plans is to be followed now."""
        if self.takes_turns:
            assert isinstance(self.balancer, TurnBalancer)
            due = self.balancer.turn(labelled(self.balancer.names, targets, weights))
            return tf.cast(due, tf.int32)
        return tf.cast(self.balancer.step.value % self.balancer.every > 0, tf.int32)

    def measure(
        self, inputs: Tensors, targets: Tensors, weights: Tensors
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Compute losses and outputs as a call does, without training, as for a prediction."""
        return self._measure(dict(inputs), dict(targets), dict(weights))

    def _planned(self) -> list[_Plan]:
        """Make the different steps: one, one a task, or one with the solver and one without."""
        balancer = self.balancer
        if isinstance(balancer, TurnBalancer) and self.takes_turns:
            return [
                _Plan(self._route(PlainRoute, updates, turn=task), updates)
                for task, updates in enumerate(self._updates_of_tasks(balancer))
            ]
        updates = self._updates(self.optimizer).accumulated_over(self._accumulated)
        if not self.in_parts:
            return [_Plan(self._route(PlainRoute, updates), updates)]
        if isinstance(balancer, RowBalancer):
            route = self._route(RowsRoute, updates)
            if balancer.keeps_rows:
                balancer.build([tuple(weight.shape) for weight in route.shared])
            return [_Plan(route, updates)]
        kinds = (True, False) if balancer.every > 1 else (True,)
        return [_Plan(self._route(PartsRoute, updates, fresh=each), updates) for each in kinds]

    def _route(self, kind: Callable[..., Any], updates: Updates, **options: Any) -> Any:
        looked_up = {id(table) for table in self.graph.tables.values()}
        given = Ingredients(
            graph=self.graph,
            tasks=self.tasks,
            balancer=self.balancer,
            weights=[w for w in self.model.trainable_weights if id(w) not in looked_up],
            optimizer=updates.optimizer,
            compilation=self.compilation,
            batch_size=self.settings.batch_size,
        )
        return kind(given, **options)

    def _updates(self, optimizer: keras.optimizers.Optimizer) -> Updates:
        tables = {} if self._updates_tables_whole else self.graph.tables
        by_row = {id(table) for table in tables.values()}
        return Updates(
            [w for w in self.model.trainable_weights if id(w) not in by_row],
            tables,
            optimizer,
            self.clipping,
            self.settings.embedding_updates,
            self.balancer.trainable,
        )

    @property
    def _accumulated(self) -> int:
        return self.settings.gradient_accumulation_steps

    @property
    def _updates_tables_whole(self) -> bool:
        """Whether a strategy gives the gradients of whole tables."""
        reads_rows = isinstance(self.balancer, RowBalancer) and self.in_parts
        return reads_rows and self.balancer.gradients == "parameters"

    def _updates_of_tasks(self, balancer: TurnBalancer) -> list[Updates]:
        """Return for each task what moves the weights that it reaches.

        Each task has a sum of its own of the gradients that are accumulated.

        With optimizers of their own, each is a copy of the config's that counts its own turns,
        with a learning rate of its own where the strategy has a factor for it; a schedule follows
        the steps of the training all the same.
        """
        served = branches(self.model, balancer.names).served
        shared = self._updates(self.optimizer)
        found: list[Updates] = []
        for name in balancer.names:
            updates = shared
            if balancer.own_optimizers and found:
                optimizer = type(self.optimizer).from_config(self._copied)
                follow(optimizer, balancer.step, self._rate_factors.get(name, 1.0))
                updates = self._updates(optimizer)
            reached = {key for key, names in served.items() if name in names}
            found.append(updates.limited_to(reached).accumulated_over(self._accumulated))
        return found

    def _traced(self) -> list[Any]:
        """Return a compiled function for each plan."""

        def step(plan: _Plan) -> Any:
            def made(*batch: Tensors) -> Any:
                return self._step(plan, *batch)

            return tf.function(made, autograph=False)

        return [step(plan) for plan in self._plans]

    def _step(self, plan: _Plan, inputs: Tensors, targets: Tensors, weights: Tensors) -> StepResult:
        moving = self.model.non_trainable_variables if self.balancer.second_look else []
        before = [tf.identity(variable.value) for variable in moving]
        learned = [tf.identity(variable.value) for variable in self.balancer.trainable]
        found = plan.route(inputs, targets, weights)
        moved = plan.updates.apply(found.touched, found.d_vectors, found.gradients, found.d_further)

        def look_again() -> tf.Tensor:
            """See the batch as the first time: by the same draws, and without a trace."""
            afterwards = [tf.identity(variable.value) for variable in moving]
            for variable, value in zip(moving, before, strict=True):
                variable.assign(value)
            after = plan.route.look_again(inputs, targets, weights)
            for variable, value in zip(moving, afterwards, strict=True):
                variable.assign(value)
            self.balancer.after_update(found.losses, after, found.present)
            return tf.constant(True)

        if moved is True:
            self.balancer.leave_absent(learned, found.present)
        if self.balancer.second_look and moved is True:
            look_again()
        elif self.balancer.second_look:
            tf.cond(moved, look_again, lambda: tf.constant(False))
        self.balancer.step.assign_add(1)
        return found.sums, found.outputs, found.balance

    def _do_without_xla(self, error: tf.errors.OpError) -> None:
        """Go on plainly where XLA cannot compile the graph; nothing was updated by then."""
        reason = str(error.message).strip().splitlines()[0]
        logger.warning("XLA cannot compile the graph, which runs without it: %s", reason)
        self.notes.append(f"XLA cannot compile the graph: {reason}")
        self.compilation = NONE
        for plan in self._plans:
            plan.route.compilation = NONE
        self._functions = self._traced()

    def _describe(self) -> None:
        if self._accumulated > 1:
            turns = " of a task's own turns" if self.takes_turns else ""
            self.notes.append(
                f"The weights are moved by the mean gradient of {self._accumulated} batches{turns}."
            )
        if self.graph.tables and not self.updates.rows:
            self.notes.append(f"Embeddings are updated in every row: {self._why_whole()}.")
        self.notes += self.compilation.notes
        self.notes += self._nothing_to_balance()
        self.notes += self._learning_rates()
        self.notes += self._pairs_apart()
        for name, reason in self.graph.cut.reasons.items():
            self.notes.append(f"Embedding {name!r} is looked up inside the graph: {reason}.")
        names = ", ".join(map(repr, self.graph.tables))
        if names:
            updated = "touched rows" if self.updates.rows else "whole tables"
            self.notes.append(f"Looked up once for each distinct id: {names}; updated: {updated}.")

    def _learning_rates(self) -> list[str]:
        """Say where tasks have learning rates of their own."""
        if not self._rate_factors:
            return []
        listed = ", ".join(f"{name} × {factor:g}" for name, factor in self._rate_factors.items())
        first = self.balancer.names[0]
        return [f"Learning rates: {listed}, others × 1; the one that is shown is that of {first}."]

    def _nothing_to_balance(self) -> list[str]:
        """Say so where a strategy that compares or chooses tasks has a single one."""
        if len(self.balancer.names) > 1 or self.balancer.reads == "losses":
            return []
        return ["One task is trained, by its plain gradient: the balancing has nothing to balance."]

    def _pairs_apart(self) -> list[str]:
        """Say which tasks' gradients are not compared at the features."""
        balancer, parts = self.balancer, self.graph.branches
        compares = balancer.reads in {"gramian", "rows"} or balancer.monitor
        if parts is None or balancer.gradients != "features" or not compares:
            return []
        apart = parts.apart(balancer.names)
        if not apart:
            return []
        some = ", ".join(f"{first} and {second}" for first, second in apart[:_SOME])
        more = f" and {len(apart) - _SOME} more pairs" if len(apart) > _SOME else ""
        note = (
            f"No features are read by both {some}{more}: a conflict there is not seen."
            " balancing.gradients=parameters measures it by the weights that the tasks share."
        )
        return [note]

    def _why_whole(self) -> str:
        if self._updates_tables_whole:
            return "the balancing combines gradients by the parameters, tables whole"
        return self.updates.reason

    def _measured(
        self, inputs: Tensors, targets: Tensors, weights: Tensors
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        fed = self.graph.feed(self.graph.fetch(inputs))
        outputs = self.graph(inputs, fed, training=False)
        return loss_sums(self.tasks, outputs, targets, weights), outputs
