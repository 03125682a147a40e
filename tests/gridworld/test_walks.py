import numpy as np

from mtl.gridworld.distances import optimal_moves
from mtl.gridworld.maps import random_maps, random_starts
from mtl.gridworld.moves import NAMES
from mtl.gridworld.walks import walk
from tests.gridworld.drawing import read_map

N, S, E, W, NE, NW, SE, SW = range(8)


def test_by_hand():
    obstacles, goals = read_map("..#", "..G")
    policy = np.array([[[SE, S, N], [NE, W, N]]])
    starts = np.array([[[0, 0], [0, 1], [1, 0], [1, 2]]])
    found = walk(policy, obstacles, goals, starts, 3)
    assert NAMES[SE] == "SE"
    assert found.arrived.tolist() == [[False, False, False, True]]
    assert found.steps.tolist() == [[3, 3, 3, 0]]
    assert found.cells[0, 0].tolist() == [[0, 0], [1, 1], [1, 0], [0, 1]]
    np.testing.assert_allclose(found.costs[0], [1 + 2 * 2**0.5, 2 + 2**0.5, 2 + 2**0.5, 0])


def test_arriving_ends_a_walk():
    obstacles, goals = read_map("...G.")
    found = walk(np.full((1, 1, 5), E), obstacles, goals, np.array([[[0, 0], [0, 2], [0, 4]]]), 9)
    assert found.arrived.tolist() == [[True, True, False]]
    assert found.steps.tolist() == [[3, 1, 9]]
    assert found.costs.tolist() == [[3, 1, 9]]
    assert found.cells[0, 1, -1].tolist() == [0, 3]


def test_obstacles_and_the_edge_of_the_map_stop_a_move():
    obstacles, goals = read_map("#.", ".G")
    found = walk(np.array([[[0, NW], [SW, 0]]]), obstacles, goals, np.array([[[0, 1], [1, 0]]]), 4)
    assert found.cells[0, 0].tolist() == [[0, 1]] * 5
    assert found.cells[0, 1].tolist() == [[1, 0]] * 5
    assert not found.arrived.any()


def test_each_walk_has_its_own_limit():
    obstacles, goals = read_map("....G")
    starts = np.array([[[0, 0], [0, 0], [0, 0]]])
    found = walk(np.full((1, 1, 5), E), obstacles, goals, starts, np.array([[3, 4, 5]]))
    assert found.arrived.tolist() == [[False, True, True]]
    assert found.steps.tolist() == [[3, 4, 4]]


def test_equally_cheap_walks_cost_exactly_the_same():
    """20 straight steps and 20 diagonal ones, in two orders."""
    size = 41
    obstacles, goals = np.zeros((1, size, size), bool), np.array([[20, 40]])
    first = np.full((1, size, size), SE)
    first[0, 20] = E
    last = np.full((1, size, size), E)
    last[0, :, 20:] = SE
    start = np.array([[[0, 0]]])
    costs = [walk(policy, obstacles, goals, start, 99).costs for policy in (first, last)]
    assert costs[0].dtype == np.float64
    np.testing.assert_array_equal(costs[0], costs[1])
    assert costs[0][0, 0] == 20 + 20 * np.sqrt(2.0)


def test_an_expert_always_arrives_at_the_distance():
    random = np.random.default_rng(0)
    blocked, goals, distance = random_maps(random, 400, size=14, obstacles=40, obstacle_size=3)
    starts = random_starts(random, distance, 7)
    found = walk(optimal_moves(distance).argmax(-1), blocked, goals, starts, 200)
    assert found.arrived.all()
    at = distance[np.arange(400)[:, np.newaxis], starts[..., 0], starts[..., 1]]
    np.testing.assert_allclose(found.costs, at, rtol=1e-5)
