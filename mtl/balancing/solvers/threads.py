"""Solving on one core: on matrices this small BLAS loses more by its threads than it gains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

import numpy as np  # noqa: F401 loads the libraries that are to be found
from threadpoolctl import ThreadpoolController

# What is limited is the process's: two at a time might restore each other's limit.
_lock = Lock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep the BLAS of NumPy to one thread for a while.

    Where all cores are busy, as with TensorFlow's own threads, its threads wait for each other:
    some of a step's solves took ten times as long.
    """
    with _lock, _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    """Find the libraries once, which takes longer than to solve."""
    return ThreadpoolController()
