"""Sentences for generated headlines, and what each of their words is worth.

A sentence is a pattern of fixed words and slots. The same word counts differently in different
slots: a person who acts counts in full, one who is acted upon counts against; an adjective after
"Not" counts in reverse. So the order of the words matters, and not only which ones occur.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from mtl.data.generated import headline_words as words

TARGETS = ("num_reactions", "num_comments", "num_shares")
WORLD_SEED = 20_160_224
THEMES = 3

PEOPLE = [
    f"{words.ROLES[number % len(words.ROLES)]} {surname}"
    for number, surname in enumerate(words.SURNAMES)
]
CLASSES: dict[str, list[str]] = {
    "person": PEOPLE,
    "place": words.PLACES,
    "topic": words.TOPICS,
    "verb": words.VERBS,
    "adjective": words.ADJECTIVES,
    "reaction": words.REACTIONS,
    "number": words.NUMBERS,
}
NEWS = (
    "{person:1} {verb:1} {person:-0.8}",
    "{person:1} {verb:1} {person:-0.8} Over {topic:0.7}",
    "{person:1} {verb:1} {topic:0.8} in {place:0.6}",
    "{place:1} {verb:1} {place:-0.8} in Row About {topic:0.8}",
    "{place:0.9} {verb:1} {adjective:0.8} {topic:0.8}",
    "Breaking: {person:0.8} {verb:1.2} {place:0.7}",
    "Opinion: How {topic:1} Changed {place:0.8}",
    "{topic:0.9} in {place:0.8} Are Not {adjective:-1} After All",
    "Not Even {person:-0.9} {verb:-1} {topic:0.8}",
    "{person:0.9}: '{topic:0.9} Are {adjective:1}'",
)
CLICKBAIT = (
    "{number:1} {adjective:1} {topic:1} That Will Make You {reaction:1}",
    "This {adjective:1} Story of {person:0.8} and {topic:0.8} Will Make You {reaction:1}",
    "You Will Never Guess Why {person:1} {verb:1} {topic:0.9}",
    "{number:1} Reasons Why {place:0.9} {verb:0.9} {person:0.7}",
    "Watch {person:1} and {person:-0.8} {reaction:1} in {place:0.6}",
    "The {adjective:1} Truth About {topic:1} and {topic:-0.8}",
)
PATTERNS = NEWS + CLICKBAIT
_SLOT = re.compile(r"\{(\w+):(-?[\d.]+)\}")


@dataclass(frozen=True)
class Worth:
    """What words and patterns add to log(1 + count), the same in every generated table.

    Attributes:
        words: By class, shape `(words, targets)`.
        patterns: Shape `(patterns, targets)`.
        themes: Of each topic, shape `(topics, themes)`: some pages' readers care for some themes.
        chance: By class, how likely each word is.
    """

    words: dict[str, np.ndarray]
    patterns: np.ndarray
    themes: np.ndarray
    chance: dict[str, np.ndarray]


@dataclass(frozen=True)
class Sentences:
    """Generated headlines.

    Attributes:
        text: The headlines.
        score: What their words add to log(1 + count), shape `(rows, targets)`.
        themes: Of their topics, shape `(rows, themes)`; zero without a topic.
        topic: One of their words, for the message above the link.
    """

    text: pl.Series
    score: np.ndarray
    themes: np.ndarray
    topic: pl.Series


def correlated(
    random: np.random.Generator, rows: int, scale: float, shared: float = 0.7
) -> np.ndarray:
    """Return normal numbers, shape `(rows, targets)`, with correlation `shared` between targets."""
    common = random.normal(size=(rows, 1))
    own = random.normal(size=(rows, len(TARGETS)))
    return scale * (np.sqrt(shared) * common + np.sqrt(1 - shared) * own)


def worth(scale: float = 0.42) -> Worth:
    """Return the worth of every word, drawn from a seed that is always the same."""
    random = np.random.default_rng(WORLD_SEED)
    return Worth(
        words={name: correlated(random, len(entries), scale) for name, entries in CLASSES.items()},
        patterns=correlated(random, len(PATTERNS), 0.5 * scale),
        themes=random.normal(size=(len(words.TOPICS), THEMES)),
        chance={name: _chance(random, len(entries)) for name, entries in CLASSES.items()},
    )


def _chance(random: np.random.Generator, count: int) -> np.ndarray:
    """Return probabilities that fall with rank as those of words do, less steeply."""
    chance = 1.0 / (random.permutation(count) + 4.0) ** 0.6
    return chance / chance.sum()


def write(random: np.random.Generator, patterns: np.ndarray, value: Worth) -> Sentences:
    """Fill patterns with words drawn at random.

    Args:
        random: Draws the words.
        patterns: The number of each row's pattern, shape `(rows,)`.
        value: Of the words.
    """
    rows = len(patterns)
    score = value.patterns[patterns].copy()
    themes = np.zeros((rows, THEMES))
    texts, topics, order = [], [], []
    for number, pattern in enumerate(PATTERNS):
        here = np.flatnonzero(patterns == number)
        pieces = _SLOT.split(pattern)
        parts: list[pl.Series | str] = []
        topic = pl.Series(["this"] * len(here), dtype=pl.String)
        for fixed, name, weight in zip(
            pieces[::3], [*pieces[1::3], ""], [*pieces[2::3], ""], strict=True
        ):
            parts.append(fixed)
            if name:
                chosen = random.choice(len(CLASSES[name]), size=len(here), p=value.chance[name])
                score[here] += float(weight) * value.words[name][chosen]
                if name == "topic":
                    themes[here] += value.themes[chosen]
                    topic = pl.Series(CLASSES[name])[chosen]
                parts.append(pl.Series(CLASSES[name])[chosen])
        literals = [pl.lit(part) for part in parts]
        texts.append(pl.select(pl.concat_str(literals)).to_series())
        topics.append(topic)
        order.append(here)
    back = np.argsort(np.concatenate(order), kind="stable")
    return Sentences(pl.concat(texts)[back], score, themes, pl.concat(topics)[back])
