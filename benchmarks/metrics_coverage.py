"""How often the 95 % intervals of `spicegen metrics` hold the truth, on synthetic devices whose figures are known.

python benchmarks/metrics_coverage.py [TRIALS [CYCLES,CYCLES,.. [PAIRS,PAIRS,..]]]

CYCLES are of trains, PAIRS of write-verify. In brackets the median width of the intervals, in parts of the truth, or in
S where that is 0.
"""

import sys
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from spicegen.measurements import WriteVerify
from spicegen.metrics import Metric, programming
from spicegen.metrics.train_figures import measure
from spicegen.metrics.trains import trains_of
from tests.spicegen.metrics.measured import DEVICES, HIGH, LOW, ORIGIN, mean_curves, noisy, train, true_figures

SLOPE, OFFSET = 0.0161, 8.264e-8


def targets(pairs: int) -> NDArray[np.float64]:
    """Evenly distributed from LOW to HIGH."""
    return LOW + (HIGH - LOW) * (np.arange(pairs) + 0.5) / pairs


def true_programming(pairs: int) -> dict[str, float]:
    sigma = SLOPE * targets(pairs) + OFFSET
    return {
        "sigma_slope": SLOPE,
        "sigma_offset": OFFSET,
        "programming_bias": 0.0,
        "sigma_rms": float(np.sqrt(np.mean(sigma**2))),
        "distinct_states": 1 + float(np.log(sigma[-1] / sigma[0])) / SLOPE / 4,
    }


def of_train(device: str, cycles: int, rng: np.random.Generator, seed: int) -> list[Metric]:
    pulses = train(*(noisy(rng, curve, cycles) for curve in mean_curves(device)))
    return measure(trains_of([pulses], seed))


def of_programming(pairs: int, rng: np.random.Generator, seed: int) -> list[Metric]:
    target = rng.permutation(targets(pairs))
    achieved = target + (SLOPE * target + OFFSET) * rng.standard_normal(pairs)
    return programming.measure(programming.programming_errors(WriteVerify(ORIGIN, target, achieved), seed))


def table(
    title: str,
    expected: Callable[[int], Mapping[str, float]],
    sizes: Sequence[int],
    trials: int,
    figures: Callable[[int, np.random.Generator, int], list[Metric]],
) -> None:
    print(f"\n| {title} |", " | ".join(f"{n}" for n in sizes), "|\n|---|" + "---|" * len(sizes))
    inside = {name: np.zeros(len(sizes)) for name in expected(sizes[0])}
    width = {name: np.full((len(sizes), trials), np.nan) for name in inside}
    rng = np.random.default_rng(0)
    for n, size in enumerate(sizes):
        for trial in range(trials):
            found = {m.name: m for m in figures(size, rng, trial)}
            for name, value in expected(size).items():
                low, high = found[name].ci95 or (np.nan, np.nan)
                inside[name][n] += low <= value <= high
                width[name][n, trial] = (high - low) / (abs(value) or 1)
    for name in inside:
        cells = zip(inside[name] / trials, np.nanmedian(width[name], axis=1), strict=True)
        print(f"| {name} |", " | ".join(f"{p:.0%} ({s:.2g})" for p, s in cells), "|", flush=True)


def main(trials: int = 200, cycles: Sequence[int] = (1, 2, 3, 5, 10), pairs: Sequence[int] = (10, 20, 50, 200)) -> None:
    for device in DEVICES:
        table(
            f"{device}: cycles",
            lambda _, device=device: true_figures(device),
            cycles,
            trials,
            lambda many, rng, seed, device=device: of_train(device, many, rng, seed),
        )
    table("write-verify: pairs", true_programming, pairs, trials, of_programming)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*(int(g) for g in given[:1]), *([int(n) for n in g.split(",")] for g in given[1:]))
