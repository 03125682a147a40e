"""Why Keras refused something, in one line."""

from __future__ import annotations

import re

LONGEST = 400
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
HEAD = re.compile(r"^Exception encountered when calling [^\n]*\n+")
TAIL = re.compile(r"\n+Arguments received by .*", re.DOTALL)


def reason(error: BaseException) -> str:
    """Return an error's message without colours, Keras's frame around it and line breaks."""
    text = COLOURS.sub("", str(error))
    text = TAIL.sub("", HEAD.sub("", text))
    text = " ".join(text.split()).rstrip(".") or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
