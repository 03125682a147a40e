"""The keys of a task, known to Hydra: setting one needs no `+`, a misspelt one is refused.

Values are loosely typed: what is wrong with them is reported together with everything else, by
`mtl.config.check`, instead of one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NAME = "mtl_schema"
ORDER = ("name", "model", "data", "inputs", "tasks", "balancing", "optimizer", "training")


@dataclass
class TaskConfig:
    """What one output of the graph learns. Null leaves a key to the kind's default.

    Attributes:
        target: The column with the labels, or a list of columns.
        kind: `binary`, `categorical`, `multilabel`, `regression`, or a plug-in's.
        weight: The weight of its loss in the total, 0 or more.
        loss: The loss's name, or a mapping of `name` and parameters.
        metrics: A list of metrics, each a name or a mapping of `name` and parameters.
        class_weights: `balanced`, or a mapping of classes to numbers.
        sample_weight: A column with a weight for each row.
        above: Binary, of a number: true above `median` or `mean` of the training split, or above
            this number.
        equals: Binary: true where the target has this value.
        transform: A function of the target, or a list of them: `log1p`, `standardise`, …; undone in
            predictions.
        separator: Multilabel: what stands between two labels of one cell.
        auxiliary_of: The task that this one serves.
        untrained: Whether the output is left out of the training.
    """

    target: Any = None
    kind: Any = None
    weight: Any = 1.0
    loss: Any = None
    metrics: Any = None
    class_weights: Any = None
    sample_weight: Any = None
    above: Any = None
    equals: Any = None
    transform: Any = None
    separator: Any = None
    auxiliary_of: Any = None
    untrained: Any = False


@dataclass
class Tasks:
    """The part of the root whose keys are typed.

    Attributes:
        tasks: By output of the graph; None for an output without a task.
    """

    tasks: dict[str, TaskConfig | None] = field(default_factory=dict)


def store() -> None:
    """Put the schema where `conf/mtl.yaml` finds it; again does no harm.

    It also sets the order in which a config's sections are shown.
    """
    from hydra.core.config_store import ConfigStore
    from omegaconf import OmegaConf

    root = OmegaConf.create(dict.fromkeys(ORDER))
    root.tasks = OmegaConf.structured(Tasks).tasks
    ConfigStore.instance().store(name=NAME, node=root, provider="mtl")
