"""First numbers of the keys of random streams: a trial's number, or one of no trial.

Streams whose keys are equal are equal. So what is drawn for no single trial begins with a number that none can have.
"""

from __future__ import annotations

MOST_TRIALS = 10_000
"""Trials have the numbers below it."""
CALIBRATION = MOST_TRIALS
"""In the place of a trial's number: the noise that ranges of converters are found with."""
SAMPLED_TILES, SAMPLED_DEVICES = 20_001, 20_002
"""Of write-verify: which tiles are programmed; how their devices differ."""
READ_NOISE, FIT_NOISE = 20_003, 20_004
"""Of a trial's reads; of those that its columns are corrected by."""
MAIN_DEVICES, REFERENCE_DEVICES = 0, 1
"""Devices of a layer in a trial have keys of (trial, layer) and one of these. Of the main ones' programming it is left
out: it hangs on trial and layer alone, as it always has."""
STUCK, INSTANCE = 2, 3
"""Behind these: which devices are stuck; how their instance parameters differ."""
