"""How well a graph finds its way on maps: its policy is followed from many starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import keras
import numpy as np
import polars as pl

from mtl.errors import MtlError
from mtl.evaluations.base import Evaluation, Findings
from mtl.evaluations.gridworld_pictures import heat, paths, strip
from mtl.evaluations.gridworld_policy import likeliest_moves, read_layers
from mtl.gridworld.distances import distances, optimal_moves
from mtl.gridworld.maps import from_channels, random_starts, same_maps
from mtl.gridworld.walks import Walks, walk
from mtl.registry import evaluation


@evaluation("rollout")
class Rollout(Evaluation):
    """Follows the likeliest moves from random starts, beside an expert that knows the way.

    On each distinct map of the split, `starts` cells are drawn from which a way leads to the goal;
    maps without such a cell are left out, from all figures.
    A walk ends at the goal, or without success once it has visited twice as many states as the
    expert, starts counted. A move into an obstacle leaves it where it is.

    Figures:
        success: The fraction of walks that come to the goal.
        extra_steps: Their mean number of steps beyond the expert's, the paper's "trajectory
            difference". Below 0 it may be: the expert's path is the cheapest, where a diagonal step
            costs √2, and not the one of fewest steps. NaN where no walk succeeds.
        extra_cost: Their mean cost beyond the expert's; never below 0.
        optimal_action_rate: In what fraction of the cells from which a way leads to the goal the
            move begins a shortest path.
        prediction_loss: In what fraction of the split's own states the move is not the expert's.
            Where several moves are optimal, all but the expert's count as errors, as in the paper.
            States without the expert's move are left out; NaN where none has one.

    Images, for some maps: `paths` (start blue, goal green, the graph's path orange, the expert's
    below it light blue), `reward` and `value` (from dark blue, the least of a map, to yellow).

    Args:
        output: The graph's output with the probabilities of the eight moves.
        maps: On how many of the split's maps at most, the first ones; None for all.
        starts: How many starts a map, 1 or more.
        seed: Of the starts.
        pictures: How many maps to draw, 0 or more.
        map_input: The graph's input that takes obstacles and goals.
        state_input: The graph's input that takes rows and columns.
        target: The table's column with the expert's moves, 0 to 7, an array or a list of as many
            as a row has states.
        reward: The layer whose output is the reward map.
        value: The layer whose output, its largest channel, is the value map.

    Source: Tamar et al. 2016, Value Iteration Networks, section 5.1; the authors' test_network.m.
    """

    directions: ClassVar[Mapping[str, Literal["min", "max"]]] = {
        "success": "max",
        "extra_steps": "min",
        "extra_cost": "min",
        "optimal_action_rate": "max",
        "prediction_loss": "min",
    }

    def __init__(
        self,
        output: str,
        *,
        maps: int | None = None,
        starts: int = 7,
        seed: int = 0,
        pictures: int = 4,
        map_input: str = "map",
        state_input: str = "state",
        target: str = "action",
        reward: str = "reward",
        value: str = "q",
    ) -> None:
        super().__init__(output)
        given = {"maps": (maps, 1), "starts": (starts, 1), "pictures": (pictures, 0)}
        for name, (number, least) in given.items():
            if number is not None and number < least:
                raise MtlError(f"rollout has {name}={number}. Expected {least} or more.")
        self.maps = maps
        self.starts = starts
        self.seed = seed
        self.pictures = pictures
        self.map_input = map_input
        self.state_input = state_input
        self.target = target
        self.layers = {"reward": reward, "value": value}

    def __call__(
        self, graph: keras.Model, table: pl.DataFrame, inputs: Mapping[str, np.ndarray]
    ) -> Findings:
        """Measure the graph; see the class.

        Raises:
            MtlError: The graph or the table is not about grid worlds, a map has no goal or several,
                or no map has a way to its goal.
        """
        self._check(graph, table, inputs)
        first = same_maps(inputs[self.map_input])
        chosen = np.unique(first)
        _check_goals(inputs[self.map_input][chosen], chosen)
        distance = distances(*from_channels(inputs[self.map_input][chosen]))
        possible = (np.isfinite(distance) & (distance > 0)).any(axis=(1, 2))
        if not possible.any():
            raise MtlError(
                f"evaluations: rollout found {len(chosen)} maps, and on none of them a free cell "
                "from which a way leads to the goal. Expected one such map or more."
            )
        chosen, distance = chosen[possible][: self.maps], distance[possible][: self.maps]
        maps = inputs[self.map_input][chosen]
        policy = likeliest_moves(
            graph,
            maps,
            output=self.output,
            map_input=self.map_input,
            state_input=self.state_input,
        )
        obstacles, goals = from_channels(maps)
        optimal = optimal_moves(distance)
        starts = random_starts(np.random.default_rng(self.seed), distance, self.starts)
        expert = walk(optimal.argmax(axis=-1), obstacles, goals, starts, distance[0].size)
        walks = walk(policy, obstacles, goals, starts, 2 * expert.steps + 1)
        figures = {
            **_figures(walks, expert),
            "optimal_action_rate": _optimal_rate(policy, optimal),
            "prediction_loss": self._prediction_loss(policy, first, chosen, table, inputs),
        }
        images: dict[str, np.ndarray] = {}
        if self.pictures:
            drawn = range(min(self.pictures, len(maps)))
            images["paths"] = strip(
                [paths(obstacles[i], goals[i], *_longest(expert, walks, i)) for i in drawn]
            )
            read = read_layers(graph, maps[: self.pictures], self.layers, self.map_input)
            images |= {
                name: strip([heat(values[i], obstacles[i]) for i in drawn])
                for name, values in read.items()
            }
        return Findings(figures, images)

    def _prediction_loss(
        self,
        policy: np.ndarray,
        first: np.ndarray,
        chosen: np.ndarray,
        table: pl.DataFrame,
        inputs: Mapping[str, np.ndarray],
    ) -> float:
        """Return the error rate on the labelled states of the rows whose maps were chosen."""
        rows = np.flatnonzero(np.isin(first, chosen))
        place = np.searchsorted(chosen, first[rows])[:, np.newaxis]
        state = inputs[self.state_input][rows].astype(np.int64)
        labels = _moves(table[self.target][rows], state.shape[1])
        labelled = ~np.isnan(labels)
        if not labelled.any():
            return float("nan")
        moves = policy[place, state[..., 0], state[..., 1]]
        return float((moves != labels)[labelled].mean())

    def _check(
        self, graph: keras.Model, table: pl.DataFrame, inputs: Mapping[str, np.ndarray]
    ) -> None:
        if set(inputs) != {self.map_input, self.state_input}:
            raise MtlError(
                f"evaluations: rollout found the inputs {sorted(inputs)}. Expected two, the map "
                f"{self.map_input!r} and the state {self.state_input!r}: name yours by map_input "
                "and state_input."
            )
        shape = inputs[self.map_input].shape
        if len(shape) != 4 or shape[-1] != 2:
            raise MtlError(
                f"evaluations: rollout found maps of shape {shape[1:]} in the input "
                f"{self.map_input!r}. Expected (height, width, 2): obstacles and the goal."
            )
        width = graph.output[self.output].shape[-1]
        if width != 8:
            raise MtlError(
                f"evaluations: rollout found an output {self.output!r} of width {width}. Expected "
                "8, one for each move."
            )
        if self.target not in table.columns:
            raise MtlError(
                f"evaluations: rollout found no column {self.target!r} in the data. Expected the "
                "expert's moves there: name yours by target."
            )


def _moves(column: pl.Series, states: int) -> np.ndarray:
    """Return the expert's moves, shape `(rows, states)`, NaN where one is missing.

    Raises:
        MtlError: A row has not as many as it has states, or one is no move.
    """
    wrong = MtlError(
        f"evaluations: rollout found other values in the column {column.name!r} than moves. "
        f"Expected {states} whole numbers from 0 to 7 in each row, one for each of its states."
    )
    present = column.is_not_null().to_numpy()
    cells = column.drop_nulls()
    if isinstance(cells.dtype, pl.Array) and len(cells.dtype.shape) == 1:
        cells = cells.arr.to_list()
    if isinstance(cells.dtype, pl.List):
        if (cells.list.len() != states).any():
            raise wrong
        cells = cells.explode()
    if len(cells) != present.sum() * states or cells.dtype.is_nested():
        raise wrong
    numbers = cells.cast(pl.Float64, strict=False)
    values = numbers.fill_null(np.nan).to_numpy()
    if (numbers.is_null() & cells.is_not_null()).any() or not (
        np.isin(values, range(8)) | np.isnan(values)
    ).all():
        raise wrong
    moves = np.full((len(column), states), np.nan)
    moves[present] = values.reshape(-1, states)
    return moves


def _check_goals(maps: np.ndarray, rows: np.ndarray) -> None:
    """Raise MtlError where a map has not exactly one goal.

    Args:
        maps: Shape `(maps, height, width, 2)`, the second channel not 0 at the goal.
        rows: Where in the split each map is.
    """
    goals = np.count_nonzero(maps[..., 1], axis=(1, 2))
    wrong = np.flatnonzero(goals != 1)
    if wrong.size:
        raise MtlError(
            f"evaluations: rollout found a map with {goals[wrong[0]]} goals, in row "
            f"{rows[wrong[0]]} (from 0) of the split. Expected one cell that is not 0 in the "
            "second channel."
        )


def _figures(walks: Walks, expert: Walks) -> dict[str, float]:
    def beyond(own: np.ndarray, best: np.ndarray) -> float:
        differences = (own - best)[walks.arrived]
        return float(differences.mean()) if differences.size else float("nan")

    return {
        "success": float(walks.arrived.mean()),
        "extra_steps": beyond(walks.steps, expert.steps),
        "extra_cost": beyond(walks.costs, expert.costs),
    }


def _optimal_rate(policy: np.ndarray, optimal: np.ndarray) -> float:
    some = optimal.any(axis=-1)
    return float(np.take_along_axis(optimal, policy[..., np.newaxis], axis=-1)[some].mean())


def _longest(expert: Walks, walks: Walks, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells of the expert's longest path on a map and of the walk beside it."""
    start = int(expert.steps[number].argmax())
    return (
        expert.cells[number, start, : expert.steps[number, start] + 1],
        walks.cells[number, start, : walks.steps[number, start] + 1],
    )
