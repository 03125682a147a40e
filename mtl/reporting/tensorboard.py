"""What TensorBoard shows of a run: a section a task, the splits in one chart, graphs, settings."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import tensorflow as tf
from omegaconf import DictConfig
from tensorboard.compat.proto import summary_pb2
from tensorboard.plugins.histogram import metadata as histogram_metadata
from tensorboard.plugins.hparams import api as hparams_api
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams import summary as hparams_summary
from tensorboard.plugins.scalar import summary_v2 as scalar_summary

from mtl.reporting.files import explained
from mtl.reporting.folder import yaml_text
from mtl.reporting.hyperparameters import hyperparameters, varied
from mtl.reporting.keras_graph import layer_graph, tensorboard_json
from mtl.reporting.results import SPLITS, TOTAL
from mtl.reporting.tensorflow_errors import as_os_error

if TYPE_CHECKING:
    import keras

BUCKETS = 30
SHARE = "balancing/share/"
BY_STEP = "balancing_by_step"
RUN = ""
logger = logging.getLogger("mtl")


class Board:
    """Writes a run's event files.

    Each split has a directory of its own, so that TensorBoard overlays them in one chart; graphs,
    text and hyper-parameters are in the folder itself.

    Args:
        folder: Where to, `<run>/tensorboard`.

    Raises:
        MtlError: By every method: the event files cannot be written.

    Example:
        >>> with Board(folder.file("tensorboard")) as board:
        ...     board.figures(1, {"validation/main_output/auc": 0.73, "learning_rate": 0.001})
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, tf.summary.SummaryWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def figures(self, epoch: int, figures: Mapping[str, float | int | None]) -> None:
        """Write the figures of one epoch.

        Args:
            epoch: Its number, the step in the charts.
            figures: By name; see `place` for where each goes. None is left out.
        """
        places = [(*place(name), value) for name, value in figures.items() if value is not None]
        for split in sorted({split for split, _, _ in places}):
            with self._writing(split):
                for found, tag, value in places:
                    if found == split:
                        tf.summary.scalar(tag, float(value), step=epoch)

    def balancing(self, step: int, figures: Mapping[str, float]) -> None:
        """Write the figures of the balancing in one step, in a section of their own.

        `balancing/weight/main_output` → `balancing_by_step/weight/main_output`: its charts count
        steps, while those of `figures` count epochs.

        Args:
            step: The number of the step in the whole training.
            figures: By name. What is no number is left out.
        """
        summary = summary_pb2.Summary()
        for name, value in figures.items():
            if math.isfinite(value):
                tag = f"{BY_STEP}/{name.partition('/')[2]}"
                summary.MergeFrom(scalar_summary.scalar_pb(tag, value))
        with self._writing("training"):
            # All at once: an operation for each figure would take longer than a small step.
            tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step=step)

    def graph(self, model: keras.Model) -> None:
        """Write the graph of the model's layers, and the graph of one forward pass's operations.

        The page opens with the operations; the layers are its tag `keras`. A model that is no graph
        of layers has neither, and the log says so.

        Args:
            model: A built model. Names of dict outputs appear as nodes.
        """
        nodes = layer_graph(model)
        if nodes is None:
            logger.info("TensorBoard shows no graph: the model is not functional.")
            return
        text = json.dumps(tensorboard_json(nodes))
        metadata = tf.compat.v1.SummaryMetadata()
        metadata.plugin_data.plugin_name = "graph_keras_model"
        metadata.plugin_data.content = b"1"
        with self._writing(RUN):
            tf.summary.write(tag="keras", tensor=text, step=0, metadata=metadata)
            # Beside it, for the page shows an error first where a run has the layers alone.
            tf.summary.graph(_operations(model))

    def histograms(self, epoch: int, model: keras.Model) -> None:
        """Write how the values of every weight are distributed, under `weights/<path>`.

        Args:
            epoch: Its number.
            model: Whose weights. Those that are no floating-point numbers are left out, and so are
                NaN and infinite values.
        """
        metadata = histogram_metadata.create_summary_metadata(display_name=None, description=None)
        with self._writing(RUN):
            for tag, weight in _weights(model).items():
                # Not tf.summary.histogram: its one-hot matrix of an embedding of 10,000 by 512
                # takes more than a gigabyte.
                table = tf.constant(_buckets(np.asarray(weight)), tf.float64)
                tf.summary.write(tag=tag, tensor=table, step=epoch, metadata=metadata)

    def image(self, epoch: int, name: str, image: np.ndarray) -> None:
        """Write an image.

        Args:
            epoch: The number of the epoch whose weights it shows.
            name: Its tag.
            image: uint8, shape `(height, width, 1 or 3)`.
        """
        with self._writing(RUN):
            tf.summary.image(name, image[np.newaxis], step=epoch)

    def text(self, config: DictConfig | Mapping[str, Any]) -> None:
        """Write the config as text, in YAML."""
        # Markdown takes lines that are indented by four for code, whatever is in them.
        code = "\n".join(f"    {line}" for line in yaml_text(config).splitlines())
        with self._writing(RUN):
            tf.summary.text("config", code, step=0)

    def hparams(
        self,
        config: DictConfig | Mapping[str, Any],
        figures: Mapping[str, float | None],
        *,
        overrides: Sequence[str] = (),
        succeeded: bool = True,
    ) -> None:
        """Write the run's row of the hparams page, at the end of the run.

        The page shows five hyper-parameters and five figures until asked for more: those that were
        overridden, and the figures of validation and test.

        Args:
            config: Its values become hyper-parameters by their paths, `tasks.main_output.weight`.
            figures: The final ones by name. They are written as scalars `final/<name>` too.
            overrides: The run's, `tasks.main_output.weight=0.5`.
            succeeded: Whether the run ended as it should.
        """
        values = hyperparameters(config)
        first = varied(values, overrides)
        final = {f"final/{name}": value for name, value in figures.items() if value is not None}
        status = api_pb2.STATUS_SUCCESS if succeeded else api_pb2.STATUS_FAILURE
        experiment = hparams_summary.experiment_pb(
            # What differs stands first on the page.
            [api_pb2.HParamInfo(name=name, differs=name in first) for name in values],
            [
                api_pb2.MetricInfo(
                    name=api_pb2.MetricName(tag=tag), display_name=tag.removeprefix("final/")
                )
                for tag in sorted(final, key=lambda tag: tag.startswith("final/training/"))
            ],
        )
        run = self._folder.absolute().parent
        with self._writing(RUN):
            tf.summary.experimental.write_raw_pb(experiment.SerializeToString(), step=0)
            # Named after the folder: two runs of one config are two rows, not the mean of both.
            hparams_api.hparams(values, trial_id=f"{run.parent.name}/{run.name}")
            for tag, value in final.items():
                tf.summary.scalar(tag, float(value), step=0)
            end = hparams_summary.session_end_pb(status)
            tf.summary.experimental.write_raw_pb(end.SerializeToString(), step=0)

    def close(self) -> None:
        """Close the event files. What a full disk keeps from being written is left out."""
        while self._writers:
            _, writer = self._writers.popitem()
            with suppress(tf.errors.OpError):
                writer.close()

    @contextmanager
    def _writing(self, split: str) -> Iterator[None]:
        """Make the writer of a split the one that `tf.summary` writes to, and flush it after."""
        folder = self._folder / split
        try:
            if split not in self._writers:
                self._writers[split] = tf.summary.create_file_writer(str(folder))
            writer = self._writers[split]
            with writer.as_default():
                yield
            writer.flush()
        except tf.errors.OpError as error:
            raise explained(as_os_error(error), folder) from error


def place(name: str) -> tuple[str, str]:
    """Return the split's directory and the tag of a figure.

    `validation/main_output/auc` → (`validation`, `main_output/auc`); the weighted total of the
    losses `test/loss` → (`test`, `total/loss`); the share of it that is a task's,
    `balancing/share/main_output` → (`training`, `main_output/weighted_share`); anything else, such
    as `learning_rate` and `balancing/weight/main_output`, keeps its name in `training`.
    """
    split, _, rest = name.partition("/")
    if split in SPLITS and rest:
        return split, rest if "/" in rest else f"{TOTAL}/{rest}"
    if name.startswith(SHARE):
        return "training", f"{name.removeprefix(SHARE)}/weighted_share"
    return "training", name


def _operations(model: keras.Model) -> tf.Graph:
    """Return the TensorFlow graph of one forward pass."""
    import keras

    # A sequential model that has not been called itself knows no `input`.
    inputs = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    specifications = keras.tree.map_structure(
        lambda tensor: tf.TensorSpec(tensor.shape, tf.as_dtype(tensor.dtype)), inputs
    )
    forward = tf.function(lambda inputs: model(inputs, training=False))
    return forward.get_concrete_function(specifications).graph


def _weights(model: keras.Model) -> dict[str, Any]:
    """Return the floating-point weights by their tags; a name used twice is numbered."""
    found: dict[str, Any] = {}
    for weight in model.weights:
        if not str(weight.dtype).startswith(("float", "bfloat")):
            continue
        tag, number = f"weights/{weight.path}", 1
        while tag in found:
            number += 1
            tag = f"weights/{weight.path}_{number}"
        found[tag] = weight
    return found


def _buckets(values: np.ndarray) -> np.ndarray:
    """Return left edge, right edge and count of each bucket, shape (buckets, 3)."""
    # In double precision: between two huge single ones there is no room for the edges of buckets.
    values = values.astype(np.float64).ravel()
    values = values[np.isfinite(values)]
    if not values.size:
        return np.zeros((0, 3))
    if values.min() == values.max():
        room = max(0.5, float(np.spacing(abs(values[0]))))
        return np.array([[values[0] - room, values[0] + room, values.size]])
    counts, edges = np.histogram(values, BUCKETS)
    return np.stack([edges[:-1], edges[1:], counts], axis=1).astype(np.float64)
