"""What every layer of `mtl` must do, whatever it computes."""

import keras
import numpy as np


def check_layer(layer, values, tmp_path):
    """Return what a layer gives: alone, in a loaded model and under mixed precision the same."""
    direct = np.asarray(layer(values))
    symbolic = keras.Input(values.shape[1:], dtype=str(values.dtype.name), name="values")
    model = keras.Model(symbolic, layer(symbolic))
    assert model.output.shape[1:] == direct.shape[1:]
    assert model.output.dtype == direct.dtype
    model.save(tmp_path / "layer.keras")
    loaded = keras.models.load_model(tmp_path / "layer.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(loaded(values)), direct)
    again = type(layer).from_config(layer.get_config())
    np.testing.assert_array_equal(np.asarray(again(values)), direct)
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_float16")
        config = {k: v for k, v in layer.get_config().items() if k not in ("dtype", "name")}
        mixed = np.asarray(type(layer)(**config)(values))
    finally:
        keras.config.set_dtype_policy(policy)
    assert mixed.dtype == direct.dtype
    np.testing.assert_array_equal(mixed, direct)
    return direct
