"""Counter-based random numbers for compiled code: what is drawn depends on keys and counters, not on what was drawn.

A key is mixed from the run's seed, the number of the sample, the layer and the row, so that a run that is resumed, or
whose runs are shared among workers, draws the same numbers. The mixer is the finaliser of SplitMix64.

Source: G. L. Steele, D. Lea and C. H. Flood, OOPSLA 2014, doi:10.1145/2660193.2660195.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _40, _32 = (np.uint64(n) for n in (30, 27, 31, 40, 32))
_LOW = np.uint64(0xFFFFFF)
_UNIT = np.float32(2.0**-24)


@numba.njit(inline="always")
def mixed(z: Any) -> Any:
    """The bits of ``z``, well mixed: a random number of 64 bits."""
    z = (z ^ (z >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    return z ^ (z >> _31)


@numba.njit(inline="always")
def drawn(key: Any, counter: Any) -> Any:
    """The random number of 64 bits that a key gives at a counter."""
    return mixed(key + (np.uint64(counter) + np.uint64(1)) * _GOLDEN)


@numba.njit(inline="always")
def upper_unit(bits: Any) -> Any:
    """A number in [0, 1), of 24 bits, from the upper half of a random number."""
    return np.float32(bits >> _40) * _UNIT


@numba.njit(inline="always")
def lower_unit(bits: Any) -> Any:
    """A number in [0, 1), of 24 bits, from the lower half of a random number: independent of the upper one."""
    return np.float32(bits & _LOW) * _UNIT
