"""Peak memory is this process's own."""

import subprocess
import sys

SCRIPT = """
from mtl.reporting.memory import peak_memory_bytes
before = peak_memory_bytes()
block = bytearray(300_000_000)
for page in range(0, len(block), 4096):
    block[page] = 1
del block
after = peak_memory_bytes()
print(before, after - before)
"""


def test_peak_includes_what_was_freed_again() -> None:
    command = [sys.executable, "-c", SCRIPT]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    before, grown = map(int, result.stdout.split())
    assert 290e6 < grown < 330e6
    # A child must not report the peak of the process that started it.
    assert before < 150e6
