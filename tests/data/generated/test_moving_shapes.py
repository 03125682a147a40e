"""Answers are what an independent look at the frames says."""

import numpy as np
import polars as pl
import pytest
from sklearn.neighbors import KNeighborsClassifier

from mtl.data.generated.moving_shapes import moving_shapes
from mtl.errors import DataError
from tests.data.generated.looking import seen

FRAMES, SIZE, EACH = 9, 96, 14
MANNERS = {"speed up": "faster", "stop": "halting", "turn back": "returning"}


@pytest.fixture(scope="module", params=[False, True], ids=["alone", "beside a still one"])
def table(request):
    return moving_shapes(
        videos=60, questions=EACH, frames=FRAMES, size=SIZE, still=request.param, seed=2
    ).table


def happens(video: np.ndarray) -> dict[str, str | bool]:
    """Return what happens in a video, from where each colour is in each frame."""
    frames = [seen(frame) for frame in video]
    shape = {colour: shape for colour, (shape, _) in frames[0].items()}
    assert len(set(shape.values())) == len(shape)
    assert all({c: s for c, (s, _) in frame.items()} == shape for frame in frames)
    places = {colour: np.array([frame[colour][1] for frame in frames]) for colour in shape}
    moving, *still = sorted(shape, key=lambda colour: -np.ptp(places[colour], axis=0).max())
    assert all(np.ptp(places[colour], axis=0).max() == 0 for colour in still)
    way = places[moving] - places[moving][0]
    axis = np.abs(way).max(axis=0).argmax()
    assert np.abs(way[:, 1 - axis]).max() < 1  # rounding to pixels
    along = way[:, axis]
    steps = np.diff(along * np.sign(along[np.abs(along).argmax()]))
    half = len(steps) // 2
    return {
        "moving": shape[moving],
        "moving colour": moving,
        "still": "".join(shape[colour] for colour in still),
        "still colour": "".join(still),
        "direction": [["left", "right"], ["up", "down"]][axis][int(along[half] > 0)],
        "speed up": bool(steps[0] >= 0 and steps[-1] > 2 * max(steps[0], 1)),
        "stop": bool((np.abs(steps[half:]) < 1).all()),
        "turn back": bool((steps[half:] < 0).all()),
    }


def answer(question: str, video: dict[str, str | bool]) -> str | bool:
    """Answer a question about what happens."""
    words = question.replace("never ", "").replace("does not ", "")
    does = next((manner for manner in MANNERS if words.endswith(f" it {manner}?")), None)
    if does:
        denied = words != question
        return "yes" if video[does] != denied else "no"
    if question.startswith("how"):
        return next((said for manner, said in MANNERS.items() if video[manner]), "steadily")
    if question.startswith("where"):
        return video["direction"]
    which = "still" if "still" in question or "not" in question else "moving"
    return video[f"{which} colour" if "colour" in question else which]


def test_every_answer_is_true(table):
    videos = table["video"].to_numpy()
    assert videos.shape == (60 * EACH, FRAMES, SIZE, SIZE, 3)
    for row in range(0, len(videos), EACH):
        video = happens(videos[row])
        assert sum((video["speed up"], video["stop"], video["turn back"])) <= 1
        asked = table[row : row + EACH]
        assert asked["video_id"].to_list() == [row // EACH] * EACH
        for question, said in asked.select("question", "answer").iter_rows():
            assert said == answer(question, video), (question, video)


def test_all_answers_occur(table):
    still = table["question"].str.contains("still").any()
    assert table["answer"].n_unique() == (21 if still else 10)
    whether = table.filter(table["answer"].is_in(["yes", "no"]))
    assert 0.4 < (whether["answer"] == "yes").mean() < 0.6


def test_the_words_of_a_question_do_not_give_yes_or_no_away():
    table = moving_shapes(videos=3000, frames=4).table
    whether = table.filter(table["answer"].is_in(["yes", "no"]))
    rates = whether.group_by("question").agg(yes=(pl.col("answer") == "yes").mean())
    assert rates.height == 4 * len(MANNERS)
    assert 0.42 < rates["yes"].min() < rates["yes"].max() < 0.58


@pytest.mark.parametrize("frame", [0, 4, 7])
def test_a_single_frame_tells_little(frame):
    """Neighbours in place, in one frame, mostly do not go the same way, nor in the same manner."""
    table = moving_shapes(videos=3000, questions=1, seed=3).table
    for question, chance, most in (("where", 1 / 4, 0.5), ("how", 1 / 4, 0.4)):
        asked = table.filter(table["question"].str.starts_with(question))
        pixels = asked["video"].to_numpy()[:, frame].min(axis=-1) < 225
        places = np.stack(
            [
                (pixels.sum(axis=axis) * np.arange(24)).sum(axis=1) / pixels.sum(axis=(1, 2))
                for axis in (1, 2)
            ],
            axis=1,
        )
        half = len(places) // 2
        neighbours = KNeighborsClassifier(25).fit(places[:half], asked["answer"][:half].to_list())
        right = neighbours.score(places[half:], asked["answer"][half:].to_list())
        assert chance - 0.05 < right < most


def test_is_the_same_for_one_seed_and_another_for_another():
    first = moving_shapes(videos=9, seed=1).table
    assert first.equals(moving_shapes(videos=9, seed=1).table)
    assert not first.equals(moving_shapes(videos=9, seed=2).table)


@pytest.mark.parametrize(
    "wrong", [{"videos": 0}, {"questions": 0}, {"frames": 3}, {"size": 23}, {"seed": -1}]
)
def test_refuses_arguments_out_of_range(wrong):
    with pytest.raises(DataError, match=f"{next(iter(wrong))}={next(iter(wrong.values()))}"):
        moving_shapes(**wrong)
