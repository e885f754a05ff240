"""The native transients' method: ESDIRK4(3)6L[2]SA (Kennedy and Carpenter, NASA/TM-2016-219173), and its tolerances."""

from __future__ import annotations

import numpy as np

GAMMA = 0.25
NODES = np.array([0, 1 / 2, 83 / 250, 31 / 50, 17 / 20, 1])
STAGES = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [1 / 4, 1 / 4, 0, 0, 0, 0],
        [8611 / 62500, -1743 / 31250, 1 / 4, 0, 0, 0],
        [5012029 / 34652500, -654441 / 2922500, 174375 / 388108, 1 / 4, 0, 0],
        [15267082809 / 155376265600, -71443401 / 120774400, 730878875 / 902184768, 2285395 / 8070912, 1 / 4, 0],
        [82889 / 524892, 0, 15625 / 83664, 69875 / 102672, -2260 / 8211, 1 / 4],
    ]
)
EMBEDDED = np.array(
    [4586570599 / 29645900160, 0, 178811875 / 945068544, 814220225 / 1159782912, -3700637 / 11593932, 61727 / 225920]
)

STATE_FLOOR = 1e-2
"""States are of the order of 1: one below this need not be known in relation to itself."""
NEWTON_TOLERANCE = 1e-3
"""Of the error allowed to a step."""
MAX_NEWTON = 12
SHORTEST = 1e-15
"""Of the whole run: a smaller step means that the error cannot be met."""
