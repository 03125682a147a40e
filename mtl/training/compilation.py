"""Whether XLA compiles a graph, and what of it."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from mtl.graph.calls import layers
from mtl.graph.division import DividedGraph
from mtl.layers.lstm import LSTM


@dataclass(frozen=True)
class Compilation:
    """What XLA compiles.

    Attributes:
        graph: Whether it compiles the graph after its lookups.
        loops_apart: Whether it compiles each recurrent loop by itself instead of the whole graph.
        notes: Sentences that say so, and why.
    """

    graph: bool
    loops_apart: bool
    notes: tuple[str, ...] = ()


NONE = Compilation(graph=False, loops_apart=False)


def choose_compilation(
    graph: DividedGraph,
    setting: bool | str,  # noqa: FBT001 the config's key has both
    *,
    deterministic: bool,
    in_parts: bool,
) -> Compilation:
    """Follow the setting; `auto` compiles where it was measured to be faster.

    On a CPU that is where an LSTM's loop is hoisted and no table stands in the graph: on the
    headline model the step was 3.4 times as fast as Keras's own without XLA and 5.7 times with
    it, while Keras's LSTM gained nothing. On a GPU it is every graph without a table.

    XLA runs the loops of one compiled graph one after the other, on one core. Compiled apart
    they run side by side: on the tweets model, two cores, the step was 1.8 times as fast.

    Args:
        graph: The graph.
        setting: `training.xla`: `True`, `False` or `auto`.
        deterministic: Whether results must be equal bit for bit; `auto` does without XLA then.
        in_parts: Whether the gradients are computed in several passes with a solver between
            them. XLA cannot compile these as one, so that only loops are compiled.
    """
    found = layers(graph.model)
    hoisted = any(isinstance(layer, LSTM) and layer.hoists for layer in found)
    chosen, reason = setting, "training.xla says so"
    if setting == "auto":
        on_gpu = bool(tf.config.list_physical_devices("GPU"))
        unfit = [
            layer.name
            for layer in found
            if not (layer.supports_jit or (isinstance(layer, LSTM) and layer.hoists))
        ]
        reasons = {
            "training.deterministic is true": deterministic,
            "an embedding stands in it": bool(graph.cut.reasons),
            f"it cannot compile {unfit}": bool(unfit),
            "on a CPU it gains only where an mtl.layers.LSTM is": not (hoisted or on_gpu),
        }
        against = [text for text, holds in reasons.items() if holds]
        chosen = not against
        reason = against[0] if against else "its recurrent loop gains" if hoisted else "GPU"
    if chosen and in_parts and not hoisted:
        chosen, reason = False, "the balancing takes its gradients in several passes"
    notes = [f"XLA {'compiles' if chosen else 'does not compile'} the graph: {reason}."]
    called = [call.operation for call in graph.calls]
    loops = [layer for layer in called if isinstance(layer, LSTM) and layer.hoists]
    apart = bool(chosen) and (in_parts or (setting == "auto" and len(loops) > 1))
    if apart:
        notes.append(f"Its {len(loops)} recurrent loops are compiled each by itself.")
    return Compilation(bool(chosen), apart, tuple(notes))
