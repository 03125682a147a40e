"""Ctrl-C as a wish to end cleanly."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from mtl.training.interrupt import interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_a_request_and_the_second_stops(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with interruptible() as interruption:
        assert not interruption.requested
        os.kill(os.getpid(), number)
        assert interruption.requested
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_other_threads_leave_signals_alone() -> None:
    handlers = []

    def work() -> None:
        with interruptible() as interruption:
            handlers.append((signal.getsignal(signal.SIGINT), interruption.requested))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [(before, False)]
