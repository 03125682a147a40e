"""What README shows is run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

import mtl as library
from mtl.commands.dispatch import main
from mtl.config.check.sections import Config
from mtl.config.search import shipped

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def block(start: str) -> str:
    """The fenced block of README that begins with a line."""
    return next(
        found for found in re.findall(r"```\w+\n(.*?)```", README, re.DOTALL) if start in found
    )


def test_the_plugin_is_listed_and_trains(write, user_folder, capsys):
    write("plugins/two_towers.py", block("# plugins/two_towers.py"))
    write("conf/model/two_towers.yaml", "# Two towers.\nname: two_towers\nwidth: 8\n")
    write(
        "experiments/towers.yaml",
        """
        defaults:
          - override /model: two_towers
          - override /data: headlines
        inputs: {when: status_published, page: [page]}
        tasks:
          popular: {target: num_reactions, kind: binary, above: median}
          shares: {target: num_shares, kind: regression, transform: [log1p, standardise]}
        """,
    )
    assert main(["list", "models"]) == 0
    assert "two_towers" in capsys.readouterr().out
    assert main(["experiment=towers", "debug=true", "data.generator.rows=300"]) == 0
    (folder,) = (user_folder / "runs" / "towers").iterdir()
    run = library.load(folder)
    assert run.graph.get_layer("popular").units == 1
    assert run.config["model"] == {"name": "two_towers", "width": 8}


def test_the_experiment_trains_on_a_table_of_its_columns(write, user_folder):
    write("experiments/prices.yaml", block("# experiments/prices.yaml"))
    random = np.random.default_rng(0)
    days = np.datetime64("2025-01-01") + np.sort(random.integers(0, 300, 300))
    words = np.array(["sunny", "dark", "garden", "lift", "old", "new"])
    pl.DataFrame(
        {
            "description": [" ".join(random.choice(words, 4)) for _ in range(300)],
            "district": random.choice(["north", "south"], 300),
            "listed": [str(day) for day in days],
            "price": random.integers(100, 900, 300),
            "sold_in_30_days": random.integers(0, 2, 300),
        }
    ).write_csv(user_folder / "houses.csv")
    assert main(["experiment=prices", "debug=true"]) == 0
    (folder,) = (user_folder / "runs" / "prices").iterdir()
    predicted = library.load(folder).predict("houses.csv")
    assert predicted["price"].min() > 0
    assert predicted["sold_probability"].shape == (300,)


@pytest.mark.parametrize("line", re.findall(r"mtl ((?:experiment|list)[^#\n]*)", README))
def test_the_commands_are_valid(line: str, write, user_folder):
    words = shlex.split(line.partition("`")[0].replace("…", "2026-11-20_10-15-02"))
    assert main(words if words[0] == "list" else ["--cfg", "job", *words]) == 0


def test_the_layout_is_the_packages():
    shown = re.findall(r"^  (\w+(?:\.py)?)/? ", block("mtl/\n  __main__"), re.MULTILINE)
    package = shipped() / "mtl"
    assert shown
    assert all((package / name).exists() for name in shown), shown


def test_the_sections_are_those_of_the_config():
    named = set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))
    root: Config = yaml.safe_load((shipped() / "conf" / "mtl.yaml").read_text())
    groups = {next(iter(each)) for each in root["defaults"] if isinstance(each, dict)}
    assert named >= {*groups, "inputs", "tasks"} - {
        "experiment",
        "optimizer/schedule",
        "override hydra/job_logging",
        "override hydra/hydra_logging",
    }


def test_the_evaluation_is_put_to_a_run(write, user_folder):
    write("plugins/steepness.py", block("# plugins/steepness.py"))
    asked = "+evaluations={steep: {name: steepness, output: main_output, input: aux_input}}"
    assert main(["experiment=headline", "debug=true", "data.generator.rows=300", asked]) == 0
    (folder,) = (user_folder / "runs" / "headline").iterdir()
    results = library.load(folder).results
    assert results["metrics"]["test"]["main_output"]["steepness"] >= 0
    assert (folder / "plots" / "steep_brightness.png").is_file()


def test_the_graph_in_yaml_trains_on_a_table(write, user_folder):
    write("conf/model/graph/two_readers.yaml", block("# conf/model/graph/two_readers.yaml"))
    write("experiments/answers.yaml", block("# experiments/answers.yaml"))
    random = np.random.default_rng(0)
    words = np.array(["when", "where", "who", "there", "now", "she"])
    pl.DataFrame(
        {
            "question": [" ".join(random.choice(words, 4)) for _ in range(120)],
            "answer": [" ".join(random.choice(words, 6)) for _ in range(120)],
            "good": random.integers(0, 2, 120),
        }
    ).write_csv("answers.csv")
    assert main(["experiment=answers", "debug=true"]) == 0
    (folder,) = (user_folder / "runs" / "answers").iterdir()
    graph = library.load(folder).graph
    assert library.graph.nodes(graph).of("reader")[1].output_shape == (None, 32)


def test_the_balancer_trains(write):
    write("plugins/equal_pull.py", block("# plugins/equal_pull.py"))
    write("conf/balancing/equal_pull.yaml", "# Equal.\nname: equal_pull\npower: 1.0\n")
    chosen = ["balancing=equal_pull", "+balancing.every=2", "debug=true", "training.xla=false"]
    run = library.train(library.compose("headline", chosen))
    history = pl.read_csv(run.folder / "history.csv")
    weights = [history[f"balancing/weight/{name}"][-1] for name in ("main_output", "aux_output")]
    # On the scale of the sum of two tasks, and what the task of weight 0.2 counts.
    assert weights[0] + weights[1] / 0.2 == pytest.approx(2.0, rel=1e-4)
