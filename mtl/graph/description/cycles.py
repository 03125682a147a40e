"""Cycles among things that need each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter


def cycles(needs: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Return cycles of a graph, so many that without them it has none.

    Args:
        needs: For each name those that must come before it.

    Returns:
        Each cycle as names, each of which needs the next; the one that comes first in `needs`
        stands at the start and again at the end.
    """
    left = dict(needs)
    found = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            # From each name to one that needs it, the first one again at the end.
            cycle = error.args[1][:0:-1]
            start = cycle.index(min(cycle, key=list(needs).index))
            found.append([*cycle[start:], *cycle[: start + 1]])
            left = {
                name: [other for other in before if other not in cycle]
                for name, before in left.items()
                if name not in cycle
            }
        else:
            return found
