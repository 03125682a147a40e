"""`python -m mtl`, the same as the installed command `mtl`."""

from __future__ import annotations

import sys

from mtl.commands.dispatch import main as run


def main() -> None:
    """Run the command line and end the process with its exit status."""
    sys.exit(run())


if __name__ == "__main__":
    main()
