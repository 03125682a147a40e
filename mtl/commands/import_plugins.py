"""Imports every plug-in and prints, as JSON, the reason for each that does not import.

A process of its own: importing runs the plug-ins' code, and may take as long as TensorFlow takes.
"""

from __future__ import annotations

import json
import os

from mtl.errors import MtlError
from mtl.plugins import Plugin, file_plugins, installed_plugins


def main() -> None:
    """Import them all, one after the other."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    broken: dict[str, str] = {}
    plugins: list[Plugin] = [*file_plugins(None), *installed_plugins()]
    for plugin in plugins:
        try:
            plugin.load()
        except MtlError as error:
            broken[str(plugin)] = str(error).partition(" does not import. ")[2]
    print(f"\n{json.dumps(broken)}")


if __name__ == "__main__":
    main()
