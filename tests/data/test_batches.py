import numpy as np
import pytest
import tensorflow as tf

from mtl.data.batches import Examples, evaluation_batches, training_batches, unstacked

COUNT = 10
EXAMPLES = Examples(
    {
        "ids": np.arange(2 * COUNT, dtype=np.int32).reshape(COUNT, 2),
        "aux": np.arange(COUNT, dtype=np.float32),
    },
    {"main": np.arange(COUNT, dtype=np.float32)},
    {"main": np.arange(COUNT, dtype=np.float32) + 100},
)


def _rows(batches):
    return [targets["main"].numpy().astype(int).tolist() for _, targets, _ in batches]


def _flat(lists):
    return [row for rows in lists for row in rows]


def test_every_example_comes_once_an_epoch_with_its_own_values():
    seen = []
    for inputs, targets, weights in training_batches(EXAMPLES, 4, seed=1, epoch=2):
        rows = targets["main"].numpy().astype(int)
        np.testing.assert_array_equal(inputs["ids"], EXAMPLES.inputs["ids"][rows])
        np.testing.assert_array_equal(inputs["aux"], rows)
        np.testing.assert_array_equal(weights["main"], rows + 100)
        assert inputs["ids"].dtype == np.int32
        seen += rows.tolist()
    assert sorted(seen) == list(range(COUNT))


def test_the_last_batch_holds_what_is_left():
    assert [len(rows) for rows in _rows(training_batches(EXAMPLES, 4, seed=0, epoch=1))] == [
        4,
        4,
        2,
    ]


def test_the_order_depends_on_seed_and_epoch_alone():
    def order(seed, epoch):
        return _flat(_rows(training_batches(EXAMPLES, 4, seed=seed, epoch=epoch)))

    assert order(1, 1) == order(1, 1)
    assert len({tuple(order(seed, epoch)) for seed in (1, 2) for epoch in (1, 2)}) == 4


def test_an_epoch_can_go_on_where_it_was():
    whole = _rows(training_batches(EXAMPLES, 3, seed=1, epoch=1))
    rest = _rows(training_batches(EXAMPLES, 3, seed=1, epoch=1, skip=2))
    assert rest == whole[2:]


def test_batches_can_be_stacked_as_far_as_they_fill_stacks():
    singly = list(training_batches(EXAMPLES, 3, seed=1, epoch=1))
    (stacked,) = training_batches(EXAMPLES, 3, seed=1, epoch=1, together=2)
    for one, other in zip(unstacked(stacked), singly[:2], strict=True):
        tf.nest.map_structure(np.testing.assert_array_equal, one, other)
    assert not list(training_batches(EXAMPLES, 3, seed=1, epoch=1, together=4))


def test_an_order_of_ones_own_may_hold_examples_repeatedly():
    order = np.array([[3, 3, 1], [0, 9, 9]])
    assert _rows(training_batches(EXAMPLES, 3, seed=1, epoch=1, order=order)) == order.tolist()


@pytest.mark.parametrize("size", [3, 10, 99])
def test_without_shuffling_the_order_is_kept(size):
    kept = _rows(training_batches(EXAMPLES, size, seed=1, epoch=1, shuffle=False))
    assert _flat(kept) == list(range(COUNT))
    assert kept == _rows(evaluation_batches(EXAMPLES, size))


def test_examples_know_their_number():
    assert len(EXAMPLES) == COUNT
