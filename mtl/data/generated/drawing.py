"""Drawing coloured shapes on many pictures at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHAPES = ("circle", "rectangle", "triangle")
COLOURS = {
    "red": (214, 40, 40),
    "orange": (247, 140, 20),
    "yellow": (240, 220, 40),
    "green": (40, 160, 60),
    "blue": (40, 80, 210),
    "purple": (140, 60, 170),
    "brown": (120, 75, 40),
    "black": (20, 20, 20),
}
PALEST, DARKEST_BACKGROUND = 250, 225
AT_ONCE = 1024  # pictures: the distances of all pixels of many take much memory


@dataclass(frozen=True)
class Outlines:
    """One shape on each picture.

    All have the shape `(pictures,)`; lengths are in pixels, x to the right and y down.

    Attributes:
        shape: The number of the shape in `SHAPES`.
        x: Of the middle of the box around it.
        y: Of the same.
        across: Half the box's width.
        down: Half the box's height.
    """

    shape: np.ndarray
    x: np.ndarray
    y: np.ndarray
    across: np.ndarray
    down: np.ndarray


def sizes(
    random: np.random.Generator, shape: np.ndarray, least: float, most: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw half the width and half the height of a box around each shape.

    The larger is uniform from `least` to `most`. Those of circles and triangles are equal; the
    smaller one of a rectangle is 0.55 to 1 times the other.

    Args:
        random: Draws them.
        shape: The numbers of the shapes in `SHAPES`, any array.
        least: In pixels.
        most: In pixels.
    """
    larger = random.uniform(least, most, shape.shape)
    smaller = larger * random.uniform(0.55, 1.0, shape.shape)
    lies = random.random(shape.shape) < 0.5
    is_rectangle = shape == SHAPES.index("rectangle")
    across = np.where(is_rectangle & ~lies, smaller, larger)
    return across, np.where(is_rectangle & lies, smaller, larger)


def inside(outlines: Outlines, size: int) -> np.ndarray:
    """Return which pixels a shape covers, shape `(pictures, size, size)`.

    A pixel counts by its middle. A triangle stands on its box's lower side and its point touches
    the upper one.
    """
    middles = np.arange(size) + 0.5
    across = np.abs(middles - outlines.x[:, np.newaxis]) / outlines.across[:, np.newaxis]
    down = (middles - outlines.y[:, np.newaxis]) / outlines.down[:, np.newaxis]
    across, down = across[:, np.newaxis, :], down[:, :, np.newaxis]
    tests = {
        "circle": across**2 + down**2 <= 1,
        "rectangle": (across <= 1) & (np.abs(down) <= 1),
        "triangle": (across <= (down + 1) / 2) & (down <= 1),
    }
    shape = outlines.shape[:, np.newaxis, np.newaxis]
    chosen = [shape == SHAPES.index(name) for name in tests]
    return np.select(chosen, list(tests.values()), default=False)


def backgrounds(random: np.random.Generator, pictures: int, size: int) -> np.ndarray:
    """Return pictures of one pale colour each, uint8, shape `(pictures, size, size, 3)`."""
    colour = random.integers(DARKEST_BACKGROUND, PALEST + 1, (pictures, 1, 1, 3), dtype=np.uint8)
    return np.broadcast_to(colour, (pictures, size, size, 3)).copy()


def shades(random: np.random.Generator, colour: np.ndarray) -> np.ndarray:
    """Return a shade of each colour, uint8, shape `(…, 3)`.

    Args:
        random: Moves each of red, green and blue by up to 15.
        colour: The numbers of the colours in `COLOURS`, any array.
    """
    exact = np.array(list(COLOURS.values()))[colour]
    return np.clip(exact + random.integers(-15, 16, exact.shape), 0, 255).astype(np.uint8)


def paint(pictures: np.ndarray, outlines: Outlines, shade: np.ndarray) -> None:
    """Draw one shape on each picture, in place.

    Args:
        pictures: uint8, shape `(pictures, size, size, 3)`.
        outlines: The shapes.
        shade: Their colours, uint8, shape `(pictures, 3)`.
    """
    for start in range(0, len(pictures), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        outline = Outlines(*(each[some] for each in vars(outlines).values()))
        covered = inside(outline, pictures.shape[1])[..., np.newaxis]
        np.copyto(pictures[some], shade[some, np.newaxis, np.newaxis, :], where=covered)
