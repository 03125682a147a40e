"""Building the Keras model of a preparation from training rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import keras
import numpy as np
import polars as pl

from mtl.data.columns.base import Column, Form, RawShape
from mtl.data.columns.categorical import Categorical
from mtl.data.inputs import Feeds
from mtl.errors import DataError, nearest
from mtl.layers.prepared import PreparedInput


class Fitting:
    """Builds the graph of a preparation column by column, noting what cannot be fitted.

    Args:
        training: The training rows.
        targets: Encoded labels of these rows by task.
        main_task: The task whose labels are used where a column names none.

    Attributes:
        raws: The raw inputs so far.
        columns: The columns that feed them, with their options.
        errors: Why columns could not be fitted.
    """

    def __init__(
        self, training: pl.DataFrame, targets: Mapping[str, np.ndarray], main_task: str
    ) -> None:
        self.training = training
        self.targets = targets
        self.main_task = main_task
        self.raws: dict[str, keras.KerasTensor] = {}
        self.columns: dict[str, Column] = {}
        self.errors: list[str] = []
        self._column_of_raw: dict[str, str] = {}

    def input(self, name: str, feeds: Feeds) -> keras.KerasTensor | None:
        """Return the prepared input, or None after noting an error."""
        prepared, described, vocabulary_size = [], [], None
        for name_of_column, given in feeds:
            try:
                column, tensor, vocabulary_size = self._column(name_of_column, given)
            except DataError as error:
                self.errors.append(str(error))
                continue
            width = tensor.shape[-1] if len(tensor.shape) > 1 else 1
            options = {"kind": column.kind, **asdict(column)}  # type: ignore[call-overload]
            described.append({"column": name_of_column, "entries": width, "options": options})
            prepared.append(tensor)
        if self.errors:
            return None
        form = feeds[0][1].form
        dtype = _dtype(form, vocabulary_size, prepared[0])
        layer_name = f"prepared_{raw_name(name)}"
        layer = PreparedInput(name, form, described, vocabulary_size, dtype, name=layer_name)
        return layer(prepared)

    def _column(self, name: str, column: Column) -> tuple[Column, keras.KerasTensor, int | None]:
        """Return a column with its options resolved, what it gives, and how many ids."""
        own = table_column(self.training, name)
        column = column.resolved(own)
        tensor = self._raw(name, column.raw_dtype(own), column.raw_shape(own))
        fitted = column.fit(self._learnt_from(name, column), self._target(name, column))
        self.columns.setdefault(name, column)
        for layer in fitted.layers:
            tensor = layer(tensor)
        return column, tensor, fitted.vocabulary_size

    def _learnt_from(self, name: str, column: Column) -> pl.Series:
        """Return the training rows that a column learns from, below each other."""
        parts = [table_column(self.training, source) for source in column.learns_from(name)]
        if len(parts) == 1:
            return parts[0]
        return pl.concat([part.cast(pl.String) for part in parts]).alias(name)

    def _raw(self, name: str, dtype: str, shape: RawShape) -> keras.KerasTensor:
        raw = raw_name(name)
        other = self._column_of_raw.setdefault(raw, name)
        if other != name:
            raise DataError(
                f"The columns {other!r} and {name!r} both feed the raw input {raw!r}: `/` becomes "
                "`_` in its name. Expected names that differ in more than that: rename one."
            )
        if raw not in self.raws:
            self.raws[raw] = keras.Input(shape, dtype=dtype, name=raw)
        before = _spelt(self.raws[raw].dtype, self.raws[raw].shape[1:])
        if before != _spelt(dtype, shape):
            raise DataError(
                f"Column {name!r} is read as {before} for one input and as {_spelt(dtype, shape)} "
                "for another. Expected one way of reading: copy it to a second column."
            )
        return self.raws[raw]

    def _target(self, name: str, column: Column) -> np.ndarray | None:
        if not isinstance(column, Categorical) or column.encoding != "target_mean":
            return None
        task = column.of or self.main_task
        if task not in self.targets:
            raise DataError(
                f"Column {name!r} takes the mean target of {task!r}, which is no task whose "
                "labels have a mean. Expected a binary task or a regression of one column "
                f"(data.columns.{name}.of). {nearest(str(task), self.targets)}"
            )
        return self.targets[task]


def _dtype(form: Form, vocabulary_size: int | None, prepared: keras.KerasTensor) -> str:
    """Return the type in which a graph's input is kept: a byte for each character where it fits."""
    if form in ("image", "array"):
        return str(prepared.dtype)
    if form == "features":
        return "float32"
    return "uint8" if form == "characters" and (vocabulary_size or 257) <= 256 else "int32"


def _spelt(dtype: str, shape: RawShape) -> str:
    return f"{dtype} of shape {shape}" if shape else dtype


def raw_name(column: str) -> str:
    """Return the raw input that a column feeds: its name, with `_` for `/`, which Keras refuses."""
    return column.replace("/", "_")


def table_column(table: pl.DataFrame, name: str) -> pl.Series:
    """Return a column of a table.

    Raises:
        DataError: There is none of this name.
    """
    if name not in table.columns:
        raise DataError(f"The table has no column {name!r}. {nearest(name, table.columns)}")
    return table[name]
