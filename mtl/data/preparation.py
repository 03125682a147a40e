"""From the raw columns of a table to the inputs of a graph, as a Keras model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import polars as pl
import tensorflow as tf

from mtl.data.batches import row_chunks
from mtl.data.columns import make_column
from mtl.data.columns.base import Column
from mtl.data.fitting import Fitting, raw_name, table_column
from mtl.data.inputs import InputSpecification, parse_inputs
from mtl.errors import DataError
from mtl.layers.prepared import PreparedInput

_CHUNK_ROWS = 8192
_CHUNK_BYTES = 2**25


class Preparation:
    """Prepares tables for a graph.

    Attributes:
        model: A dict of raw columns, each of shape `(batch,)`, to a dict of the graph's inputs.
            A column whose name holds `/` goes by `_` in its place; numbers are float64, whole
            numbers that are categories int64, images and arrays have a shape of `(batch, …)`, and
            everything else is strings.
            Keras's `predict` rounds float64 arrays to float32 on their way to the model; a
            `tf.data.Dataset` of them, and a call of the model, keep them whole.
        specifications: What each input of the graph gets.
        raw_columns: The columns that are read, in the order of the model's inputs.
    """

    def __init__(self, model: keras.Model, columns: Mapping[str, Column]) -> None:
        self.model = model
        self.raw_columns = list(columns)
        layers = [layer for layer in model.layers if isinstance(layer, PreparedInput)]
        described = {layer.input_name: _specification(layer) for layer in layers}
        self.specifications = {name: described[name] for name in model.output}
        self._columns = dict(columns)
        self._apply = tf.function(lambda raw: model(raw, training=False), reduce_retracing=True)

    @classmethod
    def from_model(cls, model: keras.Model) -> Preparation:
        """Return the preparation whose `model` was saved and loaded."""
        columns: dict[str, Column] = {}
        for layer in model.layers:
            for entry in layer.columns if isinstance(layer, PreparedInput) else ():
                column = entry["column"]
                columns[column] = make_column(entry["options"], f"data.columns.{column}")
        return cls(model, columns)

    def raw(self, table: pl.DataFrame) -> dict[str, np.ndarray]:
        """Return the raw inputs of a table's rows.

        Returns:
            By raw input: an object array of strings (`""` where missing), float64 (NaN) or int64
            (the least one), shape `(rows,)`; images and arrays `(rows, …)`.

        Raises:
            DataError: The table lacks a column, or a value cannot be read; the row is named.
        """
        inputs = self.model.input
        found = {}
        for name, column in self._columns.items():
            raw = raw_name(name)
            found[raw] = column.raw(table_column(table, name), inputs[raw].dtype)
        return found

    def transform(self, table: pl.DataFrame) -> dict[str, np.ndarray]:
        """Return the graph's inputs for a table's rows, in the types of `specifications`.

        Raises:
            DataError: As for `raw`.
        """
        raw = self.raw(table)
        outputs: dict[str, np.ndarray] = {}
        # A table without rows is prepared too: that says what the shapes are.
        for rows in row_chunks(table.height, _chunk_rows(raw)) if table.height else [slice(0, 0)]:
            with tf.device("CPU"):
                chunk = {name: tf.constant(values[rows]) for name, values in raw.items()}
                prepared = self._apply(chunk)
            for name, values in prepared.items():
                if name not in outputs:
                    shape = (table.height, *values.shape[1:])
                    outputs[name] = np.empty(shape, self.specifications[name].dtype)
                outputs[name][rows] = values.numpy()
        return outputs


def _chunk_rows(raw: Mapping[str, np.ndarray]) -> int:
    """Return how many rows are prepared at a time: images in flight must not fill the memory."""
    row_bytes = sum(values.itemsize * int(np.prod(values.shape[1:])) for values in raw.values())
    return max(1, min(_CHUNK_ROWS, _CHUNK_BYTES // max(1, row_bytes)))


def fit_preparation(
    columns_config: Mapping[str, Mapping[str, Any]],
    inputs_config: Mapping[str, Any],
    training_table: pl.DataFrame,
    *,
    targets: Mapping[str, np.ndarray],
    main_task: str,
) -> Preparation:
    """Learn the preparation of every input from the training rows.

    Args:
        columns_config: The section `data.columns`.
        inputs_config: The section `inputs`.
        training_table: The training rows and nothing else.
        targets: Encoded labels of the training rows by task, for the encoding `target_mean`.
        main_task: The task that `target_mean` reads where its option `of` is null.

    Raises:
        ConfigError: The sections are wrong.
        DataError: The rows give nothing to learn from; several columns' reasons come together.
    """
    inputs = parse_inputs(inputs_config, columns_config)
    fitting = Fitting(training_table, targets, main_task)
    outputs = {name: fitting.input(name, feeds) for name, feeds in inputs.items()}
    if fitting.errors:
        raise DataError("\n".join(dict.fromkeys(fitting.errors)))
    return Preparation(keras.Model(fitting.raws, outputs, name="preparation"), fitting.columns)


def _specification(layer: PreparedInput) -> InputSpecification:
    return InputSpecification(
        name=layer.input_name,
        kind=layer.kind,
        shape=tuple(layer.output.shape[1:]),
        dtype=layer.value_dtype,
        columns={column["column"]: column["entries"] for column in layer.columns},
        vocabulary_size=layer.vocabulary_size,
        column_kinds={column["column"]: column["options"]["kind"] for column in layer.columns},
    )
