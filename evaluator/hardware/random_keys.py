"""Random keys: the numbers that tell the random generators of an evaluation apart, beside its seed.

Generators with the same seed and key draw the same numbers. A key begins with the number of a trial; the key of numbers
that belong to no trial begins with a number that no trial can have.
"""

from __future__ import annotations

MOST_TRIALS = 10_000
"""Largest number of trials: their numbers are below it."""
CALIBRATION = MOST_TRIALS
"""Key, in the place of a trial's number, of the read noise in the currents that converters are calibrated with."""
SAMPLED_TILES, SAMPLED_DEVICES = 20_001, 20_002
"""Keys of write-verify: which tiles are programmed, and how their devices differ."""
READ_NOISE, FIT_NOISE = 20_003, 20_004
"""Keys of read noise: in a trial's reads, and in the reads that its columns are corrected by."""
MAIN_DEVICES, REFERENCE_DEVICES = 0, 1
"""Last numbers of the keys (trial, layer, ...) of a layer's devices. The key of the main devices' programming leaves it
out: it is (trial, layer), as it always was."""
STUCK, INSTANCE = 2, 3
"""Numbers behind these: which devices are stuck, and how their instance parameters differ."""
