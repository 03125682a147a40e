import numpy as np

from mtl.evaluations import gridworld_pictures as pictures
from tests.gridworld.drawing import read_map


def test_heat_goes_from_the_least_to_the_largest_free_cell():
    values = np.array([[0.0, 1.0], [2.0, 99.0]])
    obstacles = np.array([[False, False], [False, True]])
    image = pictures.heat(values, obstacles)
    assert image.shape == (224, 224, 3)
    np.testing.assert_array_equal(image[0, 0], pictures.SCALE[0])
    np.testing.assert_array_equal(image[0, 223], pictures.SCALE[2])
    np.testing.assert_array_equal(image[223, 0], pictures.SCALE[4])
    np.testing.assert_array_equal(image[223, 223], pictures.OBSTACLE)
    lightness = pictures.SCALE @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()


def test_heat_of_equal_values_is_even():
    image = pictures.heat(np.full((3, 3), 7.0), np.zeros((3, 3), bool))
    assert len(np.unique(image.reshape(-1, 3), axis=0)) == 1


def test_paths_are_drawn_from_start_to_goal():
    obstacles, goals = read_map("...#", "#...", "..G.", "....")
    expert = np.array([[0, 0], [1, 1], [2, 2]])
    policy = np.array([[0, 0], [0, 1], [1, 2], [2, 2]])
    image = pictures.paths(obstacles[0], goals[0], expert, policy)
    cell = 224 // 4

    def middle(row, column):
        return tuple(image[int((row + 0.5) * cell), int((column + 0.5) * cell)])

    assert middle(0, 0) == pictures.START
    assert middle(2, 2) == pictures.GOAL
    assert middle(1, 1) == pictures.EXPERT
    assert middle(0, 1) == middle(1, 2) == pictures.POLICY
    assert middle(0.5, 1.5) == pictures.POLICY
    assert middle(0, 3) == middle(1, 0) == pictures.OBSTACLE
    assert middle(3, 0) == middle(2, 0) == pictures.FREE


def test_a_strip_has_gaps_between_its_pictures():
    first, second = np.zeros((5, 5, 3), np.uint8), np.ones((5, 7, 3), np.uint8)
    image = pictures.strip([first, second])
    assert image.shape == (5, 5 + pictures.GAP + 7, 3)
    assert (image[:, 5 : 5 + pictures.GAP] == 255).all()
    np.testing.assert_array_equal(pictures.strip([first]), first)
