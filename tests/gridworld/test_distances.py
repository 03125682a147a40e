import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from mtl.gridworld.distances import distances, optimal_moves
from mtl.gridworld.maps import random_maps
from mtl.gridworld.moves import COSTS, NAMES, OFFSETS
from tests.gridworld.drawing import read_map

ROOT = np.sqrt(2)
INF = np.inf


def moves(optimal) -> str:
    return " ".join(NAMES[number] for number in np.flatnonzero(optimal))


def test_moves_lead_where_their_names_say():
    for name, offset, cost in zip(NAMES, OFFSETS, COSTS, strict=True):
        down = {"N": -1, "S": 1}.get(name[0], 0)
        right = {"E": 1, "W": -1}.get(name[-1], 0)
        assert tuple(offset) == (down, right)
        assert cost == np.float32(ROOT if len(name) == 2 else 1)


def test_by_hand_with_diagonals_and_cut_corners():
    obstacles, goals = read_map("G#.", "...", "...")
    found = distances(obstacles, goals)
    expected = [[0, INF, 2 * ROOT], [1, ROOT, 1 + ROOT], [2, 1 + ROOT, 2 * ROOT]]
    np.testing.assert_allclose(found[0], expected, rtol=1e-6)
    assert found.dtype == np.float32


def test_by_hand_where_walls_close_off_a_part():
    obstacles, goals = read_map("..#.", "G.#.", "..#.", "..##")
    found = distances(obstacles, goals)[0]
    expected = [[1, ROOT], [0, 1], [1, ROOT], [2, 1 + ROOT]]
    np.testing.assert_allclose(found[:, :2], expected, rtol=1e-6)
    assert np.isinf(found[:, 2:]).all()
    assert not optimal_moves(found[np.newaxis])[0, :, 2:].any()


def test_every_optimal_move_is_found_ties_too():
    obstacles, goals = read_map("G#.", "...", "...")
    optimal = optimal_moves(distances(obstacles, goals))[0]
    named = [[moves(cell) for cell in row] for row in optimal]
    assert named == [["", "", "SW"], ["N", "NW", "W"], ["N", "N NW", "NW"]]


def test_ways_round_a_wall_tie_by_their_order():
    obstacles, goals = read_map(".....", ".###.", "..G..", ".....")
    optimal = optimal_moves(distances(obstacles, goals))[0]
    assert moves(optimal[0, 2]) == "E W"
    assert optimal[0, 2].argmax() == NAMES.index("E")
    assert moves(optimal[0, 1]) == "SW"
    assert moves(optimal[3, 0]) == "E NE"


def test_sums_in_another_order_still_tie():
    """On a free map any order of the same straight and diagonal steps is a shortest path."""
    obstacles, goals = np.zeros((1, 40, 40), bool), np.array([[0, 0]])
    found = distances(obstacles, goals)
    rows, columns = np.indices((40, 40))
    diagonal, straight = np.minimum(rows, columns), abs(rows - columns)
    np.testing.assert_allclose(found[0], straight + ROOT * diagonal, rtol=1e-5)
    optimal = optimal_moves(found)[0]
    np.testing.assert_array_equal(optimal[1:, 1:, NAMES.index("NW")], True)
    np.testing.assert_array_equal(optimal[..., NAMES.index("N")], rows > columns)
    np.testing.assert_array_equal(optimal[..., NAMES.index("W")], columns > rows)


def test_agree_with_dijkstra_on_random_maps():
    random = np.random.default_rng(0)
    for size, obstacles, obstacle_size in ((8, 30, 1), (17, 50, 3)):
        blocked, goals, found = random_maps(
            random, 30, size=size, obstacles=obstacles, obstacle_size=obstacle_size
        )
        for number in range(30):
            expected = by_dijkstra(blocked[number], goals[number])
            np.testing.assert_allclose(found[number], expected, rtol=1e-5)


def by_dijkstra(obstacles, goal):
    """Distances to the goal on the graph of free cells, one edge a move."""
    height, width = obstacles.shape
    edges = []
    for row, column in np.argwhere(~obstacles):
        for down, right in OFFSETS:
            there = row + down, column + right
            inside = 0 <= there[0] < height and 0 <= there[1] < width
            if inside and not obstacles[there]:
                cost = np.hypot(down, right)
                edges.append((row * width + column, there[0] * width + there[1], cost))
    start, end, cost = np.array(edges).T
    graph = coo_matrix((cost, (end.astype(int), start.astype(int))), shape=(height * width,) * 2)
    return dijkstra(graph.tocsr(), indices=goal[0] * width + goal[1]).reshape(height, width)


def test_many_maps_are_each_as_if_alone():
    blocked, goals, found = random_maps(
        np.random.default_rng(1), 3000, size=9, obstacles=20, obstacle_size=2
    )
    for number in (0, 1233, 1234, 1235, 2999):
        part = slice(number, number + 1)
        np.testing.assert_array_equal(distances(blocked[part], goals[part]), found[part])
