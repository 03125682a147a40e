"""The summary before training reads well narrow and wide."""

import io
from dataclasses import replace

import pytest

from mtl.reporting.console import Console
from mtl.reporting.summary import InputSummary, SharedLayer, Summary, TaskSummary

TASKS = [
    TaskSummary("main_output", "binary", "num_reactions above 23", "binary_crossentropy", 1.0),
    TaskSummary(
        "aux_output",
        "binary",
        "num_reactions above 23",
        "binary_crossentropy",
        0.2,
        auxiliary_of="main_output",
        parameters=33,
    ),
]
SUMMARY = Summary(
    name="headline",
    builder="headline",
    inputs=[
        InputSummary("main_input", ["link_name"], "text", (100,), "int32"),
        InputSummary("aux_input", ["status_published", "page"], "numeric", (5,), "float32"),
    ],
    tasks=TASKS,
    shared=[SharedLayer("lstm", "LSTM", ["main_output", "aux_output"], 69_760, calls=2)],
    splits={"training": 8400, "validation": 1800},
    parameters=5_198_434,
    trainable=78_434,
    steps=["dense part under XLA", "float32"],
    balancing="upgrad (gradients by parameters)",
)


def shown(summary: Summary, width: int) -> list[str]:
    file = io.StringIO()
    Console(file, width).summary(summary)
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)
    return lines


def many(count: int) -> Summary:
    tasks = [
        TaskSummary(
            f"task_{number}_of_a_long_name", "binary", "marital_stat equals Never", "mse", 1
        )
        for number in range(count)
    ]
    names = [task.name for task in tasks]
    return Summary("many", "mlp", [], tasks, [SharedLayer("trunk", "Dense", names, 10)])


def words(line: str) -> list[str]:
    return [part for part in line.split("  ") if part.strip()]


def test_a_line_a_task_where_there_is_room() -> None:
    lines = shown(SUMMARY, 160)
    row = next(line for line in lines if line.startswith("aux_output "))
    assert [word.strip() for word in words(row)] == [
        "aux_output",
        "binary",
        "num_reactions above 23",
        "binary_crossentropy",
        "main_output",
        "0.2",
        "33",
    ]


def test_two_lines_a_task_where_there_is_none() -> None:
    lines = shown(SUMMARY, 80)
    first = next(number for number, line in enumerate(lines) if line.startswith("aux_output "))
    assert "num_reactions above 23 (binary)" in lines[first]
    assert lines[first + 1].strip() == "binary_crossentropy, serves main_output"


@pytest.mark.parametrize("width", [80, 160])
def test_inputs_shared_layers_and_facts(width: int) -> None:
    lines = shown(SUMMARY, width)
    text = "\n".join(" ".join(line.split()) for line in lines)
    for expected in (
        "headline (model headline)",
        "main_input link_name text (100) int32",
        "aux_input status_published, page numeric (5) float32",
        "lstm LSTM 69,760 2 main_output, aux_output",
        "examples training 8,400 validation 1,800",
        "model 5,198,434 parameters, 78,434 trained",
        "balancing upgrad (gradients by parameters)",
        "step dense part under XLA",
    ):
        assert expected in text


def test_a_single_task_has_no_line_about_balancing() -> None:
    single = replace(SUMMARY, tasks=TASKS[:1], balancing="")
    assert not any(line.startswith("balancing") for line in shown(single, 80))


@pytest.mark.parametrize("width", [80, 160])
def test_many_tasks(width: int) -> None:
    lines = shown(many(12), width)
    for number in range(12):
        # No name is broken.
        assert any(line.startswith(f"task_{number}_of_a_long_name ") for line in lines)
    assert any(line.endswith("all 12 outputs") for line in lines)


def test_untrained_outputs_and_names_with_brackets() -> None:
    odd = TaskSummary("[bold]x[/bold]", "", "", "", 0.0, untrained=True)
    lines = shown(Summary("odd", "mlp", [], [odd]), 80)
    row = next(line for line in lines if line.startswith("[bold]x[/bold]"))
    assert "untrained" in row
