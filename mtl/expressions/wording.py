"""The hint for a name that is not among very many."""

from __future__ import annotations

from collections.abc import Iterable

from mtl.errors import nearest


def closest(name: str, names: Iterable[str], otherwise: str) -> str:
    """Return `Did you mean 'x'?` where a name is near one of `names`, else another sentence.

    Args:
        name: What was written.
        names: The valid names: too many to be listed.
        otherwise: Says where they are found.
    """
    sentence = nearest(name, names).partition(" Known: ")[0]
    return sentence if sentence.startswith("Did you mean") else otherwise
