"""Generated headlines: posts of news pages whose popularity is a known function plus chance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

import numpy as np
import polars as pl

from mtl.data.generated.base import Generated, check_least
from mtl.data.generated.headline_grammar import (
    CLICKBAIT,
    NEWS,
    TARGETS,
    THEMES,
    WORLD_SEED,
    correlated,
    worth,
    write,
)
from mtl.data.generated.headline_words import PAGES
from mtl.registry import generator

DAYS = 90
FIRST_DAY = datetime(2016, 2, 24)  # noqa: DTZ001 all times of a table are UTC and say so nowhere
BASES = (6.7, 4.4, 4.7)
NOISE_RATIOS = (1.0, 1.05, 1.2)
FEELINGS = {"likes": 0.84, "loves": 0.05, "wows": 0.03, "hahas": 0.04, "sads": 0.02, "angrys": 0.02}


@generator("headlines")
def headlines(*, rows: int = 12_000, seed: int = 0, noise: float = 0.75) -> Generated:
    """Return posts with the columns of a real collection, sorted by time.

    For each of the targets `num_reactions`, `num_comments` and `num_shares`

        log(1 + count) = base + page + hour + weekday + words + page × topic + page × clickbait + ε

    with ε normal, correlated 0.7 between the targets. What a word adds depends on its place in the
    sentence, see `headline_grammar`. The function is the same for every `seed`, which draws the
    posts and ε; so a model trained on one table can be used on another.

    Args:
        rows: How many posts, 1 or more; 60,000 take a fifth of a second.
        seed: Of the posts and of ε, 0 or more.
        noise: Standard deviation of ε for reactions, 0 or more (comments 1.05, shares 1.2 times
            it). At 0.75 the best possible AUC of reactions above their median is about 0.88.

    Returns:
        The table, and the mean of log(1 + count) given all of page, time and headline. (Counts are
        rounded and not negative, which shifts the mean by less than 0.01.)

    Raises:
        DataError: An argument is out of range.
    """
    check_least("headlines", {"rows": rows, "seed": seed, "noise": noise}, {"rows": 1})
    random, world = np.random.default_rng(seed), _world()
    page = random.choice(len(PAGES), size=rows, p=world.page_chance)
    seconds = _times(random, rows)
    clickbait = random.random(rows) < world.clickbait_chance[page]
    patterns = np.where(
        clickbait,
        len(NEWS) + random.integers(len(CLICKBAIT), size=rows),
        random.integers(len(NEWS), size=rows),
    )
    sentences = write(random, patterns, worth())
    hour, weekday = seconds // 3600 % 24, (seconds // 86_400 + FIRST_DAY.weekday()) % 7
    mean = (
        np.array(BASES)
        + world.page[page]
        + world.hour[hour]
        + world.weekday[weekday]
        + sentences.score
        + (sentences.themes * world.page_theme[page]).sum(axis=1, keepdims=True)
        + clickbait[:, np.newaxis] * world.page_clickbait[page]
    )
    error = correlated(random, rows, noise) * np.array(NOISE_RATIOS)
    counts = np.rint(np.expm1(np.maximum(mean + error, 0.0))).astype(np.int64)
    feelings = random.multinomial(counts[:, 0], list(FEELINGS.values()))
    messages = pl.select(
        pl.concat_str(
            pl.lit("What do you think about "), sentences.topic.str.to_lowercase(), pl.lit("?")
        )
    ).to_series()
    table = pl.DataFrame(
        {
            "page": pl.Series(PAGES)[page],
            "status_id": _identifiers(page),
            "status_published": _spelt(seconds),
            "link_name": sentences.text,
            "status_message": pl.select(
                pl.when(pl.Series(random.random(rows) < 0.9)).then(messages)
            ).to_series(),
            **{name: counts[:, place] for place, name in enumerate(TARGETS)},
            **{f"num_{name}": feelings[:, place] for place, name in enumerate(FEELINGS)},
        }
    )
    return Generated(table, {name: mean[:, place] for place, name in enumerate(TARGETS)})


def _times(random: np.random.Generator, rows: int) -> np.ndarray:
    """Return sorted seconds since the first day's midnight; fewer at night."""
    activity = 1.5 + np.sin((np.arange(24) - 8) / 24 * 2 * np.pi)
    hours = random.choice(24, size=rows, p=activity / activity.sum())
    days = random.integers(DAYS, size=rows)
    return np.sort(days * 86_400 + hours * 3600 + random.integers(3600, size=rows))


def _spelt(seconds: np.ndarray) -> pl.Series:
    times = pl.Series(seconds * 1_000_000).cast(pl.Duration("us"))
    moments = pl.select(pl.lit(FIRST_DAY) + times).to_series()
    return moments.dt.strftime("%Y-%m-%d %H:%M:%S")


def _identifiers(page: np.ndarray) -> pl.Series:
    """Return identifiers such as the real ones: the page's number, the post's number."""
    posts = pl.Series(np.arange(len(page)) + 10_153_000_000_000_000).cast(pl.String)
    pages = pl.Series(page + 5_281_959_980).cast(pl.String)
    return pl.select(pl.concat_str([pages, pl.lit("_"), posts])).to_series()


@dataclass(frozen=True)
class _World:
    """What is the same in every table: the pages, and the effects of hours and weekdays.

    Effects have the shape `(pages or hours or weekdays, targets)`.
    """

    page_chance: np.ndarray
    clickbait_chance: np.ndarray
    page: np.ndarray
    page_theme: np.ndarray
    page_clickbait: np.ndarray
    hour: np.ndarray
    weekday: np.ndarray


@cache
def _world() -> _World:
    random = np.random.default_rng(WORLD_SEED + 1)
    count = len(PAGES)
    chance = random.uniform(0.4, 1.6, count)
    from_evening = (np.arange(24)[:, np.newaxis] - 19) / 24 * 2 * np.pi
    weekdays = np.array([-0.1, -0.06, -0.03, 0.0, -0.05, 0.14, 0.18])
    return _World(
        page_chance=chance / chance.sum(),
        clickbait_chance=random.uniform(0.05, 0.75, count),
        page=correlated(random, count, 0.62),
        page_theme=0.13 * random.normal(size=(count, THEMES)),
        page_clickbait=correlated(random, count, 0.3),
        hour=np.cos(from_evening) * [0.22, 0.18, 0.26],
        weekday=weekdays[:, np.newaxis] * [1.0, 0.6, 1.2],
    )
