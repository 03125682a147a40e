import numpy as np
import polars as pl
import pytest

from mtl.data.generated.gridworld import gridworld
from mtl.errors import DataError
from mtl.gridworld.distances import distances, optimal_moves
from mtl.gridworld.maps import from_channels
from mtl.gridworld.walks import walk

SIZES = [
    {"size": 8, "states": 24},
    {"size": 16, "obstacles": 50, "obstacle_size": 2, "states": 64},
    {"size": 28, "obstacles": 60, "obstacle_size": 4, "states": 96},
]


@pytest.fixture(scope="module", params=SIZES, ids=["8", "16", "28"])
def made(request):
    table = gridworld(maps=300, seed=5, **request.param).table
    maps = table["map"].to_numpy()
    obstacles, goals = from_channels(maps)
    return table, maps, obstacles, goals, distances(obstacles, goals)


def test_has_one_row_a_map(made):
    table, maps, *_ = made
    size, states = maps.shape[1], table["state"].to_numpy().shape[1]
    assert table.schema == {
        "map": pl.Array(pl.UInt8, (size, size, 2)),
        "state": pl.Array(pl.Int32, (states, 2)),
        "action": pl.Array(pl.Int32, (states,)),
        "world": pl.Int64,
    }
    assert table.height == 300


def test_a_fifth_of_the_cells_are_obstacles(made):
    _, maps, *_ = made
    assert 0.16 < maps[:, 1:-1, 1:-1, 0].mean() < 0.24
    assert set(np.unique(maps[..., 0])) == {0, 1}
    assert (maps[..., 1] == 10).sum() == 300
    assert set(np.unique(maps[..., 1])) == {0, 10}


def test_states_lead_to_the_goal_and_labels_are_the_first_optimal_moves(made):
    table, _, _, _, distance = made
    state, action = table["state"].to_numpy(), table["action"].to_numpy()
    at = np.arange(300)[:, np.newaxis], state[..., 0], state[..., 1]
    assert np.isfinite(distance[at]).all()
    assert (distance[at] > 0).all()
    optimal = optimal_moves(distance)[at]
    assert np.take_along_axis(optimal, action[..., np.newaxis], axis=-1).all()
    np.testing.assert_array_equal(optimal.argmax(axis=-1), action)


def test_following_the_labels_arrives_from_every_state(made):
    table, _, obstacles, goals, distance = made
    policy = optimal_moves(distance).argmax(axis=-1)
    found = walk(policy, obstacles, goals, table["state"].to_numpy(), 400)
    assert found.arrived.all()


def test_all_states_of_the_paths_are_there_before_one_repeats():
    """A single path from a single start has each of its states once, or as often as another."""
    table = gridworld(maps=200, starts=1, states=6, seed=1).table
    obstacles, goals = from_channels(table["map"].to_numpy())
    distance = distances(obstacles, goals)
    policy = optimal_moves(distance).argmax(axis=-1)
    lengths = []
    for number, cells in enumerate(table["state"].to_numpy()):
        distinct, counts = np.unique(cells, axis=0, return_counts=True)
        assert counts.max() - counts.min() <= 1
        order = np.argsort(-distance[number][tuple(distinct.T)])
        farthest = distinct[order[:1]][np.newaxis]
        part = slice(number, number + 1)
        path = walk(policy[part], obstacles[part], goals[part], farthest, 99)
        on_path = {tuple(cell) for cell in path.cells[0, 0, :-1].tolist()}
        assert {tuple(cell) for cell in distinct.tolist()} <= on_path
        lengths.append(len(distinct))
    assert min(lengths) == 1
    assert max(lengths) == 6


def test_is_the_same_for_one_seed_and_another_for_another():
    assert gridworld(maps=50, seed=2).table.equals(gridworld(maps=50, seed=2).table)
    assert not gridworld(maps=50, seed=2).table.equals(gridworld(maps=50, seed=3).table)


def test_equal_maps_have_one_number():
    table = gridworld(maps=4000, size=4, obstacles=2, states=3).table
    keys = [(row.tobytes()) for row in table["map"].to_numpy()]
    numbers = table["world"].to_list()
    assert len(set(keys)) == len(set(numbers)) == len(set(zip(keys, numbers, strict=True)))
    assert len(set(keys)) < 100


@pytest.mark.parametrize(
    "wrong",
    [{"maps": 0}, {"size": 3}, {"obstacles": 0}, {"obstacle_size": 0}, {"starts": 0}, {"seed": -1}],
)
def test_refuses_arguments_out_of_range(wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(DataError, match=f"{name}={value}. Expected"):
        gridworld(**wrong)


def test_says_that_obstacles_are_too_many():
    with pytest.raises(DataError, match="obstacles=3000 of obstacle_size=1"):
        gridworld(maps=3, size=4, obstacles=3000)
