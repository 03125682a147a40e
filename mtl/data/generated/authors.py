"""Generated tweets: their authors have habits of spelling, punctuation and vocabulary."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from mtl.data.generated.author_habits import Draws, draw_habits, write_tweet
from mtl.data.generated.base import Generated
from mtl.errors import DataError
from mtl.registry import generator


@generator("authors")
def authors(
    *, authors: int = 200, rows: int = 12_000, seed: int = 0, slips: float = 0.1
) -> Generated:
    """Return tweets of made-up authors, in random order.

    An author spells words in one of several ways (colour or color, you or u, is not or isn't), has
    favourite words and two topics, and own habits of commas, ends of sentences, capitals, emoji,
    hashtags, first and last words, and length. An author of a number has the same habits in every
    table of one seed, however many rows it has.

    Args:
        authors: How many authors, 1 or more. Each of the first `rows` of them has a tweet.
        rows: How many tweets, 1 or more; 20,000 take half a second.
        seed: Of the habits and of the tweets, 0 or more.
        slips: Share of the tweets, 0 to 1, that are written with another author's habits: what no
            model can tell.

    Returns:
        The columns `author` (a name) and `text` (at most 280 characters).

    Raises:
        DataError: An argument is out of range.
    """
    for name, value, least, most in (
        ("authors", authors, 1, math.inf),
        ("rows", rows, 1, math.inf),
        ("seed", seed, 0, math.inf),
        ("slips", slips, 0, 1),
    ):
        if not least <= value <= most or value == math.inf:
            expected = f"{least} or more" if most == math.inf else f"{least} to {most}"
            raise DataError(f"authors has {name}={value}. Expected {expected}.")
    habits = [draw_habits(np.random.default_rng((seed, number))) for number in range(authors)]
    random = np.random.default_rng(seed)
    writers = random.permutation(np.arange(rows) % authors)
    guises = np.where(random.random(rows) < slips, random.integers(authors, size=rows), writers)
    draws = Draws(random)
    texts = [write_tweet(habits[guise], draws) for guise in guises]
    names = pl.Series([f"author_{number:03d}" for number in range(1, authors + 1)])
    return Generated(pl.DataFrame({"author": names[writers], "text": texts}))
