"""Threads of a fit."""

import os
import time

import pytest

from spicegen.fit.threads import Threads


def test_calls_within_calls_wait_for_no_thread():
    with Threads() as threads:
        found = threads.map(lambda n: threads.map(lambda m: (n, m), range(n)), range(4 * (os.cpu_count() or 1)))
    assert found == [[(n, m) for m in range(n)] for n in range(len(found))]


def test_what_nobody_waits_for_ends():
    ended = []

    def for_long(n):
        try:
            while True:
                time.sleep(1e-3)
                threads.check()
        except InterruptedError:
            ended.append(n)

    def fails(n):
        raise ValueError

    with pytest.raises(ValueError), Threads() as threads:  # noqa: PT011
        threads.map(lambda n: (for_long if n else fails)(n), range(100))
    assert set(ended) <= set(range(1, 100))
    with pytest.raises(InterruptedError):
        threads.check()
