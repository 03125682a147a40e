"""What TensorBoard reads back from a run's event files."""

import math
import subprocess
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams import metadata as hparams_metadata

from mtl.errors import MtlError
from mtl.reporting.tensorboard import Board, place

FIGURES = {
    "training/main_output/loss": 0.5,
    "validation/main_output/loss": 0.75,
    "validation/main_output/auc": 0.625,
    "validation/aux_output/auc": None,
    "validation/mean/auc": 0.5,
    "validation/loss": 1.5,
    "balancing/weight/main_output": 2.0,
    "balancing/share/main_output": 0.25,
    "learning_rate": 0.125,
    "examples_per_second": 5000,
}


@pytest.fixture
def model() -> keras.Model:
    first = keras.Input((2,), name="first")
    second = keras.Input((2,), name="second")
    hidden = layers.Dense(3, name="hidden")(layers.Concatenate()([first, second]))
    return keras.Model(
        {"first": first, "second": second},
        {"main_output": layers.Dense(1, name="head")(hidden), "aux_output": hidden},
    )


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    with Board(tmp_path / "run" / "tensorboard") as opened:
        yield opened


def read(folder: Path) -> EventMultiplexer:
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(folder))
    return multiplexer.Reload()


def scalars(events: EventMultiplexer, run: str) -> dict[str, list[tuple[int, float]]]:
    found = events.PluginRunToTagToContent("scalars").get(run, {})
    return {
        tag: [
            (event.step, float(tf.make_ndarray(event.tensor_proto)))
            for event in events.Tensors(run, tag)
        ]
        for tag in found
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("validation/main_output/auc", ("validation", "main_output/auc")),
        ("training/a/b/auc", ("training", "a/b/auc")),
        ("test/loss", ("test", "total/loss")),
        ("test/mean/auc", ("test", "mean/auc")),
        ("balancing/share/a", ("training", "a/weighted_share")),
        ("balancing/weight/a", ("training", "balancing/weight/a")),
        ("balancing/cosine/a,b", ("training", "balancing/cosine/a,b")),
        ("learning_rate", ("training", "learning_rate")),
    ],
)
def test_place(name: str, expected: tuple[str, str]) -> None:
    assert place(name) == expected


def test_figures_by_task_in_a_run_a_split(board: Board, tmp_path: Path) -> None:
    board.figures(1, FIGURES)
    board.figures(2, {"validation/main_output/auc": 0.75, "validation/main_output/loss": np.nan})
    events = read(tmp_path)
    assert set(events.Runs()) == {"run/tensorboard/training", "run/tensorboard/validation"}
    assert scalars(events, "run/tensorboard/training") == {
        "main_output/loss": [(1, 0.5)],
        "main_output/weighted_share": [(1, 0.25)],
        "balancing/weight/main_output": [(1, 2.0)],
        "learning_rate": [(1, 0.125)],
        "examples_per_second": [(1, 5000.0)],
    }
    validation = scalars(events, "run/tensorboard/validation")
    assert validation.pop("main_output/loss")[0] == (1, 0.75)
    assert validation == {
        "main_output/auc": [(1, 0.625), (2, 0.75)],
        "mean/auc": [(1, 0.5)],
        "total/loss": [(1, 1.5)],
    }


def test_figures_of_single_steps_have_a_section_of_their_own(board: Board, tmp_path: Path) -> None:
    for step in (1, 11):
        figures = {"balancing/weight/main": step / 2, "balancing/cosine/main,aux": math.nan}
        board.balancing(step, figures)
    assert scalars(read(tmp_path), "run/tensorboard/training") == {
        "balancing_by_step/weight/main": [(1, 0.5), (11, 5.5)]
    }


def test_figures_can_be_read_before_the_board_is_closed(board: Board, tmp_path: Path) -> None:
    board.figures(1, {"learning_rate": 0.5})
    assert scalars(read(tmp_path), "run/tensorboard/training") == {"learning_rate": [(1, 0.5)]}


def test_both_graphs(board: Board, tmp_path: Path, model: keras.Model) -> None:
    board.graph(model)
    events = read(tmp_path)
    plugin = events.PluginRunToTagToContent("graph_keras_model")
    assert {run: list(tags) for run, tags in plugin.items()} == {"run/tensorboard": ["keras"]}
    operations = {node.op for node in events.Graph("run/tensorboard").node}
    assert {"Placeholder", "MatMul", "ConcatV2"} <= operations


def test_graph_of_text_inputs(board: Board, tmp_path: Path) -> None:
    words = keras.Input((), dtype="string", name="title")
    vectorize = layers.TextVectorization(vocabulary=["a", "b"], output_sequence_length=3)
    board.graph(keras.Model({"title": words}, {"ids": vectorize(words)}))
    assert read(tmp_path).Graph("run/tensorboard").node


def test_graph_of_a_sequential_model(board: Board, tmp_path: Path) -> None:
    board.graph(keras.Sequential([keras.Input((2,)), layers.Dense(1)]))
    assert "MatMul" in {node.op for node in read(tmp_path).Graph("run/tensorboard").node}


def test_model_without_a_graph_is_no_error(
    board: Board, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "mtl")
    board.graph(keras.Model())
    assert "the model is not functional" in caplog.text
    assert read(tmp_path).Runs() == {}


def test_histograms_of_every_weight(board: Board, tmp_path: Path, model: keras.Model) -> None:
    kernel = np.array([[0.0], [30.0], [15.0]])
    model.get_layer("head").set_weights([kernel, np.array([np.nan])])
    board.histograms(3, model)
    events = read(tmp_path)
    run = "run/tensorboard"
    tags = set(events.PluginRunToTagToContent("histograms")[run])
    assert tags == {
        f"weights/{layer}/{weight}" for layer in ("hidden", "head") for weight in ("kernel", "bias")
    }
    (event,) = events.Tensors(run, "weights/head/kernel")
    table = tf.make_ndarray(event.tensor_proto)
    assert event.step == 3
    assert table.shape == (30, 3)
    np.testing.assert_allclose(table[:, 0], np.arange(30))
    np.testing.assert_allclose(table[:, 1], np.arange(1, 31))
    np.testing.assert_array_equal(np.flatnonzero(table[:, 2]), [0, 15, 29])
    (event,) = events.Tensors(run, "weights/head/bias")
    assert tf.make_ndarray(event.tensor_proto).shape == (0, 3)


def test_config_is_a_block_of_code(board: Board, tmp_path: Path) -> None:
    board.text({"model": {"name": "headline"}, "tasks": {"a": {"weight": 0.5}}})
    (event,) = read(tmp_path).Tensors("run/tensorboard", "config")
    text = tf.make_ndarray(event.tensor_proto).item().decode()
    assert text.splitlines() == [
        "    model:",
        "      name: headline",
        "    tasks:",
        "      a:",
        "        weight: 0.5",
    ]


def test_hyperparameters_and_final_figures(board: Board, tmp_path: Path) -> None:
    config = {"tasks": {"a": {"weight": 0.5}}, "model": {"name": "headline"}}
    figures = {"training/a/auc": 1.0, "validation/a/auc": 0.75, "test/a/auc": None}
    board.hparams(config, figures, overrides=["model.name=headline"])
    events = read(tmp_path)
    run = "run/tensorboard"
    tags = events.PluginRunToTagToContent("hparams")[run]
    start = hparams_metadata.parse_session_start_info_plugin_data(
        tags[hparams_metadata.SESSION_START_INFO_TAG]
    )
    assert start.group_name == f"{tmp_path.name}/run"
    assert start.hparams["tasks.a.weight"].number_value == 0.5
    assert start.hparams["model.name"].string_value == "headline"
    experiment = hparams_metadata.parse_experiment_plugin_data(
        tags[hparams_metadata.EXPERIMENT_TAG]
    )
    assert {one.name: one.differs for one in experiment.hparam_infos} == {
        "model.name": True,
        "tasks.a.weight": False,
    }
    names = ["validation/a/auc", "training/a/auc"]
    assert [one.name.tag for one in experiment.metric_infos] == [f"final/{name}" for name in names]
    assert [one.display_name for one in experiment.metric_infos] == names
    end = hparams_metadata.parse_session_end_info_plugin_data(
        tags[hparams_metadata.SESSION_END_INFO_TAG]
    )
    assert end.status == api_pb2.STATUS_SUCCESS
    assert scalars(events, run) == {
        "final/training/a/auc": [(0, 1.0)],
        "final/validation/a/auc": [(0, 0.75)],
    }


def test_full_disk_is_explained_and_closing_is_quiet(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        board = Board(folder / "tensorboard")
        board.figures(1, {"training/main_output/loss": 0.5})
        with pytest.raises(MtlError, match=r"tensorboard/training: the disk is full"):
            board.figures(2, {f"training/task_{task}/loss": 0.5 for task in range(2000)})
        board.close()
        first = scalars(read(folder), "tensorboard/training")["main_output/loss"]
        assert first == [(1, 0.5)]
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_file_in_the_way_is_explained(tmp_path: Path) -> None:
    (tmp_path / "tensorboard").write_text("mine")
    with pytest.raises(MtlError, match=r"Cannot write .*tensorboard"):
        Board(tmp_path / "tensorboard").figures(1, {"learning_rate": 0.5})
