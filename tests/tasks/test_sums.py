"""Which tasks a batch has labels of."""

import numpy as np
import tensorflow as tf

from mtl.tasks.sums import labelled


def test_a_task_is_labelled_where_a_label_has_weight():
    nan = np.nan
    cases = {
        "all": ([1.0, 2.0], [1.0, 1.0]),
        "missing": ([nan, nan], [1.0, 1.0]),
        "of no weight": ([1.0, nan], [0.0, 1.0]),
        "one of several columns": ([[nan, 1.0], [nan, nan]], [1.0, 1.0]),
        "columns of no weight": ([[nan, 1.0], [nan, nan]], [0.0, 1.0]),
        "weights by column": ([[nan, 1.0], [2.0, nan]], [[1.0, 0.0], [0.0, 1.0]]),
    }
    targets = {name: tf.constant(labels) for name, (labels, _) in cases.items()}
    weights = {name: tf.constant(each) for name, (_, each) in cases.items()}
    found = labelled(list(cases), targets, weights).numpy()
    assert [name for name, there in zip(cases, found, strict=True) if there] == [
        "all",
        "one of several columns",
    ]
