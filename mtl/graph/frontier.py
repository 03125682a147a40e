"""Where the shared part of a graph ends: the values at which outputs go separate ways."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from mtl.graph.dependence import Dependence, ancestors
from mtl.graph.unfolding import Step, Unfolded, Value, unfold


@dataclass(frozen=True, eq=False)
class FrontierValue:
    """A value that leaves the shared part.

    Attributes:
        value: Its name, shape and symbolic tensor.
        readers: What reads it after the shared part; nothing where it is only an output.
        outputs: The outputs that go on from it alone, or are it.
    """

    value: Value
    readers: tuple[Step, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class SharedPart:
    """What several outputs of a graph have in common.

    It holds every computation on which several outputs depend or whose weights are used for
    several, and everything before these, so that each computation after it serves one output.

    Attributes:
        steps: Its computations in order, none where there is one output or none is shared.
        frontier: The values that leave it, in order.
    """

    steps: list[Step]
    frontier: list[FrontierValue]

    @property
    def weights(self) -> list[keras.Variable]:
        """The weights that it uses, each once."""
        found = {id(weight): weight for step in self.steps for weight in step.weights}
        return list(found.values())


def shared_part(model: keras.Model) -> SharedPart:
    """Find what the outputs of a functional model share, and where it ends.

    Args:
        model: A functional model whose outputs have different names.
    """
    unfolded = unfold(model)
    return part_of(unfolded, Dependence(unfolded))


def part_of(unfolded: Unfolded, dependence: Dependence) -> SharedPart:
    """Find the shared part of a graph that is unfolded already.

    Args:
        unfolded: The graph.
        dependence: What its computations are there for.
    """
    common = [step for step in unfolded.steps if _is_common(step, unfolded, dependence)]
    made = [value for step in common for value in step.makes]
    steps = ancestors(made, unfolded.steps)
    inside = {id(step) for step in steps}
    frontier = []
    after = [step for step in unfolded.steps if id(step) not in inside]
    for value in (value for step in steps for value in step.makes):
        readers = [step for step in after if any(read is value for read in step.reads)]
        outputs = {name for name, output in unfolded.outputs.items() if output is value}
        outputs.update(*(dependence.of_step(step) for step in readers))
        if outputs:
            ordered = dependence.ordered(outputs)
            frontier.append(FrontierValue(value, tuple(readers), ordered))
    return SharedPart(steps, frontier)


def _is_common(step: Step, unfolded: Unfolded, dependence: Dependence) -> bool:
    """Whether several outputs depend on a computation, or on the weights that it uses.

    A model that is called several times is not left in its midst: what follows its last weights
    still belongs to it.
    """
    if len(dependence.of_step(step)) > 1 or len(dependence.of_weights(step.weights)) > 1:
        return True
    shared = any(model.weights and unfolded.uses[id(model)] > 1 for model in step.within)
    return shared and len(dependence.of_operation(step.operation)) > 1
