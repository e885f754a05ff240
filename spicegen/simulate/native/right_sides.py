"""Solutions of linear systems for many right-hand sides with one sparse factor, a few at a time.

SuperLU solves for a block of them by thousands of products of a few rows each. From a certain width on BLAS shares
every such product among threads, which then wait for each other: a block of 256 for an array of 32 x 32 took 35 times
as long as on one thread, where others used the processors too. Four columns stay below that width, and in the caches.

========  ===========  ===================  ===================
array     one by one   all, on one thread   four at a time
========  ===========  ===================  ===================
8 x 8     6.9          2.3                  1.9
16 x 16   23           23                   6.9
32 x 32   83           107                  35
64 x 64   580          480                  300
========  ===========  ===================  ===================

(us for one right-hand side, 64 to 2000 of them, two threads where one is not said)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_AT_A_TIME = 4


def solve_each(factor: Any, right: Array) -> Array:
    """Solve for each column of ``right``.

    Args:
        factor: factor of a sparse matrix of n rows, from ``System.factor``.
        right: right-hand sides, shape (n, columns).

    Returns:
        The solutions, shape (n, columns).
    """
    found = np.empty_like(right)
    for start in range(0, right.shape[1], _AT_A_TIME):
        some = slice(start, start + _AT_A_TIME)
        found[:, some] = factor.solve(right[:, some])
    return found
