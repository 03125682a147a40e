"""Rules on a built graph beside the inputs that the data give and the tasks of the config."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from mtl.config.check.sections import Config, column_path, is_trained, section, tasks
from mtl.config.check.wording import count
from mtl.errors import Problem, nearest

Shape = Sequence[int | None]


class Specification(Protocol):
    """What the data give for one input: see `mtl.data.inputs.InputSpecification`."""

    @property
    def shape(self) -> Shape:
        """The shape without the batch."""

    @property
    def dtype(self) -> str:
        """`int32` for ids, `float32` for numbers."""

    @property
    def columns(self) -> object:
        """The columns' names, or a mapping of them to the width of each."""

    @property
    def vocabulary_size(self) -> int | None:
        """How many ids there are, from 0 on; None where the input is no ids."""


def check_graph(
    config: Config,
    graph_inputs: Mapping[str, tuple[Shape, str]],
    graph_outputs: Mapping[str, Shape],
    specifications: Mapping[str, Specification],
    id_counts: Mapping[str, int],
    head_shapes: Mapping[str, Shape],
) -> list[Problem]:
    """Return every place where the graph, the data and the tasks do not meet. All go by name.

    Args:
        config: The resolved config as a plain dict.
        graph_inputs: Shape without the batch (None: any size) and dtype of each input of the graph.
        graph_outputs: Shape without the batch of each output of the graph.
        specifications: What the data give for each input of the config.
        id_counts: How many ids the layer that reads an input takes, where one reads ids.
        head_shapes: The shape without the batch that each fitted task needs.
    """
    return [
        *input_of_the_graph_is_fed(graph_inputs, specifications),
        *fed_input_is_in_the_graph(graph_inputs, specifications),
        *input_has_its_shape(graph_inputs, specifications),
        *input_has_its_dtype(graph_inputs, specifications, id_counts),
        *vocabulary_fits_its_reader(config, specifications, id_counts),
        *task_has_an_output(config, graph_outputs),
        *output_has_a_task(config, graph_outputs),
        *output_has_its_shape(config, graph_outputs, head_shapes),
    ]


def input_of_the_graph_is_fed(
    graph_inputs: Mapping[str, tuple[Shape, str]], specifications: Collection[str]
) -> Iterator[Problem]:
    """Yield a problem for each input of the graph that the config feeds nothing."""
    for name in graph_inputs:
        if name not in specifications:
            shape = _shape(graph_inputs[name][0])
            found = f"missing, the graph reads an input {name!r} of shape {shape}"
            yield Problem(f"inputs.{name}", found, "Feed it a column or a list of columns.")


def fed_input_is_in_the_graph(
    graph_inputs: Collection[str], specifications: Collection[str]
) -> Iterator[Problem]:
    """Yield a problem for each input of the config that the graph does not have."""
    for name in specifications:
        if name not in graph_inputs:
            yield Problem(
                f"inputs.{name}", f"the graph has no input {name!r}", nearest(name, graph_inputs)
            )


def input_has_its_shape(
    graph_inputs: Mapping[str, tuple[Shape, str]], specifications: Mapping[str, Specification]
) -> Iterator[Problem]:
    """Yield a problem for each input whose columns give another shape than the graph reads."""
    for name, specification in specifications.items():
        if name in graph_inputs and not _agree(graph_inputs[name][0], specification.shape):
            wanted, given = _shape(graph_inputs[name][0]), _shape(specification.shape)
            found = f"the graph wants {wanted}, {_parts(specification.columns)} {given}"
            expected = "Change its columns (their options are in data.columns) or the model's size."
            yield Problem(f"inputs.{name}", found, expected)


def input_has_its_dtype(
    graph_inputs: Mapping[str, tuple[Shape, str]],
    specifications: Mapping[str, Specification],
    id_counts: Collection[str],
) -> Iterator[Problem]:
    """Yield a problem for each input that reads ids where the data give numbers, or the reverse.

    An input of floats that an embedding reads may be fed ids: they are cast.
    """
    for name, specification in specifications.items():
        if name not in graph_inputs:
            continue
        wanted, given = _family(graph_inputs[name][1]), _family(specification.dtype)
        if wanted != given and not (given == "ids" and name in id_counts):
            found = (
                f"the graph wants {wanted} ({graph_inputs[name][1]}), "
                f"{_parts(specification.columns)} {given} ({specification.dtype})"
            )
            expected = (
                "Change the kind or encoding of its columns, or the dtype of the model's input."
            )
            yield Problem(f"inputs.{name}", found, expected)


def vocabulary_fits_its_reader(
    config: Config, specifications: Mapping[str, Specification], id_counts: Mapping[str, int]
) -> Iterator[Problem]:
    """Yield a problem for each vocabulary with ids that the layer reading it has no row for."""
    for name, specification in specifications.items():
        size, rows = specification.vocabulary_size, id_counts.get(name)
        if size is not None and rows is not None and size > rows:
            names = _names(specification.columns)
            own = f"{column_path(config, names[0])}.vocabulary_size" if len(names) == 1 else None
            found = (
                f"the data give ids up to {size - 1}, and the layer that reads them is made for "
                f"{rows}, up to {rows - 1}"
            )
            expected = f"Make the vocabulary {rows} or less, or the layer's size {size} or more."
            yield Problem(own or f"inputs.{name}", found, expected)


def task_has_an_output(config: Config, graph_outputs: Collection[str]) -> Iterator[Problem]:
    """Yield a problem for each task whose output the graph lacks."""
    for name in tasks(config):
        if name not in graph_outputs:
            yield Problem(
                f"tasks.{name}", f"the graph has no output {name!r}", nearest(name, graph_outputs)
            )


def output_has_a_task(config: Config, graph_outputs: Collection[str]) -> Iterator[Problem]:
    """Yield a problem for each output of the graph that no task names.

    An output that is not to be trained has a task with `weight: 0` or `untrained: true`.
    """
    given = tasks(config)
    for name in graph_outputs:
        if name not in given:
            removed = "its task is null" if name in section(config, "tasks") else "it has no task"
            expected = f"Give it a target and a kind, or write tasks.{name}.untrained=true."
            yield Problem(f"tasks.{name}", f"the graph has this output and {removed}", expected)


def output_has_its_shape(
    config: Config, graph_outputs: Mapping[str, Shape], head_shapes: Mapping[str, Shape]
) -> Iterator[Problem]:
    """Yield a problem for each output that is not as wide as its task needs."""
    for name, task in tasks(config).items():
        if name not in graph_outputs or name not in head_shapes:
            continue
        if is_trained(task) or task.get("target"):
            shape, wanted = graph_outputs[name], head_shapes[name]
            if not _agree(shape, wanted):
                found = f"the output has shape {_shape(shape)}"
                each = "an example" if len(wanted) == 1 else "a position"
                expected = (
                    f"The kind {task.get('kind')!r} needs {_shape(wanted)}, "
                    f"{count(wanted[-1] or 0, 'number')} {each}: change the kind or the output's "
                    "units."
                )
                yield Problem(f"tasks.{name}", found, expected)


def _agree(wanted: Shape, given: Shape) -> bool:
    return len(wanted) == len(given) and all(
        None in sizes or sizes[0] == sizes[1] for sizes in zip(wanted, given, strict=True)
    )


def _shape(shape: Shape) -> str:
    sizes = ["any" if size is None else str(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def _family(dtype: str) -> str:
    if dtype.startswith(("int", "uint")):
        return "ids"
    return "numbers" if dtype.startswith(("float", "bfloat")) else dtype


def _names(columns: object) -> list[str]:
    if isinstance(columns, str):
        return [columns]
    return [str(name) for name in columns] if isinstance(columns, Mapping | list | tuple) else []


def _parts(columns: object) -> str:
    """Return `column page (2) gives` or `columns status_published (4) + page (2) give`."""
    names = _names(columns)
    if isinstance(columns, Mapping):
        names = [f"{name} ({width})" for name, width in columns.items()]
    if not names:
        return "the data give"
    return f"column {names[0]} gives" if len(names) == 1 else f"columns {' + '.join(names)} give"
