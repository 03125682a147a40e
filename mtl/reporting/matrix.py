"""A matrix of tasks against tasks as an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LARGEST_WITH_NUMBERS = 12
INCHES_FOR_NAMES, INCHES_A_TASK = 2.0, 0.55
DOTS_PER_INCH = 100


def matrix_image(names: Sequence[str], cosines: np.ndarray) -> np.ndarray:
    """Draw the cosines between tasks' gradients: red where they point apart, blue where together.

    Args:
        names: The tasks' names.
        cosines: Shape `(K, K)`, from -1 to 1; NaN, drawn grey, where there is none.

    Returns:
        uint8, shape `(height, width, 3)`.
    """
    # matplotlib is slow to import, and most runs compare no gradients.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    side = INCHES_FOR_NAMES + INCHES_A_TASK * len(names)
    figure = Figure(figsize=(side + 0.8, side), dpi=DOTS_PER_INCH, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_facecolor("0.85")
    drawn = axes.imshow(cosines, cmap="RdBu", vmin=-1, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_title("Cosines between the tasks' gradients")
    if len(names) <= LARGEST_WITH_NUMBERS:
        for (row, column), value in np.ndenumerate(cosines):
            colour = "white" if abs(value) > 0.6 else "black"
            text = "–" if np.isnan(value) else f"{value:.2f}"
            axes.text(column, row, text, ha="center", va="center", color=colour)
    figure.colorbar(drawn, shrink=0.8)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
