import keras
import numpy as np
import polars as pl
import pytest

from mtl.data.generated.gridworld import gridworld
from mtl.errors import MtlError
from mtl.evaluations.rollout import Rollout
from mtl.gridworld.distances import distances, optimal_moves
from mtl.gridworld.maps import channels, from_channels
from mtl.gridworld.moves import NAMES
from mtl.layers.select_state import SelectState
from mtl.models.vin import vin
from mtl.registry import evaluations
from tests.gridworld.drawing import read_map

ROOT = 2**0.5


@keras.saving.register_keras_serializable(package="mtl_test")
class Planner(keras.layers.Layer):
    """Gives each cell of a map a score for every move, computed with NumPy."""

    def __init__(self, policy, **kwargs):
        super().__init__(**kwargs)
        self.policy = policy

    def call(self, maps):
        return keras.ops.one_hot(self.policy(np.asarray(maps)), 8)

    def compute_output_shape(self, shape):
        return (*shape[:-1], 8)


def graph_of(policy, output="action"):
    """A graph that makes the moves of a function from maps to moves."""
    maps = keras.Input((None, None, 2), name="map")
    states = keras.Input((None, 2), dtype="int32", name="state")
    scores = Planner(policy, name="q")(maps)
    return keras.Model({"map": maps, "state": states}, {output: SelectState()(scores, states)})


def best(maps):
    return optimal_moves(distances(*from_channels(maps))).argmax(axis=-1)


def inputs_of(table):
    return {
        "map": table["map"].to_numpy().astype("float32"),
        "state": table["state"].to_numpy(),
    }


def world(lines, states, actions):
    """A table of one map with states and the moves that count as right there."""
    return pl.DataFrame(
        [
            pl.Series("map", channels(*read_map(*lines))),
            pl.Series("state", np.array([states], np.int32)),
            pl.Series("action", np.array([actions], np.int32)),
        ]
    )


@pytest.fixture(scope="module")
def table():
    return gridworld(maps=300, size=10, obstacles=40, seed=4).table


def test_is_registered_and_names_its_figures():
    assert evaluations.get("rollout") is Rollout
    assert Rollout.directions["success"] == "max"
    assert Rollout.directions["extra_cost"] == "min"


def test_a_perfect_policy_has_perfect_figures(table):
    found = Rollout("action")(graph_of(best), table, inputs_of(table))
    assert dict(found.figures) == {
        "success": 1.0,
        "extra_steps": 0.0,
        "extra_cost": 0.0,
        "optimal_action_rate": 1.0,
        "prediction_loss": 0.0,
    }
    assert set(found.figures) == set(Rollout.directions)


def test_any_optimal_policy_costs_nothing_extra():
    """Large maps have many shortest paths with one cost in other orders."""

    def worst(maps):
        return 7 - optimal_moves(distances(*from_channels(maps)))[..., ::-1].argmax(axis=-1)

    many = gridworld(maps=200, size=28, obstacles=60, obstacle_size=4, seed=1).table
    figures = Rollout("action", pictures=0)(graph_of(worst), many, inputs_of(many)).figures
    assert figures["optimal_action_rate"] == 1
    assert figures["extra_cost"] == 0


def test_maps_without_a_start_are_left_out():
    open_ = world(("..G", "..."), [[0, 0], [0, 1]], [2, 2])
    closed = world((".#G", ".##"), [[0, 0], [0, 0]], [0, 0])
    walled = world(("##G", "###"), [[0, 0], [0, 0]], [0, 0])
    graph = graph_of(by_names("E E N", "N N N"))
    alone = Rollout("action", maps=1)(graph, open_, inputs_of(open_)).figures
    both = pl.concat([walled, open_])
    assert Rollout("action", maps=1)(graph, both, inputs_of(both)).figures == alone
    none = pl.concat([walled, closed])
    with pytest.raises(MtlError, match="2 maps, and on none of them"):
        Rollout("action")(graph, none, inputs_of(none))


@pytest.mark.parametrize("goals", [0, 2])
def test_a_map_without_exactly_one_goal_is_an_error(goals):
    one = world(("..G", "..."), [[0, 0], [0, 1]], [2, 2])
    two = pl.concat([one, one])
    inputs = inputs_of(two)
    inputs["map"][1, ..., 1] = 0
    inputs["map"][1, 0, :goals, 1] = 10
    with pytest.raises(MtlError, match=rf"a map with {goals} goals, in row 1 \(from 0\)"):
        Rollout("action")(graph_of(best), two, inputs)


def test_a_policy_that_never_moves_away_fails(table):
    graph = graph_of(lambda maps: np.zeros(maps.shape[:3], int))
    found = Rollout("action")(graph, table, inputs_of(table)).figures
    distance = distances(*from_channels(table["map"].to_numpy()))
    north = optimal_moves(distance)
    assert found["optimal_action_rate"] == pytest.approx(north[..., 0][north.any(axis=-1)].mean())
    assert found["prediction_loss"] == pytest.approx((table["action"].to_numpy() != 0).mean())
    assert 0 < found["success"] < 0.3


def by_names(*rows):
    moves = np.array([[[NAMES.index(name) for name in row.split()] for row in rows]])
    return lambda maps: moves.repeat(len(maps), axis=0)


def test_figures_of_a_detour_by_hand():
    """From the left the way goes down, right twice and up: 4 steps where 2 would do."""
    lines = ("..G", "...")
    policy = by_names("S S N", "E E N")
    one = world(lines, [[0, 0], [0, 1]], [NAMES.index("E")] * 2)
    graph, found = graph_of(policy), {}
    for seed in range(30):
        figures = Rollout("action", starts=1, seed=seed)(graph, one, inputs_of(one)).figures
        found[round(figures["extra_cost"], 4)] = figures
    # starts: (0,0) 4 steps for 2; (0,1) 3 for 1; (1,0) 3 for 1+√2 in 2; (1,1) 2 for √2 in 1;
    # (1,2) 1 for 1
    extra = {2.0: 2, round(2 - ROOT, 4): 1, 0.0: 0}
    assert {key: figures["extra_steps"] for key, figures in found.items()} == extra
    for figures in found.values():
        assert figures["success"] == 1
        assert figures["optimal_action_rate"] == pytest.approx(2 / 5)
        assert figures["prediction_loss"] == 1


@pytest.mark.parametrize(
    ("lines", "policy", "success"),
    [
        (("G..", "..."), by_names("N S W", "N W W"), 1),
        (("G...", "...."), by_names("N SE W W", "N W W W"), 6 / 7),
    ],
    ids=["four", "five"],
)
def test_a_walk_may_visit_twice_as_many_states_as_the_expert(lines, policy, success):
    """Right of the goal the expert visits 2 states: a way of 4 counts, one of 5 does not."""
    one = world(lines, [[0, 1]], [NAMES.index("W")])
    rollout = Rollout("action", starts=1000)
    figures = rollout(graph_of(policy), one, inputs_of(one)).figures
    assert figures["success"] == pytest.approx(success, abs=0.03 if success < 1 else 0)


def test_a_wrong_move_in_a_corridor_fails_there_alone():
    lines = ("#####", "#..G#", "#####")
    one = world(lines, [[1, 1], [1, 2]], [2, 2])
    policy = by_names("N N N N N", "N N E N N", "N N N N N")
    figures = Rollout("action", starts=200)(graph_of(policy), one, inputs_of(one)).figures
    assert figures["success"] == pytest.approx(0.5, abs=0.12)
    assert figures["extra_cost"] == 0
    assert figures["optimal_action_rate"] == 0.5
    assert figures["prediction_loss"] == 0.5


def test_no_success_has_no_extra_steps():
    lines = ("..G",)
    one = world(lines, [[0, 0]], [2])
    figures = Rollout("action")(graph_of(by_names("N N N")), one, inputs_of(one)).figures
    assert figures["success"] == 0
    assert np.isnan(figures["extra_steps"])
    assert np.isnan(figures["extra_cost"])


def test_rows_of_one_map_count_once_for_walks_and_each_for_the_loss():
    first = world(("..G", "..."), [[0, 0], [0, 1]], [2, 2])
    again = world(("..G", "..."), [[1, 0], [1, 2]], [4, 0])
    both = pl.concat([first, again])
    graph = graph_of(by_names("E E N", "N N N"))
    apart = Rollout("action", seed=1)(graph, first, inputs_of(first)).figures
    together = Rollout("action", seed=1)(graph, both, inputs_of(both)).figures
    assert together["success"] == apart["success"]
    assert apart["prediction_loss"] == 0
    assert together["prediction_loss"] == 1 / 4


def test_a_limit_takes_the_first_maps(table):
    few = table.head(7)

    def policy(maps):
        """The best moves on every other map."""
        odd = maps.sum(axis=(1, 2, 3)) % 2 == 1
        return np.where(odd[:, np.newaxis, np.newaxis], best(maps), 0)

    graph = graph_of(policy)
    limited = Rollout("action", maps=7)(graph, table, inputs_of(table)).figures
    assert limited == Rollout("action")(graph, few, inputs_of(few)).figures


def test_images_show_paths_rewards_and_values(table):
    found = Rollout("action", pictures=3)(vin(iterations=2), table, inputs_of(table)).images
    assert set(found) == {"paths", "reward", "value"}
    for image in found.values():
        assert image.dtype == np.uint8
        assert image.shape == (220, 3 * 220 + 2 * 8, 3)
    assert not Rollout("action", pictures=0)(vin(iterations=1), table, inputs_of(table)).images


def test_says_what_does_not_fit(table):
    inputs = inputs_of(table)
    with pytest.raises(MtlError, match=r"found the inputs \['map'\]"):
        Rollout("action")(graph_of(best), table, {"map": inputs["map"]})
    with pytest.raises(MtlError, match="no column 'action'"):
        Rollout("action")(graph_of(best), table.drop("action"), inputs)
    with pytest.raises(MtlError, match="width 5"):
        Rollout("action")(vin(moves=5), table, inputs)
    with pytest.raises(MtlError, match=r"shape \(10, 10, 1\)"):
        Rollout("action")(graph_of(best), table, inputs | {"map": inputs["map"][..., :1]})
    with pytest.raises(MtlError, match="starts=0"):
        Rollout("action", starts=0)


@pytest.mark.parametrize(
    ("dtype", "missing"),
    [
        (pl.List(pl.Int64), None),
        (pl.List(pl.Float64), float("nan")),
        (pl.Array(pl.Int64, 3), None),
        (pl.Array(pl.Float64, 3), float("nan")),
    ],
)
def test_only_labelled_states_count_in_lists_too(dtype, missing):
    east, south, north = (NAMES.index(name) for name in ("E", "S", "N"))
    cells = [[east, missing, north], [missing, missing, south]]
    one = world(("..G", "..."), [[0, 0], [0, 1], [1, 0]], [0, 0, 0])
    two = pl.concat([one, one]).with_columns(pl.Series("action", cells, dtype=dtype))
    graph = graph_of(by_names("E E N", "E E N"))
    figures = Rollout("action", pictures=0)(graph, two, inputs_of(two)).figures
    assert figures["prediction_loss"] == pytest.approx(2 / 3)


def test_a_row_or_a_table_may_have_no_label():
    one = world(("..G", "..."), [[0, 0], [0, 1]], [0, 0])
    two = pl.concat([one, one])
    graph = graph_of(by_names("E E N", "E E N"))
    east = NAMES.index("E")
    for cells, expected in (([None, [east, 0]], 0.5), ([None, None], float("nan"))):
        table = two.with_columns(pl.Series("action", cells, dtype=pl.List(pl.Int64)))
        figures = Rollout("action", pictures=0)(graph, table, inputs_of(table)).figures
        assert figures["prediction_loss"] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "cells", [[[1], [2]], [[1, 2], [1, 2, 3]], [[1, 8], [0, 1]], [["up", "2"], ["1", "1"]], [1, 2]]
)
def test_values_that_are_no_moves_are_an_error(cells):
    one = world(("..G", "..."), [[0, 0], [0, 1]], [0, 0])
    table = pl.concat([one, one]).with_columns(pl.Series("action", cells))
    with pytest.raises(MtlError, match="Expected 2 whole numbers from 0 to 7 in each row"):
        Rollout("action")(graph_of(best), table, inputs_of(table))
