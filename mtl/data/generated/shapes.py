"""Pictures of coloured shapes, with questions about them."""

from __future__ import annotations

import numpy as np
import polars as pl

from mtl.data.generated.base import Generated, check_least
from mtl.data.generated.drawing import (
    COLOURS,
    SHAPES,
    Outlines,
    backgrounds,
    paint,
    shades,
    sizes,
)
from mtl.data.generated.questions import Question, ask, yes_or_no
from mtl.errors import DataError
from mtl.registry import generator

LEAST_CELL = 16
MOST_SHAPES = 4
WHETHER = (
    ("is there {}?", "do you see {} here?"),
    ("is there not {}?", "is the picture without {}?"),
)


@generator("shapes")
def shapes(
    *, images: int = 2000, questions: int = 8, size: int = 64, shapes: int = 1, seed: int = 0
) -> Generated:
    """Return questions about pictures of coloured shapes on a pale background.

    A picture has circles, rectangles and triangles, of different colours and without overlaps, of
    random place and size. Questions ask for shape and colour, and whether there is a shape, a
    colour, or a shape of a colour (if not, then at least its shape or its colour), asked the other
    way round too. Half of these are answered yes.

    Args:
        images: How many, 1 or more; 2,000 take a second.
        questions: About each image, 1 or more; some may be the same.
        size: Height and width, in pixels: 16 or more, and 32 or more where there are several
            shapes.
        shapes: On each image, 1 to 4. Several make it harder.
        seed: 0 or more.

    Returns:
        A table with one row a question: `image` (uint8, shape `(size, size, 3)`), `question`,
        `answer` (13 words: 3 shapes, 8 colours, yes, no) and `image_id` (rows of one image follow
        each other).

    Raises:
        DataError: An argument is out of range.
    """
    counts = {"images": images, "questions": questions, "shapes": shapes}
    check_least("shapes", counts, dict.fromkeys(counts, 1))
    if shapes > MOST_SHAPES:
        raise DataError(f"shapes has shapes={shapes}. Expected at most {MOST_SHAPES}.")
    cells = 1 if shapes == 1 else 2
    if size < cells * LEAST_CELL:
        raise DataError(
            f"shapes has size={size}. Expected {cells * LEAST_CELL} or more for shapes={shapes}."
        )
    check_least("shapes", {"seed": seed})
    random = np.random.default_rng(seed)
    shape = random.integers(len(SHAPES), size=(images, shapes))
    colour = _distinct(random, images, len(COLOURS))[:, :shapes]
    pictures = _draw(random, shape, colour, size, cells)
    row = np.repeat(np.arange(images), questions)
    question, answer = ask(random, _questions(random, shape[row], colour[row]), len(row))
    table = pl.DataFrame(
        [
            pl.Series("image", pictures).gather(row),
            question,
            answer,
            pl.Series("image_id", row),
        ]
    )
    return Generated(table)


def _distinct(random: np.random.Generator, rows: int, count: int) -> np.ndarray:
    """Return the numbers below `count` in a random order of each row's own."""
    return random.random((rows, count)).argsort(axis=1)


def _draw(
    random: np.random.Generator, shape: np.ndarray, colour: np.ndarray, size: int, cells: int
) -> np.ndarray:
    """Return the pictures: each shape somewhere in a cell of its own, `cells` × `cells` of them."""
    images, count = shape.shape
    pictures = backgrounds(random, images, size)
    cell_size = size / cells
    cell = _distinct(random, images, cells * cells)[:, :count]
    across, down = sizes(random, shape, 0.14 * cell_size, 0.36 * cell_size)
    x = cell % cells * cell_size + _within(random, across, cell_size)
    y = cell // cells * cell_size + _within(random, down, cell_size)
    shade = shades(random, colour)
    for number in range(count):
        outlines = (each[:, number] for each in (shape, x, y, across, down))
        paint(pictures, Outlines(*outlines), shade[:, number])
    return pictures


def _within(random: np.random.Generator, half: np.ndarray, length: float) -> np.ndarray:
    """Draw a middle so that `half` to either side fits into `length`."""
    return random.uniform(half, length - half)


def _questions(
    random: np.random.Generator, shape: np.ndarray, colour: np.ndarray
) -> list[Question]:
    """Return every kind of question, filled in for each row.

    Args:
        random: Draws what is asked for.
        shape: The numbers of the shapes, shape `(rows, shapes)`.
        colour: Those of their colours, all different in a row.
    """
    rows, count = shape.shape
    chosen = np.arange(rows), random.integers(count, size=rows)
    named = np.array(SHAPES, dtype=object)[shape[chosen]]
    coloured = np.array(list(COLOURS), dtype=object)[colour[chosen]]
    alone = (shape == shape[chosen][:, np.newaxis]).sum(axis=1) == 1
    asked = [
        Question(("which shape is {}?", "what is the shape of the {} thing?"), coloured, named),
        Question(("which colour has the {}?", "how is the {} painted?"), named, coloured, alone),
    ]
    if count == 1:
        asked += [
            Question(("which shape do you see?", "what is drawn here?"), None, named),
            Question(("which colour do you see?", "how is it painted?"), None, coloured),
        ]
    has_shape, has_colour = _which(shape, len(SHAPES)), _which(colour, len(COLOURS))
    has_pair = _which(shape * len(COLOURS) + colour, len(SHAPES) * len(COLOURS))
    has_either = np.repeat(has_shape, len(COLOURS), axis=1) | np.tile(has_colour, len(SHAPES))
    pairs = [f"any {colour} {shape}" for shape in SHAPES for colour in COLOURS]
    for words, there, missing in (
        ([f"any {shape}" for shape in SHAPES], has_shape, ~has_shape),
        ([f"anything {colour}" for colour in COLOURS], has_colour, ~has_colour),
        (pairs, has_pair, has_either & ~has_pair),
    ):
        asked += yes_or_no(random, WHETHER, words, there, missing)
    return asked


def _which(numbers: np.ndarray, count: int) -> np.ndarray:
    """Return which of the numbers below `count` each row has, shape `(rows, count)`."""
    found = np.zeros((len(numbers), count), dtype=bool)
    found[np.arange(len(numbers))[:, np.newaxis], numbers] = True
    return found
