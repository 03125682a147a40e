"""Answers are what an independent look at the pixels says."""

import re

import numpy as np
import polars as pl
import pytest

from mtl.data.generated.drawing import COLOURS, SHAPES
from mtl.data.generated.shapes import shapes
from mtl.errors import DataError
from tests.data.generated.looking import seen


@pytest.fixture(scope="module", params=[1, 3])
def generated(request):
    table = shapes(images=150, questions=12, size=64, shapes=request.param, seed=5).table
    return request.param, table


def answer(question: str, picture: dict[str, str]) -> str:
    """Answer a question about a picture: for each colour the shape that has it."""
    colour = next((name for name in COLOURS if re.search(rf"\b{name}\b", question)), None)
    shape = next((name for name in SHAPES if re.search(rf"\b{name}\b", question)), None)
    if re.search(r"\bany(thing)?\b", question):
        there = any(
            colour in (None, its_colour) and shape in (None, its_shape)
            for its_colour, its_shape in picture.items()
        )
        denied = "not" in question.split() or "without" in question.split()
        return "yes" if there != denied else "no"
    if colour is not None:
        return picture[colour]
    own = [name for name, its_shape in picture.items() if shape in (None, its_shape)]
    assert len(own) == 1, "it is not clear which one is meant"
    return own[0] if "colour" in question or "painted" in question else picture[own[0]]


def test_every_answer_is_true(generated):
    count, table = generated
    images = table["image"].to_numpy()
    for row in range(0, len(images), 12):
        picture = {colour: shape for colour, (shape, _) in seen(images[row]).items()}
        assert len(picture) == count
        asked = table[row : row + 12]
        assert asked["image_id"].to_list() == [row // 12] * 12
        np.testing.assert_array_equal(images[row : row + 12], images[[row]].repeat(12, axis=0))
        for question, said in asked.select("question", "answer").iter_rows():
            assert said == answer(question, picture), question


def test_a_question_alone_says_little(generated):
    """Asked whether something is there, yes and no are as frequent."""
    _, table = generated
    whether = table.filter(table["answer"].is_in(["yes", "no"]))
    assert 0.45 < (whether["answer"] == "yes").mean() < 0.55
    assert 0.4 < whether.height / table.height < 0.9
    assert table["question"].str.split(" ").list.len().max() <= 12


@pytest.mark.parametrize("count", [1, 4])
def test_the_words_of_a_question_do_not_give_yes_or_no_away(count):
    """Four shapes often are of all three kinds: then none can be asked for that is not there."""
    table = shapes(images=1000, questions=12, size=32, shapes=count).table
    names = (("colour", COLOURS), ("shape", SHAPES))
    wording = pl.col("question")
    for kind, of_kind in names:
        wording = wording.str.replace(rf"\b({'|'.join(of_kind)})\b", kind)
    whether = table.filter(table["answer"].is_in(["yes", "no"]))
    rates = whether.group_by(wording).agg(yes=(pl.col("answer") == "yes").mean())
    assert rates.height == 4 * 3
    assert 0.42 < rates["yes"].min() < rates["yes"].max() < 0.58


def test_a_shape_may_be_anywhere_and_of_many_sizes():
    images = shapes(images=300, questions=1).table["image"].to_numpy()
    drawn = images.min(axis=-1) < 225
    share = drawn.mean(axis=(1, 2))
    assert share.min() < 0.06
    assert share.max() > 0.35
    assert drawn.any(axis=0).mean() > 0.9
    background = images[~drawn]
    assert background.min() >= 225


def test_is_the_same_for_one_seed_and_another_for_another():
    first = shapes(images=20, seed=1).table
    assert first.equals(shapes(images=20, seed=1).table)
    assert not first.equals(shapes(images=20, seed=2).table)
    assert first.height == 160
    assert first["image"].to_numpy().shape == (160, 64, 64, 3)


def test_makes_the_smallest_pictures():
    image = shapes(images=40, questions=1, size=16).table["image"].to_numpy()
    assert ((image.min(axis=-1) < 225).sum(axis=(1, 2)) >= 6).all()
    image = shapes(images=40, questions=1, size=32, shapes=4).table["image"].to_numpy()
    assert {len(np.unique(each.reshape(-1, 3), axis=0)) for each in image} == {5}


@pytest.mark.parametrize(
    "wrong",
    [
        {"images": 0},
        {"questions": 0},
        {"shapes": 0},
        {"shapes": 5},
        {"size": 15},
        {"size": 31, "shapes": 2},
        {"seed": -1},
    ],
)
def test_refuses_arguments_out_of_range(wrong):
    with pytest.raises(DataError, match=f"{next(iter(wrong))}={next(iter(wrong.values()))}"):
        shapes(**wrong)
