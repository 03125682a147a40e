"""Asking: kinds of questions, one of them for each of many rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl


@dataclass(frozen=True)
class Question:
    """One kind of question, as it can be put in each row.

    Attributes:
        wordings: Ways to ask, with at most one blank `{}`; one is drawn for each row.
        blank: What fills the blank, a text for each row; None where there is no blank.
        answer: A word for each row.
        possible: In which rows it can be put; None for all.
    """

    wordings: Sequence[str]
    blank: np.ndarray | None
    answer: np.ndarray
    possible: np.ndarray | None = None


def ask(
    random: np.random.Generator, questions: Sequence[Question], rows: int
) -> tuple[pl.Series, pl.Series]:
    """Put one question in each row, drawn from the kinds that are possible there.

    Args:
        random: Draws the questions and their wordings.
        questions: The kinds of question; one at least must be possible in each row.
        rows: How many.

    Returns:
        The columns `question` and `answer`.
    """
    score = random.random((rows, len(questions)))
    for number, question in enumerate(questions):
        if question.possible is not None:
            score[~question.possible, number] = -1.0
    kind = score.argmax(axis=1)
    text, answer = np.empty(rows, dtype=object), np.empty(rows, dtype=object)
    for number, question in enumerate(questions):
        own = np.flatnonzero(kind == number)
        wording = random.integers(len(question.wordings), size=len(own))
        for choice, words in enumerate(question.wordings):
            chosen = own[wording == choice]
            before, _, after = words.partition("{}")
            text[chosen] = (
                before + ("" if question.blank is None else question.blank[chosen]) + after
            )
        answer[own] = question.answer[own]
    return pl.Series("question", text.tolist()), pl.Series("answer", answer.tolist())


def yes_or_no(
    random: np.random.Generator,
    wordings: tuple[Sequence[str], Sequence[str]],
    words: Sequence[str],
    there: np.ndarray,
    missing: np.ndarray,
) -> list[Question]:
    """Return the question whether something is there, and the one whether it is not.

    Args:
        random: Draws what is asked for: in half of all rows what is there, as far as that can be,
            so that the words of a question do not give its answer away.
        wordings: Of the one and of the other.
        words: For each thing that can be asked for.
        there: Which of them are there, shape `(rows, things)`.
        missing: Which of those that are not there can be asked for, the same shape. Each row needs
            something in the one or the other.
    """
    always, possible = ~missing.any(axis=1), there.any(axis=1)
    free = possible & ~always
    share = (0.5 - always.mean()) / max(free.mean(), 1 / len(there))
    is_there = (random.random(len(there)) < share) & free | always
    candidates = np.where(is_there[:, np.newaxis], there, missing)
    thing = np.where(candidates, random.random(there.shape), -1.0).argmax(axis=1)
    blank = np.array(words, dtype=object)[thing]
    answers = np.array(["no", "yes"], dtype=object)
    return [
        Question(wordings[0], blank, answers[is_there.astype(int)]),
        Question(wordings[1], blank, answers[(~is_there).astype(int)]),
    ]
