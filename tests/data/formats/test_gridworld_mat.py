import numpy as np
import pytest
from scipy.io import savemat

from mtl.data.formats.gridworld_mat import read
from mtl.errors import DataError
from mtl.gridworld.distances import distances, optimal_moves
from mtl.gridworld.maps import from_channels
from tests.data.real import SHARED

FILES = SHARED / "gridworld"


def arrays():
    """Two rows of one 3 x 3 map with two states each, as the paper's files have them."""
    free = np.array([[1, 0, 1, 1, 1, 1, 1, 1, 1]] * 2, np.uint8)
    prior = np.array([[10, 0, 0, 0, 0, 0, 0, 0, 0]] * 2, np.uint8)
    return {
        "batch_im_data": free,
        "batch_value_data": prior,
        "state_x_data": np.array([[2, 1], [0, 0]], np.uint8),
        "state_y_data": np.array([[1, 1], [2, 2]], np.uint8),
        "batch_label_data": np.array([[0, 5], [7, 7]], np.uint8),
    }


def write(folder, **changes):
    content = {name: value for name, value in (arrays() | changes).items() if value is not None}
    savemat(folder / "worlds.mat", content)
    return folder / "worlds.mat"


def test_reads_maps_states_and_labels(tmp_path):
    table = read(write(tmp_path))
    expected = np.zeros((3, 3, 2))
    expected[0, 1, 0], expected[0, 0, 1] = 1, 10
    np.testing.assert_array_equal(table["map"].to_numpy(), [expected, expected])
    assert table["state"].to_numpy().tolist() == [[[2, 1], [1, 1]], [[0, 2], [0, 2]]]
    assert table["action"].to_numpy().tolist() == [[0, 5], [7, 7]]
    assert table["world"].to_list() == [0, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"state_x_data": None}, "no array called state_x_data. It holds: batch_im_data"),
        ({"batch_im_data": np.ones((2, 8), np.uint8)}, "Expected one square map a row"),
        ({"batch_label_data": np.zeros((1, 2), np.uint8)}, "as many states for each"),
        (
            {"batch_label_data": np.array([[0, 7], [3, 8]], np.int16)},
            "batch_label_data, row 2, the value 8 as a move. Expected 0 to 7: N, S,",
        ),
        (
            {"batch_label_data": np.array([[0, -3], [3, 55]], np.int16)},
            "batch_label_data, row 1, the value -3 as a move",
        ),
        (
            {"state_x_data": np.array([[2, 1], [3, 0]], np.uint8)},
            "state_x_data, row 2, the value 3 as a state. Expected 0 to 2, inside the map",
        ),
        (
            {"state_y_data": np.array([[-1, 1], [0, 0]], np.int16)},
            "state_y_data, row 1, the value -1 as a state",
        ),
        (
            {"batch_value_data": np.zeros((2, 9), np.uint8)},
            "batch_value_data, row 1, the value 0 as the number of goals. Expected 1",
        ),
        (
            {"batch_value_data": np.array([[10] + [0] * 8, [10, 10] + [0] * 7], np.uint8)},
            "batch_value_data, row 2, the value 2 as the number of goals",
        ),
    ],
)
def test_says_what_is_wrong_with_a_file(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        read(write(tmp_path, **changes))


def test_says_that_a_file_is_no_matlab_file(tmp_path):
    path = tmp_path / "worlds.mat"
    path.write_bytes(b"no such thing " * 40)
    with pytest.raises(DataError, match="no MATLAB file that can be read"):
        read(path)
    with pytest.raises(DataError, match="no file"):
        read(tmp_path / "absent.mat")


@pytest.mark.skipif(not FILES.is_dir(), reason="the paper's grid worlds are not here")
@pytest.mark.parametrize(
    ("size", "rows", "worlds", "density"), [(8, 9072, 3261, 0.108), (16, 22_647, 4330, 0.205)]
)
def test_every_label_of_the_papers_files_is_optimal(size, rows, worlds, density):
    table = read(FILES / f"gridworld_{size}.mat")
    assert (table.height, table["world"].n_unique()) == (rows, worlds)
    assert table["map"].to_numpy().shape == (rows, size, size, 2)
    chosen = table.gather_every(5)
    obstacles, goals = from_channels(chosen["map"].to_numpy())
    assert obstacles[:, 1:-1, 1:-1].mean() == pytest.approx(density, abs=0.005)
    state, action = chosen["state"].to_numpy(), chosen["action"].to_numpy()
    optimal = optimal_moves(distances(obstacles, goals))
    at = np.arange(len(state))[:, np.newaxis], state[..., 0], state[..., 1], action
    assert optimal[at].all()
