"""The value iteration network: a map and states in, the move to make in each state out."""

from __future__ import annotations

from typing import Literal

import keras

from mtl.layers.folded_convolutions import FoldedConvolutions
from mtl.layers.select_state import SelectState
from mtl.layers.value_iteration import ValueIteration
from mtl.models.parameters import Deviation, Width
from mtl.registry import builder


@builder("vin")
def vin(
    *,
    iterations: Width = 10,
    hidden_channels: Width = 150,
    action_channels: Width = 10,
    moves: Width = 8,
    relu: bool = False,
    form: Literal["flat", "convolution"] = "flat",
    initial_deviation: Deviation = 0.05,
) -> keras.Model:
    """Build the network that plans a path by value iteration inside of itself.

    From the map, two convolutions make a reward for each cell. `ValueIteration` plans with it, once
    a map whatever the number of states. What it says of a state's cell decides on the move there.
    No weight depends on the map's size, on the number of states or on `iterations`: 3,260
    parameters with the defaults.

    Args:
        iterations: Steps of value iteration. The paper has 10, 20 and 36 on maps of 8, 16 and 28
            cells.
        hidden_channels: Channels of the convolution before the reward.
        action_channels: Abstract actions of the value iteration.
        moves: How many moves there are to choose from.
        relu: Whether the convolution before the reward ends in a ReLU. Without, as in the authors'
            program, it and the next one are computed as one.
        form: How value iteration is computed, see `mtl.layers.ValueIteration`.
        initial_deviation: Standard deviation of the kernels' normal initial values.

    Inputs:
        map: Obstacles (1, else 0) and the goal (10, else 0), shape `(batch, height, width, 2)`.
        state: Rows and columns, integers, shape `(batch, states, 2)`.

    Outputs:
        action: The probability of each move, shape `(batch, states, moves)`.

    The outputs of the layers `reward` and `q` are the reward map and, its maximum over the
    channels, the value map.

    Source: Tamar et al. 2016, Value Iteration Networks; github.com/avivt/VIN.
    """
    maps = keras.Input((None, None, 2), name="map")
    states = keras.Input((None, 2), dtype="int32", name="state")

    def initializer() -> keras.initializers.Initializer:
        return keras.initializers.RandomNormal(stddev=initial_deviation)

    if relu:
        hidden = keras.layers.Conv2D(
            hidden_channels,
            3,
            padding="same",
            activation="relu",
            kernel_initializer=initializer(),
            name="hidden",
        )(maps)
        reward = keras.layers.Conv2D(
            1, 1, use_bias=False, kernel_initializer=initializer(), name="reward"
        )(hidden)
    else:
        reward = FoldedConvolutions(
            hidden_channels,
            1,
            hidden_initializer=initializer(),
            kernel_initializer=initializer(),
            name="reward",
        )(maps)
    q = ValueIteration(
        iterations,
        action_channels,
        form,
        reward_initializer=initializer(),
        value_initializer=initializer(),
        name="q",
    )(reward)
    at_state = SelectState(name="at_state")(q, states)
    action = keras.layers.Dense(
        moves,
        activation="softmax",
        use_bias=False,
        kernel_initializer=initializer(),
        name="action",
    )(at_state)
    return keras.Model({"map": maps, "state": states}, {"action": action}, name="vin")
