"""How an author of generated tweets writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtl.data.generated import author_words as words

LONGEST = 280
_PART = re.compile(r"\[([^]]+)\]|<(\w+)>|\{(\w+)\}|(, )")


class Draws:
    """Numbers between 0 and 1, drawn many at a time and used one by one.

    Args:
        random: Where they come from.
    """

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._left: list[float] = []

    def happens(self, chance: float) -> bool:
        """Return true with this probability."""
        return self._next() < chance

    def pick(self, entries: Sequence[str]) -> str:
        """Return one of the entries, each as likely as another."""
        return entries[int(self._next() * len(entries))]

    def _next(self) -> float:
        if not self._left:
            self._left = self._random.random(10_000).tolist()
        return self._left.pop()


@dataclass(frozen=True)
class Habits:
    """What an author does alike in most tweets.

    Attributes:
        spelling: How each word is spelt that can be spelt in several ways.
        emphasis: For each word that stresses, the one that the author takes.
        vocabulary: By slot of a pattern, the words to choose from.
        patterns: The sentences that the author likes.
        comma: What stands for a comma, with its blanks.
        ending: What ends a sentence.
        gap: What stands between two sentences.
        case: `usual`, `lower` (no capitals at all) or `title` (Each Noun So).
        shouting: How likely a sentence has a word in capitals.
        more: How likely another sentence follows.
        opener: The first words of some tweets, and how likely they are.
        closer: The last words of some tweets, and how likely they are.
        emoji: The emoji that the author uses, and how likely a tweet ends with some.
        hashtags: How likely a tweet ends with the noun of a topic as a hashtag.
    """

    spelling: dict[str, str]
    emphasis: dict[str, str]
    vocabulary: dict[str, list[str]]
    patterns: list[str]
    comma: str
    ending: str
    gap: str
    case: str
    shouting: float
    more: float
    opener: tuple[str, float]
    closer: tuple[str, float]
    emoji: tuple[list[str], float]
    hashtags: float


def draw_habits(random: np.random.Generator) -> Habits:
    """Return the habits of an author."""

    def some(entries: Sequence[str], count: int) -> list[str]:
        return [str(entry) for entry in random.choice(entries, size=count, replace=False)]

    def sometimes(chance: float) -> float:
        """Return how likely a habit shows that only some authors have."""
        return float(random.uniform(0.3, 0.9)) if random.random() < chance else 0.0

    topics = some(list(words.TOPICS), 2)
    vocabulary = {
        "noun": [noun for topic in topics for noun in words.TOPICS[topic]],
        "adjective": some(words.ADJECTIVES, 12),
        "verb": some(words.VERBS, 10),
        "place": some(words.PLACES, 5),
        "number": words.DIGITS if random.random() < 0.5 else words.NUMBERS,
    }
    return Habits(
        spelling=_spelling(random),
        emphasis={word: some(forms, 1)[0] for word, forms in words.EMPHASIS.items()},
        vocabulary=vocabulary,
        patterns=some(words.PATTERNS, 10),
        comma=some(words.COMMAS, 1)[0],
        ending=some(words.ENDINGS, 1)[0],
        gap=str(random.choice([" ", " ", "  ", "\n"])),
        case=str(random.choice(["usual", "usual", "usual", "lower", "title"])),
        shouting=sometimes(0.25),
        more=float(random.uniform(0.1, 0.75)),
        opener=(some(words.OPENERS, 1)[0], sometimes(0.4)),
        closer=(some(words.CLOSERS, 1)[0], sometimes(0.4)),
        emoji=(some(words.EMOJI, 2), sometimes(0.4)),
        hashtags=sometimes(0.4),
    )


def _spelling(random: np.random.Generator) -> dict[str, str]:
    """Choose a spelling of each word: a family's as a rule, each one with exceptions."""
    chosen = {}
    for family in words.SPELLINGS.values():
        inclined = 0.9 if random.random() < 0.4 else 0.1
        for word, other in family.items():
            chosen[word] = other if random.random() < inclined else word
    return chosen


def write_tweet(habits: Habits, draws: Draws) -> str:
    """Return a tweet of at most `LONGEST` characters."""
    opener, closer = (
        phrase if draws.happens(chance) else "" for phrase, chance in (habits.opener, habits.closer)
    )
    emoji, chance = habits.emoji
    after = [closer, draws.pick(emoji) * (1 + draws.happens(0.3)) if draws.happens(chance) else ""]
    if draws.happens(habits.hashtags):
        after.append(f"#{draws.pick(habits.vocabulary['noun'])}")
    sentences = [_sentence(habits, draws)]
    while draws.happens(habits.more):
        sentences.append(_sentence(habits, draws))
    ends = [part for part in after if part]
    room = LONGEST - len(" ".join([opener, *ends])) - 2
    text = ""
    for sentence in sentences:
        longer = f"{text}{habits.gap}{sentence}" if text else sentence
        if text and len(longer) > room:
            break
        text = longer
    return " ".join([part for part in (opener, text, *ends) if part])[:LONGEST]


def _sentence(habits: Habits, draws: Draws) -> str:
    """Fill one of the author's patterns and end it."""

    def fill(part: re.Match[str]) -> str:
        spelt, stressed, slot, _ = part.groups()
        if spelt:
            return habits.spelling[spelt]
        if stressed:
            return habits.emphasis[stressed]
        if slot:
            word = draws.pick(habits.vocabulary[slot])
            return word.title() if habits.case == "title" and slot == "noun" else word
        return habits.comma

    sentence = _PART.sub(fill, draws.pick(habits.patterns))
    if draws.happens(habits.shouting):
        loud = max(sentence.split(), key=len)
        sentence = sentence.replace(loud, loud.upper(), 1)
    sentence = sentence.lower() if habits.case == "lower" else sentence[:1].upper() + sentence[1:]
    return sentence + habits.ending
