"""How often the 95 % intervals of `spicegen metrics` hold the truth, on synthetic devices of known mean curves.

python benchmarks/metrics_coverage.py [TRIALS [CYCLES,CYCLES,..]]

In brackets the median width of the intervals, in parts of the truth.
"""

import sys

import numpy as np

from spicegen.metrics.train_figures import measure
from spicegen.metrics.trains import trains_of
from tests.spicegen.measured import DEVICES, mean_curves, noisy, train, true_figures


def main(trials: int, cycles: list[int]) -> None:
    for device in DEVICES:
        expected = true_figures(device)
        print(f"\n| {device}: cycles |", " | ".join(f"{c}" for c in cycles), "|\n|---|" + "---|" * len(cycles))
        inside = {name: np.zeros(len(cycles)) for name in expected}
        width = {name: np.full((len(cycles), trials), np.nan) for name in expected}
        rng = np.random.default_rng(0)
        for n, many in enumerate(cycles):
            for trial in range(trials):
                pulses = train(*(noisy(rng, curve, many) for curve in mean_curves(device)))
                found = {m.name: m for m in measure(trains_of([pulses], trial))}
                for name, value in expected.items():
                    low, high = found[name].ci95 or (np.nan, np.nan)
                    inside[name][n] += low <= value <= high
                    width[name][n, trial] = (high - low) / abs(value)
        for name in expected:
            cells = zip(inside[name] / trials, np.nanmedian(width[name], axis=1), strict=True)
            print(f"| {name} |", " | ".join(f"{p:.0%} ({s:.2g})" for p, s in cells), "|", flush=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 200, [int(c) for c in given[1].split(",")] if len(given) > 1 else [1, 2, 3, 5, 10])
