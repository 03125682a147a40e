"""The graph of `headline_engagement`: which head sees what, counted and changed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest

from mtl.data.inputs import InputSpecification
from mtl.errors import ConfigError
from mtl.models.headline_engagement import headline_engagement
from mtl.training.step import DividedGraph

WORDS, LENGTH, PAGES, TIME = 30, 6, 5, 4
SMALL = {
    "pair_buckets": 64,
    "page_word_buckets": 64,
    "page_size": 3,
    "context_units": 8,
    "context_layers": 1,
    "embedding_size": 7,
    "lstm_units": 4,
}


@dataclass
class Task:
    """What the builder asks of a task."""

    name: str
    auxiliary_of: str | None = None
    units: int = 1
    activation: str | None = None


def specification(name: str, kind: str, shape: tuple[int, ...], size: int | None = None) -> Any:
    dtype = "float32" if kind == "features" else "int32"
    return InputSpecification(name, kind, shape, dtype, {name: 1}, size)


INPUTS = {
    "title": specification("title", "text", (LENGTH,), WORDS),
    "site": specification("site", "index", (), PAGES),
    "when": specification("when", "features", (TIME,)),
}
TASKS = {
    "likes": Task("likes"),
    "shares": Task("shares", units=2),
    "likes_by_title": Task("likes_by_title", auxiliary_of="likes"),
}


def build(**changes: Any) -> keras.Model:
    keras.utils.set_random_seed(4)
    return headline_engagement(INPUTS, TASKS, **(SMALL | changes))


def batch(seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    ids = random.integers(1, WORDS, (8, LENGTH))
    ids[:, :2] = 0
    return {
        "title": ids.astype("int32"),
        "site": random.integers(1, PAGES, 8).astype("int32"),
        "when": random.normal(size=(8, TIME)).astype("float32"),
    }


def with_random_weights(model: keras.Model) -> keras.Model:
    """The wide part starts at zero; random weights show what is connected."""
    random = np.random.default_rng(7)
    model.set_weights([random.normal(size=w.shape, scale=0.3) for w in model.get_weights()])
    return model


def changed(model: keras.Model, name: str) -> dict[str, bool]:
    """Which outputs change where one input does."""
    before, other = batch(), batch()
    other[name] = batch(seed=1)[name]
    first, second = model(before), model(other)
    return {output: not np.allclose(first[output], second[output]) for output in first}


def test_outputs_are_the_tasks_by_name() -> None:
    model = build()
    assert list(model.output) == list(TASKS)
    assert {n: o.shape[1] for n, o in model.output.items()} == {
        "likes": 1,
        "shares": 2,
        "likes_by_title": 1,
    }


@pytest.mark.parametrize("name", ["site", "when"])
def test_only_main_heads_see_page_and_time(name: str) -> None:
    assert changed(with_random_weights(build()), name) == {
        "likes": True,
        "shares": True,
        "likes_by_title": False,
    }


def test_every_head_sees_the_title() -> None:
    assert all(changed(with_random_weights(build()), "title").values())


def test_parameters_are_as_many_as_counted_by_hand() -> None:
    main_units = 3
    lstm = 4 * 4 * (7 + 4 + 1)
    context = 8 * (3 + TIME + 1 + 1)
    deep = 8 + 4 + 4
    heads = main_units * (deep + 1) + (4 + 1)
    wide = main_units * (WORDS + 64 + 64)
    tables = WORDS * 7 + PAGES * 3 + PAGES * 4
    assert build().count_params() == lstm + context + heads + wide + tables


def test_padding_on_the_left_changes_nothing() -> None:
    longer = {**INPUTS, "title": specification("title", "text", (LENGTH + 3,), WORDS)}
    model = with_random_weights(build(embedding_size=7))
    keras.utils.set_random_seed(4)
    wider = headline_engagement(longer, TASKS, **SMALL)
    wider.set_weights(model.get_weights())
    given = batch()
    more = given | {"title": np.pad(given["title"], ((0, 0), (3, 0)))}
    wide_of = [keras.Model(m.inputs, m.get_layer("wide").output) for m in (model, wider)]
    found, expected = wide_of[1](_listed(wider, more)), wide_of[0](_listed(model, given))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def _listed(model: keras.Model, values: dict[str, np.ndarray]) -> list[np.ndarray]:
    return [values[tensor.name] for tensor in model.inputs]


def test_without_pairs_there_is_no_table_of_pairs() -> None:
    names = {layer.name for layer in build(pair_distance=0).layers}
    assert "words_weights" in names
    assert "pairs_weights" not in names


def test_every_table_is_looked_up_outside_the_graph() -> None:
    divided = DividedGraph(build())
    assert divided.cut.reasons == {}
    assert len(divided.tables) == 6
    given = {name: keras.ops.convert_to_tensor(values) for name, values in batch().items()}
    found = divided(given, divided.feed(divided.fetch(given)), training=False)
    for name, value in divided.model(given).items():
        np.testing.assert_allclose(found[name], value, atol=1e-6)


def test_saves_and_loads_in_safe_mode(tmp_path) -> None:  # type: ignore[no-untyped-def]
    model = with_random_weights(build())
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    for name, value in model(batch()).items():
        np.testing.assert_array_equal(loaded(batch())[name], value)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({k: v for k, v in INPUTS.items() if k != "site"}, "no input is of kind 'index'"),
        (INPUTS | {"more": INPUTS["title"]}, "are of kind 'text'"),
        (INPUTS | {"more": specification("more", "characters", (9,), 40)}, "of kind 'characters'"),
    ],
)
def test_inputs_of_other_kinds_are_refused(inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        headline_engagement(inputs, TASKS, **SMALL)


def test_some_task_must_be_a_main_one() -> None:
    with pytest.raises(ConfigError, match="every task is an auxiliary one"):
        headline_engagement(INPUTS, {"a": Task("a", auxiliary_of="b")}, **SMALL)
