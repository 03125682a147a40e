"""Ctrl-C as a wish to end cleanly."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether the user asked to stop."""

    def __init__(self) -> None:
        self.requested = False


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Turn the first Ctrl-C (or SIGTERM) into a request; a second one stops at once.

    Outside the main thread signals cannot be taken over, and Ctrl-C stops at once as ever.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return

    def request(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 signal's signature
        if interruption.requested:
            raise KeyboardInterrupt
        interruption.requested = True

    before = {number: signal.signal(number, request) for number in SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
