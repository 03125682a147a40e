"""Prepared examples in batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

Arrays = Mapping[str, np.ndarray]


@dataclass
class Examples:
    """Prepared examples of one split.

    Attributes:
        inputs: The graph's inputs by name, first axis the examples.
        targets: Encoded labels by task, NaN where missing.
        weights: The weight of each example by task.
    """

    inputs: Arrays
    targets: Arrays
    weights: Arrays

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def digest(self) -> str:
        """Return a number that is another where any value is, in hexadecimal."""
        found = hashlib.blake2b(digest_size=8)
        for part in (self.inputs, self.targets, self.weights):
            for name, values in sorted(part.items()):
                found.update(f"{name} {values.dtype} {values.shape}".encode())
                found.update(np.ascontiguousarray(values).data)
        return found.hexdigest()

    @cached_property
    def tensors(self) -> tuple[dict[str, tf.Tensor], ...]:
        """Inputs, targets and weights in the main memory, made once and gathered from after."""
        with tf.device("CPU"):
            return tuple(
                {name: tf.constant(values) for name, values in part.items()}
                for part in (self.inputs, self.targets, self.weights)
            )


def training_batches(
    examples: Examples,
    batch_size: int,
    *,
    seed: int,
    epoch: int,
    shuffle: bool = True,
    skip: int = 0,
    order: np.ndarray | None = None,
    together: int = 1,
) -> tf.data.Dataset:
    """Return one epoch's batches of `(inputs, targets, weights)`, each a dict of tensors.

    The order is a permutation that depends on `seed` and `epoch` alone, so that an interrupted
    epoch can go on where it was.

    Args:
        examples: What is trained.
        batch_size: Examples a batch; the last one holds what is left.
        seed: The run's seed.
        epoch: The number of the epoch.
        shuffle: Whether to permute; else the order is that of the examples.
        skip: How many batches to leave out at the start.
        order: The examples' numbers in the epoch's order, where that is not drawn here.
        together: How many batches to stack along a new first axis, if more than 1. What does not
            fill such a stack is left out.
    """
    rows = np.arange(len(examples)) if order is None else order.reshape(-1)
    if order is None and shuffle:
        rows = np.random.default_rng((seed, epoch)).permutation(rows)
    rows = rows[skip * batch_size :]
    if together == 1:
        return _batches(examples, rows, batch_size)
    stacks = len(rows) // (batch_size * together)
    stacked = rows[: stacks * batch_size * together].reshape(stacks, together, batch_size)
    return _gathered(examples, tf.data.Dataset.from_tensor_slices(stacked))


def evaluation_batches(examples: Examples, batch_size: int) -> tf.data.Dataset:
    """Return all examples in their order, in batches of `(inputs, targets, weights)`."""
    return _batches(examples, np.arange(len(examples)), batch_size)


def _batches(examples: Examples, rows: np.ndarray, batch_size: int) -> tf.data.Dataset:
    return _gathered(examples, tf.data.Dataset.from_tensor_slices(rows).batch(batch_size))


def _gathered(examples: Examples, rows: tf.data.Dataset) -> tf.data.Dataset:
    """Return the examples of each element's row numbers, in the shape that these have."""
    tensors = examples.tensors

    def take(batch: tf.Tensor) -> tuple[dict[str, tf.Tensor], ...]:
        return tuple(
            {name: tf.gather(values, batch) for name, values in part.items()} for part in tensors
        )

    return rows.map(take, num_parallel_calls=1).prefetch(tf.data.AUTOTUNE)


def unstacked(stacked: Any) -> list[Any]:
    """Return the elements along the first axis of every tensor of a structure."""
    flat = [tf.unstack(each) for each in tf.nest.flatten(stacked)]
    return [tf.nest.pack_sequence_as(stacked, list(each)) for each in zip(*flat, strict=True)]


def row_chunks(count: int, size: int) -> Iterator[slice]:
    """Yield the slices that cover `count` rows, `size` at a time."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
