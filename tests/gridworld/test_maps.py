import numpy as np
import pytest

from mtl.gridworld.distances import distances
from mtl.gridworld.maps import (
    channels,
    from_channels,
    random_maps,
    random_starts,
    same_maps,
)
from tests.gridworld.drawing import read_map


@pytest.fixture(scope="module")
def drawn():
    return random_maps(np.random.default_rng(3), 2000, size=12, obstacles=40, obstacle_size=3)


def test_goals_are_free_inside_and_reachable(drawn):
    blocked, goals, distance = drawn
    assert blocked.shape == (2000, 12, 12)
    for edge in (blocked[:, 0], blocked[:, -1], blocked[:, :, 0], blocked[:, :, -1]):
        assert edge.all()
    assert not blocked[np.arange(2000), goals[:, 0], goals[:, 1]].any()
    assert (np.isfinite(distance).sum(axis=(1, 2)) >= 2).all()
    np.testing.assert_array_equal(distance, distances(blocked, goals))


def test_goals_are_anywhere_inside(drawn):
    seen = np.zeros((12, 12), int)
    np.add.at(seen, tuple(drawn[1].T), 1)
    assert (seen[1:-1, 1:-1] > 0).all()
    assert seen.sum() == seen[1:-1, 1:-1].sum() == 2000


def test_one_obstacle_of_one_cell():
    blocked, *_ = random_maps(np.random.default_rng(0), 300, size=8, obstacles=1, obstacle_size=1)
    assert set(blocked[:, 1:-1, 1:-1].sum(axis=(1, 2)).tolist()) == {0, 1}


def test_obstacles_are_rectangles_and_discs():
    """Alone on a map, an obstacle fills its box or lacks the box's corners."""
    blocked, *_ = random_maps(np.random.default_rng(0), 3000, size=16, obstacles=1, obstacle_size=4)
    shapes = set()
    for inner in blocked[:, 1:-1, 1:-1]:
        rows, columns = np.flatnonzero(inner.any(axis=1)), np.flatnonzero(inner.any(axis=0))
        if rows.size and rows[0] > 0 and rows[-1] < 13 and columns[0] > 0 and columns[-1] < 13:
            box = inner[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            shapes.add("/".join("".join(".#"[cell] for cell in row) for row in box.astype(int)))
    sides = (1, 2, 3, 4)
    rectangles = {"/".join(["#" * width] * height) for height in sides for width in sides}
    assert shapes == rectangles | {".#./###/.#.", ".##./####/####/.##."}


def test_refuses_maps_where_every_goal_is_walled_in():
    with pytest.raises(ValueError, match="of 5 maps"):
        random_maps(np.random.default_rng(0), 5, size=4, obstacles=3000, obstacle_size=1)


def test_starts_lead_to_the_goal_and_are_evenly_spread():
    obstacles, goals = read_map("####", "#G.#", "#..#", "####")
    both = np.repeat(distances(obstacles, goals), 2, axis=0)
    both[1, 1, 2] = np.inf
    starts = random_starts(np.random.default_rng(0), both, 3000)
    assert starts.shape == (2, 3000, 2)
    for number, cells in enumerate(([(1, 2), (2, 1), (2, 2)], [(2, 1), (2, 2)])):
        found, counts = np.unique(starts[number], axis=0, return_counts=True)
        assert [tuple(cell) for cell in found.tolist()] == cells
        np.testing.assert_allclose(counts / 3000, 1 / len(cells), atol=0.03)


def test_refuses_to_start_where_no_way_leads():
    found = np.concatenate([distances(*read_map(*lines)) for lines in (["G."], ["G#"])])
    with pytest.raises(ValueError, match=r"none on map \[1\]"):
        random_starts(np.random.default_rng(0), found, 3)


def test_channels_hold_obstacles_and_ten_at_the_goal_and_are_read_back():
    obstacles, goals = read_map("##", "G.")
    seen = channels(obstacles, goals)
    assert seen.tolist() == [[[[1, 0], [1, 0]], [[0, 10], [0, 0]]]]
    assert seen.dtype == np.uint8
    for scale in (1, 1 / 255):
        blocked, found = from_channels(seen * scale)
        np.testing.assert_array_equal(blocked, obstacles)
        np.testing.assert_array_equal(found, goals)


def test_same_maps_finds_the_first_of_equal_maps():
    maps = np.random.default_rng(0).integers(0, 2, (5, 4, 4, 2)).astype(np.uint8)
    several = maps[[2, 0, 2, 1, 0, 3]]
    assert same_maps(several).tolist() == [0, 1, 0, 3, 1, 5]
    assert same_maps(several.astype(np.float32)).tolist() == [0, 1, 0, 3, 1, 5]
