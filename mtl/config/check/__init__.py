"""The check of a whole config before a run: pure rules that return every problem at once."""

from mtl.config.check.data import check_columns
from mtl.config.check.figures import check_monitor
from mtl.config.check.graph import check_graph
from mtl.config.check.known import Known, TaskKind
from mtl.config.check.signature import bind_signature
from mtl.config.check.values import check_values
from mtl.config.check.wording import distinct

__all__ = [
    "Known",
    "TaskKind",
    "bind_signature",
    "check_columns",
    "check_graph",
    "check_monitor",
    "check_values",
    "distinct",
]
