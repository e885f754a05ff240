"""How often the 95 % intervals of `spicegen metrics` hold the truth, on synthetic devices.

python benchmarks/metrics_coverage.py [TRIALS]
"""

import sys

import numpy as np

from spicegen.metrics.trains import measure, trains_of
from tests.spicegen.measured import linear_device, train

PULSES, GAIN, UPDATE, READ = 50, 0.04, 2e-7, 2e-7
TRUTH = {
    "beta_p": -PULSES * np.log(1 - GAIN),
    "g_min": 1e-5,
    "g_max": 4e-5 - 3e-5 * (1 - GAIN) ** PULSES,
    "read_noise_p": READ,
    "update_sigma_p": UPDATE,
}


def main(trials: int) -> None:
    rng = np.random.default_rng(0)
    print("cycles ", *TRUTH)
    for cycles in (1, 3, 5, 10, 30):
        inside = dict.fromkeys(TRUTH, 0)
        for trial in range(trials):
            pulses = train(linear_device(rng, cycles, PULSES, GAIN, UPDATE, READ))
            found = {m.name: m for m in measure(trains_of([pulses], trial))}
            for name, truth in TRUTH.items():
                low, high = found[name].ci95 or (np.nan, np.nan)
                inside[name] += low <= truth <= high
        print(f"{cycles:6d} ", *(f"{inside[name] / trials:{len(name)}.2f}" for name in TRUTH), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
