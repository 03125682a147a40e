"""Each rule on values: a config that keeps it, and one that breaks it with the message."""

from __future__ import annotations

import math

import pytest

from mtl.config.check import Known, check_values

RIGHT = {
    "as it is": {},
    "a path": {"data.path": "posts.csv", "data.generator": None},
    "a removed task": {"tasks.aux_output": None},
    "an untrained output": {"tasks.aux_output": {"untrained": True}},
    "nothing but an auxiliary task": {"tasks.main_output.weight": 0},
    "an output of weight 0": {"tasks.aux_output": {"weight": 0}},
    "a removed reserved name": {"tasks.mean": None},
    "no early stopping": {"training.patience": None},
    "a switch for XLA": {"training.xla": False},
    "mixed precision": {"training.precision": "mixed_bfloat16"},
    "a whole learning rate": {"optimizer.learning_rate": 1},
    "one way of clipping": {"optimizer.clipnorm": 1.0},
    "a schedule": {"optimizer.schedule": {"name": "cosine", "warmup_steps": 10}},
    "class weights": {"tasks.main_output.class_weights": {"true": 2, "false": 0}},
    "balanced classes": {"tasks.main_output.class_weights": "balanced"},
    "a loss with a parameter": {"tasks.main_output.loss": {"name": "focal", "gamma": 2}},
    "one metric": {"tasks.main_output.metrics": "auc"},
    "a weighted metric": {"tasks.main_output.metrics": ["auc", {"name": "weighted_auc"}]},
    "no metric": {"tasks.main_output.metrics": []},
    "several targets": {"tasks.main_output.target": ["num_reactions", "num_shares"]},
    "an option set to null": {"tasks.main_output.transform": None},
    "a split at random with a column left": {"data.split.by": "random"},
    "no validation": {"data.split.validation": 0, "data.split.test": 0},
    "no such split": {"data.split.validation": None, "data.split.test": None},
    "no test and much validation": {"data.split.validation": 0.9, "data.split.test": None},
    "split files": {
        "data.split": {"by": "files", "validation": "validation.csv", "test": None},
    },
    "a split column": {"data.split.by": "column", "data.split.validation": None},
    "an unused column of a removed task": {
        "data.columns.other": {"kind": "categorical", "of": "gone"},
    },
    "options for one input": {
        "inputs.aux_input": ["status_published", {"column": "page", "encoding": "index"}],
        "inputs.other": {"column": "elsewhere", "kind": "text", "padding": "right"},
    },
    "a column of another kind for one input": {
        "inputs.aux_input": {"column": "page", "kind": "text"},
        "data.columns.page.of": "gone",
    },
    "plugins": {"plugins": ["my/plugins"]},
    "one plugin": {"plugins": "my.py"},
    "what Keras does by default": {"optimizer.use_ema": False, "optimizer.loss_scale_factor": None},
}


@pytest.mark.parametrize("values", RIGHT.values(), ids=RIGHT.keys())
def test_right_config_has_no_problem(values, changed, known, said):
    assert said(check_values(changed(values), known)) == []


def test_table_handed_in_needs_no_source(changed, known, said):
    config = changed({"data.generator": None})
    assert said(check_values(config, known, table_is_given=True)) == []
    assert len(check_values(config, known)) == 1


WRONG = [
    # the root
    ({"task": {}}, ["task: a config has no key 'task'. Did you mean 'tasks'? Known: balancing,"]),
    ({"optimizer": "adam"}, ["optimizer: found 'adam'. Expected a mapping", "optimizer.name: mis"]),
    ({"debug": 1}, ["debug: found 1. Expected true or false."]),
    ({"plugins": 3}, ["plugins: found 3. Expected a path, or a list of paths, or null (./plug"]),
    ({"output": "x.csv"}, ["output: a config has no key 'output'. Known: "]),
    ({"training": None}, ["training: found null. Expected a mapping of keys to values"]),
    ({"optimizer": None}, ["optimizer.name: missing."]),
    ({"balancing": None}, ["balancing.name: missing."]),
    ({"model": None}, ["model.name: missing."]),
    ({"runs": None}, ["runs: found null. Expected the path of the folder of all runs."]),
    # names of choices
    (
        {"model.name": "headlin"},
        ["model.name: 'headlin' is not a registered builder. Did you mean 'headline'? Known: head"],
    ),
    (
        {"model.name": None},
        ["model.name: missing. Expected the name of a registered builder. Know"],
    ),
    ({"model": {}}, ["model.name: missing."]),
    ({"balancing.name": "pcgard"}, ["balancing.name: 'pcgard' is not a registered balancer. Did"]),
    (
        {"optimizer.name": "rmspropp"},
        [
            (
                "optimizer.name: 'rmspropp' is not an optimizer. "
                "Did you mean 'rmsprop'? Known: adam, rmsprop, sgd."
            )
        ],
    ),
    ({"optimizer.schedule": "cosine"}, ["optimizer.schedule: found 'cosine'. Expected null, or a"]),
    (
        {"optimizer.schedule": {"name": "cosin"}},
        ["optimizer.schedule.name: 'cosin' is not a sched"],
    ),
    ({"data.generator.name": "titles"}, ["data.generator.name: 'titles' is not a registered gene"]),
    # the optimizer
    (
        {"optimizer.learning_rate": 0},
        ["optimizer.learning_rate: found 0. Expected a finite number"],
    ),
    ({"optimizer.learning_rate": "fast"}, ["optimizer.learning_rate: found 'fast'. Expected a f"]),
    (
        {"optimizer.clipnorm": 1.0, "optimizer.clipvalue": 0.5},
        ["optimizer: found clipnorm and clipvalue. Expected one of them: set the rest to null."],
    ),
    ({"optimizer.clipvalue": -1}, ["optimizer.clipvalue: found -1. Expected a finite number grea"]),
    (
        {"optimizer": {"name": "adam"}},
        ["optimizer.learning_rate: missing. Expected a finite number greater than 0."],
    ),
    (
        {"optimizer.use_ema": True, "optimizer.ema_momentum": 0.9},
        [
            "optimizer.use_ema: found true. Leave it out: mtl keeps no moving average",
            "optimizer.ema_momentum: found 0.9. Leave it out: mtl keeps no moving average",
        ],
    ),
    (
        {"optimizer.ema_overwrite_frequency": 5},
        ["optimizer.ema_overwrite_frequency: found 5. Leave it out"],
    ),
    (
        {"optimizer.gradient_accumulation_steps": 0},
        ["optimizer.gradient_accumulation_steps: found 0. Expected a whole number of 1 or more"],
    ),
    (
        {"optimizer.loss_scale_factor": 8},
        ["optimizer.loss_scale_factor: found 8. Leave it out: mtl scales the loss by itself"],
    ),
    # training
    (
        {"training.epoch": 3},
        ["training.epoch: 'training' has no key 'epoch'. Did you mean 'epochs'? Known: balancing"],
    ),
    ({"training.balancing_log_every": 0}, ["training.balancing_log_every: found 0."]),
    ({"training.steps_per_execution": 0}, ["training.steps_per_execution: found 0."]),
    (
        {"training.sources": {"colum": "a", "distribution": "proportionl", "alpha": -1}},
        [
            "training.sources.colum: 'training.sources' has no key 'colum'. Did you mean 'column'?",
            "training.sources.distribution: found 'proportionl'. Expected uniform, ",
            "training.sources.alpha: found -1. Expected a finite number of 0 or more.",
        ],
    ),
    (
        {
            "training.sources": {"column": "place"},
            "data.pairs": {"group": "author"},
            "inputs": {"main_input": "link_name_a", "aux_input": "status_published_a"},
        },
        ["training.sources.column: found 'place'. Expected null with data.pairs"],
    ),
    (
        {"training.sources": {"column": None, "distribution": "uniform", "alpha": 0.5}},
        [
            (
                "training.sources.distribution: found 'uniform', and there is no column of sources."
                " Set training.sources.column, or leave it at its default, proportional."
            ),
            "training.sources.alpha: found 0.5, and there is no column of sources.",
        ],
    ),
    ({"training.epochs": 0}, ["training.epochs: found 0. Expected a whole number of 1 or more."]),
    ({"training.epochs": 2.0}, ["training.epochs: found 2.0. Expected a whole number"]),
    ({"training.epochs": True}, ["training.epochs: found true. Expected a whole number"]),
    ({"training.batch_size": -1}, ["training.batch_size: found -1."]),
    ({"training.evaluation_batch_size": "x"}, ["training.evaluation_batch_size: found 'x'."]),
    ({"training.seed": 2**32}, ["training.seed: found 4294967296. Expected a whole number from 0"]),
    ({"training.shuffle": "yes"}, ["training.shuffle: found 'yes'. Expected true or false."]),
    ({"training.monitor": None}, ["training.monitor: found null. Expected the name of a figure"]),
    (
        {"training.monitor_mode": "mix"},
        ["training.monitor_mode: found 'mix'. Expected auto, min or max. Did you mean 'min'?"],
    ),
    (
        {"training.patience": 0},
        ["training.patience: found 0. Expected a whole number of 1 or more"],
    ),
    ({"training.minimum_improvement": -0.1}, ["training.minimum_improvement: found -0.1."]),
    ({"training.minimum_improvement": math.nan}, ["training.minimum_improvement: found nan."]),
    ({"training.restore_best": 0}, ["training.restore_best: found 0."]),
    (
        {"training.precision": "mixed_float61"},
        [
            (
                "training.precision: found 'mixed_float61'. Expected float32, float64, "
                "mixed_float16 or mixed_bfloat16. Did you mean 'mixed_float16'?"
            )
        ],
    ),
    ({"training.precision": "float16"}, ["training.precision: found 'float16'. Expected float32"]),
    ({"training.precision": "bfloat16"}, ["training.precision: found 'bfloat16'. Expected float3"]),
    ({"training.xla": "on"}, ["training.xla: found 'on'. Expected true or false, or auto."]),
    ({"training.embedding_updates": "lzy"}, ["training.embedding_updates: found 'lzy'. Expected"]),
    ({"training.deterministic": None}, ["training.deterministic: found null."]),
    ({"training.limit_batches": 0}, ["training.limit_batches: found 0."]),
    # data
    ({"data.colums": {}}, ["data.colums: 'data' has no key 'colums'. Did you mean 'columns'?"]),
    ({"data.path": 3}, ["data.path: found 3. Expected the path of a table, or null."]),
    (
        {"data.generator": None},
        [
            (
                "data.path: there is neither a path nor a generator. "
                "Set data.path to the path of a table, or data.generator.name."
            )
        ],
    ),
    ({"data.columns.page": "categorical"}, ["data.columns.page: found 'categorical'. Expected a"]),
    ({"data.columns.page.kind": None}, ["data.columns.page.kind: missing. Expected the kind of"]),
    ({"data.columns.page.kind": "txt"}, ["data.columns.page.kind: 'txt' is not a kind of column."]),
    (
        {"data.columns.link_name.paddding": "left"},
        [
            (
                "data.columns.link_name.paddding: the kind of column 'text' has no parameter "
                "'paddding'. Did you mean 'padding'? Known: padding, vocabulary_size."
            )
        ],
    ),
    (
        {"data.columns.link_name.vocabulary_size": 1e4},
        [
            (
                "data.columns.link_name.vocabulary_size: found 10000.0. "
                "Expected a whole number, written 10000."
            )
        ],
    ),
    ({"data.columns.page.of": "aux"}, ["data.columns.page.of: 'aux' is not a task. Known: aux_o"]),
    # the split
    ({"data.split": 0.2}, ["data.split: found 0.2. Expected a mapping", "data.split.by: missing."]),
    (
        {"data.split.by": "tme"},
        ["data.split.by: found 'tme'. Expected random, stratified, time, g"],
    ),
    ({"data.split.share": 0.1}, ["data.split.share: 'data.split' has no key 'share'."]),
    ({"data.split.validation": 1.5}, ["data.split.validation: found 1.5. Expected a fraction of"]),
    ({"data.split.test": -0.1}, ["data.split.test: found -0.1."]),
    (
        {"data.split.validation": 0.5, "data.split.test": 0.5},
        ["data.split: validation and test take 1 of the rows. Expected less than 1 together: the"],
    ),
    (
        {"data.split.by": "group", "data.split.column": None},
        ["data.split.column: missing, by: group reads it. Expected the column whose rows stay to"],
    ),
    (
        {"data.split.by": "files"},
        ["data.split.validation: found 0.15. Expected the path of a table", "data.split.test: fo"],
    ),
    # inputs
    ({"inputs": {}}, ["inputs: no input is given. Expected the model's inputs, each with a colum"]),
    ({"inputs": ["link_name"]}, ["inputs: found ['link_name']. Expected a mapping of keys to val"]),
    ({"inputs.aux_input": 5}, ["inputs.aux_input: found 5. Expected a column, {column: <name>, <"]),
    ({"inputs.aux_input": []}, ["inputs.aux_input: found []."]),
    ({"inputs.aux_input": ["page", "page"]}, ["inputs.aux_input: column 'page' stands 2 times."]),
    (
        {"inputs.aux_input": ["status_published", "pgae"]},
        [
            (
                "inputs.aux_input[1]: 'pgae' is not a column of data.columns. "
                "Did you mean 'page'? Known: link_name, page, status_published."
            )
        ],
    ),
    ({"inputs.aux_input": {"encoding": "index"}}, ["inputs.aux_input: found {encoding: 'index'}"]),
    (
        {"inputs.aux_input": {"column": "pgae", "encoding": "index"}},
        ["inputs.aux_input.column: 'pgae' is not a column of data.columns. Did you mean 'page'?"],
    ),
    (
        {"inputs.aux_input": [{"column": "page", "encodings": "index", "of": "gone"}]},
        [
            "inputs.aux_input[0].encodings: the kind of column 'categorical' has no parameter",
            "inputs.aux_input[0].of: 'gone' is not a task.",
        ],
    ),
    (
        {"inputs.aux_input": {"column": "new", "kind": "txt"}},
        ["inputs.aux_input.kind: 'txt' is not a kind of column. Did you mean 'text'?"],
    ),
    # tasks together
    ({"tasks": {}}, ["tasks: no task is given. Expected one task or more", "data.columns.page.of"]),
    (
        {"tasks.main_output": None, "tasks.aux_output": None},
        ["tasks: no task is given.", "data.columns.page.of: 'main_output' is not a task."],
    ),
    ({"tasks.aux_output": 1}, ["tasks.aux_output: found 1. Expected a mapping such as {target"]),
    (
        {"tasks.main_output.untrained": True, "tasks.aux_output.weight": 0},
        ["tasks: no task is trained. Expected one task or more with a weight above 0"],
    ),
    (
        {"tasks.mean": {"target": "x", "kind": "binary"}},
        ["tasks.mean: 'mean' is a reserved name. Rename the output: mtl reports the mean over"],
    ),
    (
        {"tasks.total": {"target": "x", "kind": "binary"}},
        ["tasks.total: 'total' is a reserved name. Rename the output: mtl reports the weighted"],
    ),
    ({"tasks.a/b": {"target": "x", "kind": "binary"}}, ["tasks.a/b: the name has a slash. Rename"]),
    (
        {"tasks.aux_output.auxiliary_of": "main"},
        ["tasks.aux_output.auxiliary_of: 'main' is not another task. Known: main_output."],
    ),
    (
        {"tasks.aux_output.auxiliary_of": "aux_output"},
        ["tasks.aux_output.auxiliary_of: the task serves itself. Did you mean 'main_output'? Kno"],
    ),
    (
        {"tasks.main_output.auxiliary_of": "aux_output"},
        [
            (
                "tasks.main_output.auxiliary_of: the tasks serve each other in a circle: "
                "main_output → aux_output → main_output. Set auxiliary_of: null for the main one"
            ),
            "tasks.aux_output.auxiliary_of: the tasks serve each other in a circle",
        ],
    ),
    # one task
    ({"tasks.main_output.taget": "x"}, ["tasks.main_output.taget: a task has no key 'taget'. Did"]),
    ({"tasks.main_output.target": None}, ["tasks.main_output.target: missing. Expected the name"]),
    ({"tasks.main_output.target": 3}, ["tasks.main_output.target: found 3."]),
    ({"tasks.main_output.kind": None}, ["tasks.main_output.kind: missing. Expected the kind of"]),
    (
        {"tasks.main_output.kind": "binry"},
        [
            (
                "tasks.main_output.kind: 'binry' is not a kind of task. "
                "Did you mean 'binary'? Known: binary, regression."
            )
        ],
    ),
    (
        {"tasks.main_output.weight": -0.2},
        ["tasks.main_output.weight: found -0.2. Expected a finit"],
    ),
    ({"tasks.main_output.weight": math.inf}, ["tasks.main_output.weight: found inf."]),
    ({"tasks.main_output.weight": "0.2"}, ["tasks.main_output.weight: found '0.2'."]),
    (
        {"tasks.main_output.loss": "focl"},
        [
            (
                "tasks.main_output.loss: 'focl' is not a loss of the kind 'binary'. "
                "Did you mean 'focal'? Known: binary_crossentropy, focal."
            )
        ],
    ),
    ({"tasks.main_output.loss": {"gamma": 2}}, ["tasks.main_output.loss: found {gamma: 2}. Expec"]),
    (
        {"tasks.main_output.metrics": ["auc", "acuracy"]},
        [
            (
                "tasks.main_output.metrics: 'acuracy' is not a metric of the kind 'binary'. "
                "Did you mean 'accuracy'? Known: accuracy, auc."
            )
        ],
    ),
    ({"tasks.main_output.metrics": [3]}, ["tasks.main_output.metrics: found [3]. Expected a list"]),
    ({"tasks.main_output.untrained": "no"}, ["tasks.main_output.untrained: found 'no'."]),
    ({"tasks.main_output.sample_weight": 2}, ["tasks.main_output.sample_weight: found 2."]),
    (
        {"tasks.main_output.equals": "many"},
        ["tasks.main_output: found above: 'median' and equals: 'many'. Expected one of them: set"],
    ),
    (
        {"tasks.main_output.above": "medan"},
        ["tasks.main_output.above: found 'medan'. Expected a n"],
    ),
    (
        {"tasks.main_output.transform": "log1p"},
        [
            (
                "tasks.main_output.transform: found 'log1p' in a task of the kind 'binary'. "
                "transform is for the kind regression. Set it to null, or change the kind."
            )
        ],
    ),
    (
        {"tasks.main_output.class_weights": {"true": -1, "false": 1}},
        ["tasks.main_output.class_weights.true: found -1. Expected a finite number of 0 or more."],
    ),
    ({"tasks.main_output.class_weights": {"1": 0}}, ["tasks.main_output.class_weights: found {1:"]),
    ({"tasks.main_output.class_weights": [1]}, ["tasks.main_output.class_weights: found [1]. Exp"]),
]


@pytest.mark.parametrize(("values", "messages"), WRONG, ids=[str(values) for values, _ in WRONG])
def test_wrong_config_has_its_problems_and_no_other(values, messages, changed, known, said):
    found = said(check_values(changed(values), known))
    assert len(found) == len(messages), found
    for message in messages:
        assert sum(line.startswith(message) for line in found) == 1, (message, found)


def test_ten_mistakes_are_ten_problems_in_the_order_of_the_sections(changed, known, said):
    config = changed(
        {
            "training.epochs": 0,
            "training.precison": "float32",
            "optimizer.name": "adamm",
            "balancing.name": "fix",
            "tasks.main_output.loss": "focl",
            "tasks.aux_output.weight": -1,
            "tasks.aux_output.auxiliary_of": "main_outptu",
            "inputs.main_input": "link_nam",
            "data.split.validation": 2,
            "model.name": "hedline",
        }
    )
    problems = check_values(config, known)
    said(problems)
    assert [problem.path for problem in problems] == [
        "model.name",
        "data.split.validation",
        "inputs.main_input",
        "tasks.aux_output.weight",
        "tasks.aux_output.auxiliary_of",
        "tasks.main_output.loss",
        "balancing.name",
        "optimizer.name",
        "training.precison",
        "training.epochs",
    ]


def test_names_that_are_not_handed_in_are_not_checked(changed):
    config = changed(
        {
            "model.name": "anything",
            "optimizer.name": "anything",
            "tasks.main_output.loss": "anything",
            "data.columns.page.kind": "anything",
        }
    )
    assert check_values(config) == []
    assert check_values(config, Known()) == []


def test_each_missing_key_of_the_training_is_told(config, known, said):
    keys = list(config["training"])
    config["training"] = {"epochs": 3}
    found = said(check_values(config, known))
    assert len(found) == len(keys) - 1
    assert "training.batch_size: missing. Expected a whole number of 1 or more." in found


def test_a_missing_training_is_told_once(config, known, said):
    del config["training"]
    [problem] = said(check_values(config, known))
    assert problem.startswith("training: missing. Expected a mapping")


@pytest.mark.parametrize(
    "section", ["model", "data", "inputs", "tasks", "balancing", "optimizer", "training"]
)
def test_a_section_set_to_null_is_told(section, config, known, said):
    config[section] = None
    assert any(problem.startswith(section) for problem in said(check_values(config, known)))


@pytest.mark.parametrize(
    "broken",
    [{}, {"tasks": 3, "data": [], "inputs": None, "training": "x", "optimizer": 1, "model": None}],
)
def test_config_of_the_wrong_form_is_told_not_raised(broken, known, said):
    paths = {problem.path for problem in check_values(broken, known)}
    said(check_values(broken, known))
    assert {"model.name", "data.path", "data.split.by", "optimizer.name"} <= paths
    assert paths & {"inputs", "tasks"} == {"inputs", "tasks"}
