import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from mtl.balancing.solvers.threads import one_blas_thread
from tests.balancing.test_base import WEIGHTS, Norms, asked


def blas_threads():
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def three_threads():
    with threadpool_limits(3, user_api="blas"):
        yield


def test_blas_has_one_thread_for_a_while():
    np.ones((2, 2)) @ np.ones((2, 2))
    before = blas_threads()
    with one_blas_thread():
        assert blas_threads() == {1}
    assert blas_threads() == before == {3}


def test_an_error_gives_the_threads_back():
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        1 / 0  # noqa: B018
    assert blas_threads() == {3}


def test_many_at_a_time_leave_it_as_it_was():
    def work():
        for _ in range(50):
            with one_blas_thread():
                pass

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert blas_threads() == {3}


def test_strategies_solve_on_one_thread():
    class Asking(Norms):
        def solve(self, gramian, observed):
            self.threads = blas_threads()
            return super().solve(gramian, observed)

    strategy = Asking(WEIGHTS)
    asked(strategy)
    assert strategy.threads == {1}
