"""mtl --help, and `mtl VERB --help`: the verbs, the groups, worked examples."""

from __future__ import annotations

import importlib
import textwrap
from collections.abc import Sequence

from mtl.commands.dispatch import VERBS
from mtl.config.search import groups, options

USAGE = """\
mtl trains Keras models with several inputs, several outputs, shared layers and weighted losses.

    mtl [verb] [experiment=NAME] [group=OPTION …] [key.of.the.config=value …]
"""
EXAMPLES = """\
Examples
    mtl experiment=headline                             train on generated data
    mtl experiment=headline data.path=posts.csv         the same model on your own table
    mtl experiment=headline tasks.aux_output.weight=0.5 training.epochs=3 optimizer=adam
    mtl --multirun experiment=headline tasks.aux_output.weight=0,0.1,0.2,0.5
    mtl --cfg job experiment=headline                   show the whole config, train nothing
    mtl experiment=headline debug=true                  a run of seconds
    mtl inspect experiment=headline                     layers, nodes, sharing; format=svg draws it
    mtl list experiments
    mtl evaluate run=runs/headline/2026-11-20_10-15-02 data.path=new.csv
    mtl predict run=runs/headline/2026-11-20_10-15-02 data.path=new.csv output=predictions.csv
    mtl compare runs/headline/*

Your own ./conf, ./experiments and ./plugins/*.py are found beside those that mtl ships.
Completion of groups, options and keys:  eval "$(mtl -sc install=bash)"  (or zsh, fish)
--debug shows the traceback of an error.  --hydra-help shows Hydra's own flags.
"""


def run(words: Sequence[str]) -> int:
    """Print the help of a verb, or of everything."""
    if words and words[0] in VERBS:
        module = importlib.import_module(f"mtl.commands.{words[0]}")
        print((module.__doc__ or "").strip())
        return 0
    print(USAGE)
    print("Verbs (mtl VERB --help says more)")
    for verb, meaning in VERBS.items():
        print(f"    {verb:<10}{meaning}")
    print("\nGroups and their options")
    for group in groups():
        names = ", ".join(options(group))
        print(
            textwrap.fill(
                f"{group}= {names}", 100, initial_indent="    ", subsequent_indent=" " * 8
            )
        )
    print(f"\n{EXAMPLES}", end="")
    return 0
