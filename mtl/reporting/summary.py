"""What is shown of a run before it trains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import RenderableType
from rich.text import Text

from mtl.reporting.tables import Fitting, plain_table
from mtl.reporting.wording import UNKNOWN, count, noun, shape


@dataclass(frozen=True)
class InputSummary:
    """One input of the graph.

    Attributes:
        name: The graph's name for it.
        columns: The columns of the table that feed it.
        kind: How they are prepared (text, numeric, …).
        shape: Of one example, without the batch.
        dtype: Of its values.
    """

    name: str
    columns: Sequence[str]
    kind: str
    shape: Sequence[int | None]
    dtype: str


@dataclass(frozen=True)
class TaskSummary:
    """One output of the graph and what it must learn.

    Attributes:
        name: The output's.
        kind: The task's kind, empty for an output without a task.
        target: The target in words (`num_reactions above 12`).
        loss: Its name.
        weight: The loss's weight in the total.
        auxiliary_of: The task that this one serves, or None.
        parameters: How many parameters serve this output alone, or None if unknown.
        untrained: Whether the output has no part in training.
    """

    name: str
    kind: str
    target: str
    loss: str
    weight: float
    auxiliary_of: str | None = None
    parameters: int | None = None
    untrained: bool = False


@dataclass(frozen=True)
class SharedLayer:
    """A layer that serves several outputs, or is called several times.

    Attributes:
        name: The layer's.
        kind: Its class.
        outputs: The outputs that it serves.
        parameters: How many it has.
        calls: How often the graph calls it.
    """

    name: str
    kind: str
    outputs: Sequence[str]
    parameters: int
    calls: int = 1


@dataclass(frozen=True)
class Summary:
    """All that is shown before training.

    Attributes:
        name: The experiment's.
        builder: The model's builder.
        inputs: In the graph's order.
        tasks: In the config's order.
        shared: From the inputs on.
        splits: Number of examples by split.
        parameters: How many the model has.
        trainable: How many of them are trained.
        steps: Where the training step runs, a line each: precision, XLA, cut embeddings, or why
            not.
        balancing: The strategy that trains several tasks, empty for a single one.
    """

    name: str
    builder: str
    inputs: Sequence[InputSummary]
    tasks: Sequence[TaskSummary]
    shared: Sequence[SharedLayer] = ()
    splits: Mapping[str, int] = field(default_factory=dict)
    parameters: int = 0
    trainable: int = 0
    steps: Sequence[str] = ()
    balancing: str = ""


def describe(summary: Summary) -> Iterator[RenderableType]:
    """Yield the blocks of the summary, each a table or a line of text."""
    title = Text(f"{summary.name}", style="bold")
    title.append(f"  (model {summary.builder})", style="not bold")
    yield title
    yield plain_table(
        ("input", "columns", "kind", "shape", "dtype"),
        [
            (entry.name, ", ".join(entry.columns), entry.kind, shape(entry.shape), entry.dtype)
            for entry in summary.inputs
        ],
    )
    yield _tasks(summary.tasks)
    if summary.shared:
        yield plain_table(
            ("shared layer", "kind", "parameters", "calls", "serves"),
            [
                (
                    layer.name,
                    layer.kind,
                    count(layer.parameters),
                    str(layer.calls),
                    _serves(layer.outputs, summary.tasks),
                )
                for layer in summary.shared
            ],
            numbers=("parameters", "calls"),
        )
    facts = [f"{split} {count(rows)}" for split, rows in summary.splits.items()]
    parameters = noun(summary.parameters, "parameter")
    if summary.trainable != summary.parameters:
        parameters += f", {summary.trainable:,} trained"
    lines = [("examples", "  ".join(facts))] if facts else []
    lines += [("model", parameters)]
    if summary.balancing:
        lines += [("balancing", summary.balancing)]
    lines += [("step" if not index else "", line) for index, line in enumerate(summary.steps)]
    yield plain_table(("", ""), lines, header=False)


def _tasks(tasks: Sequence[TaskSummary]) -> RenderableType:
    """Return the table of tasks: a line each where there is room, else two."""
    numbers = ("weight", "parameters")
    wide = plain_table(
        ("output", "kind", "target", "loss", "serves", *numbers),
        [
            (
                task.name,
                *(word or UNKNOWN for word in (task.kind, task.target, task.loss)),
                task.auxiliary_of or UNKNOWN,
                *_numbers(task),
            )
            for task in tasks
        ],
        numbers=numbers,
    )
    narrow = plain_table(
        ("output", "learns", *numbers),
        [(task.name, _learns(task), *_numbers(task)) for task in tasks],
        numbers=numbers,
    )
    return Fitting(wide, narrow)


def _learns(task: TaskSummary) -> str:
    if not task.kind:
        return UNKNOWN
    serves = f", serves {task.auxiliary_of}" if task.auxiliary_of else ""
    return f"{task.target} ({task.kind})\n{task.loss}{serves}"


def _numbers(task: TaskSummary) -> tuple[str, str]:
    return "untrained" if task.untrained else f"{task.weight:.4g}", count(task.parameters)


def _serves(outputs: Sequence[str], tasks: Sequence[TaskSummary]) -> str:
    if len(outputs) > 2 and set(outputs) >= {task.name for task in tasks}:
        return f"all {len(outputs)} outputs"
    return ", ".join(outputs)
