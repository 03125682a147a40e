"""What a person sees who opens TensorBoard on a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from keras import layers

from mtl.reporting.tensorboard import Board

TASKS = ("main_output", "aux_output")

# The names of the drawn nodes; the graph is inside shadow roots.
WITHIN = """
const within = (root) => [...root.querySelectorAll("*")].flatMap(
  (node) => [node, ...(node.shadowRoot ? within(node.shadowRoot) : [])]);
"""
NODES = f"""{WITHIN}
return within(document.body)
  .filter((node) => node.localName === "g" && node.classList.contains("node"))
  .map((node) => node.getAttribute("data-name"));
"""
CHOOSE_KERAS = f"""{WITHIN}
const choice = within(document.body).find(
  (node) => node.localName === "paper-item" && node.textContent.trim() === "keras");
if (choice) choice.click();
return Boolean(choice);
"""


def write_run(folder: Path) -> None:
    words = keras.Input((5,), name="main_input")
    time = keras.Input((2,), name="aux_input")
    hidden = layers.Dense(3, name="trunk")(words)
    joined = layers.Concatenate(name="joined")([hidden, time])
    outputs = {
        "main_output": layers.Dense(1, name="main_output")(joined),
        "aux_output": layers.Dense(1, name="aux_head")(hidden),
    }
    model = keras.Model({"main_input": words, "aux_input": time}, outputs, name="headline")
    config = {"model": {"name": "headline"}, "optimizer": {"learning_rate": 0.25}}
    with Board(folder / "tensorboard") as board:
        board.text(config)
        board.graph(model)
        for epoch in (1, 2, 3):
            figures = {"learning_rate": 0.25}
            for task in TASKS:
                figures[f"balancing/share/{task}"] = 0.5
                for split in ("training", "validation"):
                    figures[f"{split}/{task}/loss"] = 1 / epoch
                    figures[f"{split}/{task}/auc"] = 0.5 + epoch / 10
            board.figures(epoch, figures)
            board.histograms(epoch, model)
        board.hparams(config, {"validation/main_output/auc": 0.8125})


def test_page_shows_each_task_and_the_graph(
    tmp_path: Path, browser: Any, tensorboard: Callable[[Path], str]
) -> None:
    write_run(tmp_path / "headline" / "first")
    address = tensorboard(tmp_path / "headline")

    browser.visit(f"{address}/#scalars")
    # A section a task, a chart a figure, a line a split.
    lines = browser.wait_for_text(
        *TASKS,
        "aux_output/loss",
        "aux_output/auc",
        "aux_output/weighted_share",
        "first/tensorboard/training",
        "first/tensorboard/validation",
    ).splitlines()
    assert lines[lines.index("aux_output") + 1] == "3"
    assert lines[lines.index("main_output") + 1] == "3"

    browser.visit(f"{address}/?graph#graphs")
    browser.wait_for_script(NODES, lambda found: any(name.startswith("headline") for name in found))
    assert browser.script(CHOOSE_KERAS)
    expected = {"main_input", "aux_input", "trunk", "joined", "main_output", "aux_head"}
    drawn = browser.wait_for_script(NODES, lambda found: expected <= set(found))
    assert set(drawn) == expected | {"aux_output"}

    browser.visit(f"{address}/?settings#hparams")
    browser.wait_for_text("optimizer.learning_rate", "headline/first", "0.81250")

    browser.visit(f"{address}/?config#text")
    browser.wait_for_text("learning_rate: 0.25")
