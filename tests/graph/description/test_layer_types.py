"""Which layers a description may name."""

from __future__ import annotations

import keras
import pytest

from mtl.graph.description.layer_types import REFUSED, layer_types

INPUT = {"x": {"shape": [3]}}


def test_keras_layers_have_bare_names_and_registered_ones_their_packages():
    known = layer_types()
    assert known["Dense"] is keras.layers.Dense
    assert known["mtl>LSTM"].__module__ == "mtl.layers.lstm"
    assert not REFUSED.keys() & known.keys()
    assert all(issubclass(layer, keras.layers.Layer) for layer in known.values())


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_layers_that_run_code_or_compute_nothing_are_refused(said, name):
    (line,) = said(inputs=INPUT, layers={"a": {"type": name}}, outputs={"y": "a(x)"})
    assert line.startswith(f"model.layers.a.type: '{name}' {REFUSED[name]}.")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Dens", "'Dens' is not a layer. Did you mean 'Dense'?"),
        ("LSTMM", "'LSTMM' is not a layer. Did you mean 'LSTM'?"),
        ("HashedPairs", "'HashedPairs' is not a layer. Did you mean 'mtl>HashedPairs'?"),
        ("InputSpec", "'InputSpec' is not a layer. "),
        ("os.system", "'os.system' is not a layer. "),
        ("keras.layers.Dense", "'keras.layers.Dense' is not a layer. "),
        ("Functional", "'Functional' is not a layer. "),
        ("Concatenat", "'Concatenat' is not a layer. Did you mean 'Concatenate'?"),
        (None, "missing. Expected a layer of keras.layers, 'graph', or a registered one (mtl>"),
        (["Dense"], "['Dense'] is not a layer"),
    ],
)
def test_an_unknown_type_gets_the_nearest(said, name, message):
    (line,) = said(inputs=INPUT, layers={"a": {"type": name}}, outputs={"y": "a(x)"})
    assert line.startswith(f"model.layers.a.type: {message}")
