"""How much memory this process has used."""

from __future__ import annotations

import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_memory_bytes() -> int | None:
    """Return the most resident memory that this process ever held.

    Returns:
        Bytes, or None where the operating system does not say (Windows).
    """
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        # Preferred to ru_maxrss, which a child inherits from the process that started it.
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
