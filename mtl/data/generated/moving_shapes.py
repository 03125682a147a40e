"""Videos of a shape that moves, with questions about the motion."""

from __future__ import annotations

from dataclasses import dataclass

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
from mtl.registry import generator

DIRECTIONS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
MANNERS = {"go on": "steadily", "speed up": "faster", "stop": "halting", "turn back": "returning"}
LEAST = {"videos": 1, "questions": 1, "frames": 4, "size": 24}
DISTANCE = 0.25
WHETHER = (
    ("does it {}?", "do you see it {}?"),
    ("does it never {}?", "is it so that it does not {}?"),
)


@generator("moving_shapes")
def moving_shapes(
    *,
    videos: int = 3000,
    questions: int = 4,
    frames: int = 8,
    size: int = 24,
    still: bool = False,
    seed: int = 0,
) -> Generated:
    """Return questions about videos of a coloured shape that moves on a pale background.

    It moves left, right, up or down: steadily, faster and faster, halting half-way through, or
    returning half-way through. Questions ask where it goes in the beginning, how it moves, and
    whether it speeds up, stops or turns back. A single frame tells little of this.

    Args:
        videos: How many, 1 or more; 3,000 take a second.
        questions: About each video, 1 or more; some may be the same.
        frames: In each video, 4 or more.
        size: Height and width, in pixels, 24 or more.
        still: Whether a second shape, of another kind and colour, keeps still beside it; questions
            then ask also which shape and which colour moves or keeps still, which is much harder.
        seed: 0 or more.

    Returns:
        A table with one row a question: `video` (uint8, shape `(frames, size, size, 3)`),
        `question`, `answer` (10 words: 4 directions, 4 manners, yes, no; with `still` also 3 shapes
        and 8 colours) and `video_id` (rows of one video follow each other).

    Raises:
        DataError: An argument is out of range.
    """
    given = {"videos": videos, "questions": questions, "frames": frames, "size": size}
    check_least("moving_shapes", given | {"seed": seed}, LEAST)
    random = np.random.default_rng(seed)
    motion = _motion(random, videos)
    pictures = _film(random, motion, frames, size, shown=2 if still else 1)
    row = np.repeat(np.arange(videos), questions)
    asked = Motion(*(each[row] for each in vars(motion).values()))
    kinds = _questions(random, asked) + (_questions_which(asked) if still else [])
    question, answer = ask(random, kinds, len(row))
    table = pl.DataFrame(
        [pl.Series("video", pictures).gather(row), question, answer, pl.Series("video_id", row)]
    )
    return Generated(table)


@dataclass(frozen=True)
class Motion:
    """What happens in each video. All are numbers of names, of shape `(videos,)` or as said.

    Attributes:
        shape: In `SHAPES`, shape `(videos, 2)`: of the shape that moves, of the other.
        colour: In `COLOURS`, shape `(videos, 2)`, likewise.
        direction: In `DIRECTIONS`, in the beginning.
        manner: In `MANNERS`.
    """

    shape: np.ndarray
    colour: np.ndarray
    direction: np.ndarray
    manner: np.ndarray


def _motion(random: np.random.Generator, videos: int) -> Motion:
    return Motion(
        shape=random.random((videos, len(SHAPES))).argsort(axis=1)[:, :2],
        colour=random.random((videos, len(COLOURS))).argsort(axis=1)[:, :2],
        direction=random.integers(len(DIRECTIONS), size=videos),
        manner=random.integers(len(MANNERS), size=videos),
    )


def progress(frames: int) -> np.ndarray:
    """Return which share of the way is gone at each frame, shape `(manners, frames)`."""
    time = np.linspace(0, 1, frames)
    return np.stack([time, time**2, np.minimum(2 * time, 1), 1 - np.abs(1 - 2 * time)])


def _film(
    random: np.random.Generator, motion: Motion, frames: int, size: int, shown: int
) -> np.ndarray:
    """Return the videos, shape `(videos, frames, size, size, 3)`, with one shape or two."""
    videos = len(motion.direction)
    boxes = np.stack(sizes(random, motion.shape, 0.12 * size, 0.15 * size), axis=1)
    ways = np.array(list(DIRECTIONS.values()))[motion.direction]
    starts = _starts(random, boxes[..., :shown], ways, size)
    gone = progress(frames)[motion.manner] * DISTANCE * size
    shade = shades(random, motion.colour)
    pictures = np.repeat(backgrounds(random, videos, size), frames, axis=0)
    for number, steps in enumerate((gone, np.zeros_like(gone))[:shown]):
        places = starts[:, :, number, np.newaxis] + ways[:, :, np.newaxis] * steps[:, np.newaxis]
        shape, across, down = (
            np.repeat(each, frames)
            for each in (motion.shape[:, number], boxes[:, 0, number], boxes[:, 1, number])
        )
        outlines = Outlines(shape, places[:, 0].ravel(), places[:, 1].ravel(), across, down)
        paint(pictures, outlines, np.repeat(shade[:, number], frames, axis=0))
    return pictures.reshape(videos, frames, size, size, 3)


def _starts(
    random: np.random.Generator, boxes: np.ndarray, ways: np.ndarray, size: int
) -> np.ndarray:
    """Draw where the shapes are in the first frame, x and y, shape `(videos, 2, shapes)`.

    One that moves alone may be anywhere from where its way does not leave the picture. Where a
    second one is, the first has a half of the picture, cut along its way, to itself, and the second
    is in a quarter of the other half.

    Args:
        random: Draws them.
        boxes: Half the widths and half the heights, shape `(videos, 2, shapes)`.
        ways: Where the first one moves, in x and y, shape `(videos, 2)`.
        size: Of the picture.
    """
    least, most = boxes.copy(), size - boxes
    if boxes.shape[-1] == 2:
        halves = np.where(random.random((len(ways), 2, 1)) < 0.5, [0, 1], [1, 0]) * size / 2
        least, most = halves + boxes, halves + size / 2 - boxes
    along, box, distance = ways != 0, boxes[..., 0], DISTANCE * size
    least[..., 0] = np.where(along, box + distance * (ways < 0), least[..., 0])
    most[..., 0] = np.where(along, size - box - distance * (ways > 0), most[..., 0])
    return random.uniform(least, most)


def _questions(random: np.random.Generator, motion: Motion) -> list[Question]:
    """Return every kind of question about the motion, filled in for each row."""
    direction = np.array(list(DIRECTIONS), dtype=object)[motion.direction]
    manner = np.array(list(MANNERS.values()), dtype=object)[motion.manner]
    seen = list(MANNERS)[1:]
    does = motion.manner[:, np.newaxis] == np.arange(1, len(MANNERS))
    return [
        Question(("where does it go at first?", "where does it start to go?"), None, direction),
        Question(("how does it move?", "how is it going?"), None, manner),
        *yes_or_no(random, WHETHER, seen, does, ~does),
    ]


def _questions_which(motion: Motion) -> list[Question]:
    """Return the questions which of two moves, and which keeps still."""
    shape = np.array(SHAPES, dtype=object)[motion.shape]
    colour = np.array(list(COLOURS), dtype=object)[motion.colour]
    return [
        Question(("which shape moves?", "what is moving?"), None, shape[:, 0]),
        Question(("which shape keeps still?", "what does not move?"), None, shape[:, 1]),
        Question(("which colour moves?",), None, colour[:, 0]),
        Question(("which colour keeps still?",), None, colour[:, 1]),
    ]
