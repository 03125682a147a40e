"""Why Keras refused something, in one line."""

from __future__ import annotations

import re

LONGEST = 400
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
HEAD = re.compile(r"^Exception encountered when calling [^\n]*\n+")
TAIL = re.compile(r"\n+Arguments received by .*", re.DOTALL)

# What TensorFlow puts around its own message: a node of its own and a kernel's declaration.
TENSORFLOW = re.compile(
    r"\{\{function_node [^}]*\}\}\s*|\s*( for '\{\{node |; NodeDef: |\[Op:\w+\]).*", re.DOTALL
)
# AutoGraph's frame: the lines of code, then the error's class and message.
USER_CODE = re.compile(r"in user code:\n.*?\n    [\w.]+: ", re.DOTALL)


def reason(error: BaseException) -> str:
    """Return an error's message without colours, what surrounds it and line breaks."""
    text = TENSORFLOW.sub("", COLOURS.sub("", str(error)))
    for frame in (USER_CODE, HEAD, TAIL):
        text = frame.sub("", text)
    text = " ".join(text.split()).rstrip(".") or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
