"""Folders of easy-VQA: images, and questions about them with one-word answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import polars as pl

from mtl.data.formats.files import opened, plain_or_compressed
from mtl.errors import DataError, nearest

IMAGES, QUESTIONS, ANSWERS = "images.npz", "questions.json", "answers.txt"
COLUMNS = ("image", "question", "answer", "image_id")


def read(path: Path) -> pl.DataFrame:
    """Return one row a question, with its image.

    Args:
        path: A folder with `images.npz` (`images`, uint8, shape `(images, height, width, 3)`, and
            `ids`), `questions.json` or `questions.json.gz` (a list of question, answer, image id)
            and `answers.txt` (one a line).

    Returns:
        A table of `image` (uint8), `question`, `answer` and `image_id`. An image is repeated for
        each of its questions: easy-VQA's 38,575 rows take 474 MB.

    Raises:
        DataError: A file is missing or damaged, a question is about no image, or an answer is not
            in `answers.txt`.

    Source: Victor Zhou, easy-VQA, github.com/vzhou842/easy-VQA.
    """
    images, ids = _images(path / IMAGES)
    file = plain_or_compressed(path / QUESTIONS)
    asked = _questions(file)
    place = {number: row for row, number in enumerate(ids.tolist())}
    with opened(path / ANSWERS) as stream:
        lines = stream.read().decode("utf-8").splitlines()
    known = {line.strip() for line in lines} - {""}
    for row, (_, answer, number) in enumerate(asked, start=1):
        if number not in place:
            raise DataError(
                f"{file} has a question about image {number!r} in row {row}. Expected one of the "
                f"{len(ids)} ids of {IMAGES}."
            )
        if answer not in known:
            raise DataError(
                f"{file} has the answer {answer!r} in row {row}, which {ANSWERS} has not. "
                f"{nearest(answer, known)}"
            )
    questions, answers, numbers = (list(column) for column in zip(*asked, strict=True))
    return pl.DataFrame(
        [
            # Repeated only here, so that no second copy is ever in memory.
            pl.Series("image", images).gather([place[number] for number in numbers]),
            pl.Series("question", questions),
            pl.Series("answer", answers),
            pl.Series("image_id", numbers),
        ]
    )


def _images(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and their ids."""
    with opened(file) as stream:
        try:
            arrays: Any = np.load(stream)
            images, ids = arrays["images"], arrays["ids"]
        except (BadZipFile, KeyError, ValueError, EOFError, TypeError, IndexError) as error:
            raise DataError(
                f"{file} cannot be read: {error}. Expected the arrays images and ids, as NumPy's "
                "savez_compressed writes them."
            ) from error
    if images.ndim != 4 or images.dtype != np.uint8 or ids.shape != images.shape[:1]:
        raise DataError(
            f"{file} holds images of type {images.dtype} and shape {images.shape}, and ids of "
            f"shape {ids.shape}. Expected uint8, (images, height, width, channels), and an id each."
        )
    if len(np.unique(ids)) < len(ids):
        raise DataError(f"{file} has one id for several images. Expected a different one each.")
    return images, ids


def _questions(file: Path) -> list[tuple[str, str, int]]:
    """Return questions, answers and the ids of their images."""
    with opened(file) as stream:
        try:
            asked = json.load(stream)
        except ValueError as error:
            raise DataError(f"{file} is no JSON: {error}.") from error
    if not isinstance(asked, list) or not asked:
        raise DataError(f"{file} holds no questions. Expected [[question, answer, image id], …].")
    for row, entry in enumerate(asked, start=1):
        types = list(map(type, entry)) if isinstance(entry, list) else None
        if types != [str, str, int]:
            raise DataError(
                f"{file} holds {entry!r} in row {row}. Expected [question, answer, image id]."
            )
    return [(question, answer, number) for question, answer, number in asked]
