"""How well `spicegen fit` finds devices whose parameters are known, and whether its uncertainties are right.

Each device is off the shipped card in every parameter, at random; five trains of several amplitudes and widths and a
sweep are simulated on fresh ones, with noise, and fitted.

python benchmarks/fit_coverage.py [DEVICES]      # 24: about 25 minutes on two cores; of li_intercalation a sixth
python benchmarks/fit_coverage.py unlike [DEVICES]   # 8: devices far from the card, by two sweeps; four minutes
"""

import sys
import time

import numpy as np

from spicegen.fit.model_fit import fit_model
from spicegen.progress import track
from tests.spicegen.fit.known_devices import CARDS, UNLIKE, campaign, off, train, unlike, varied

REACHED = 1.5
"""Errors over the noise, up to which a fit has found what there is to find."""
SWITCHES = 1.2
"""Ratio of conductances from which on a device can be measured."""


def switching(model, rng):
    """A random device that switches at all under the card's write pulse."""
    while True:
        card = varied(model, rng)
        g = train(card, 0, rng).g_siemens
        if g.max() > SWITCHES * g.min():
            return card


def main(devices: int) -> None:
    print("model              noise  devices  missed  parameters fixed  within 1, 2, 3 sd   largest  CPU s")
    for model in CARDS:
        count = max(devices // 6, 1) if model == "li_intercalation" else devices
        for noise in (0.01, 0.05):
            missed, asked, away, start = 0, 0, [], time.process_time()
            for seed in track(range(count), f"{model}, {noise:.0%}"):
                rng = np.random.default_rng(1000 + seed)
                card = switching(model, rng)
                found = fit_model(model, campaign(card, noise, rng))
                missed += max(found.errors) > REACHED * noise
                asked += sum(f.name in card.values for f in found.solution.free)
                away += [abs(z) for z in off(found, card).values()]
            within = [f"{np.mean(np.array(away) < sd):4.2f}" for sd in (1, 2, 3)]
            seconds = (time.process_time() - start) / count
            print(
                f"{model:17} {noise:6.0%} {count:8} {missed:7} {len(away):8} of {asked:4}         ", *within,
                f"{max(away, default=np.nan):8.1f} {seconds:6.1f}", flush=True,
            )  # fmt: skip


def main_unlike(devices: int, noise: float = 0.01) -> None:
    print("model      devices  missed  CPU s")
    for model in UNLIKE:
        start, missed = time.process_time(), 0
        for seed in track(range(devices), model):
            _, sweeps = unlike(model, noise, np.random.default_rng(seed))
            missed += max(fit_model(model, sweeps).over_noise) > REACHED
        print(f"{model:10} {devices:7} {missed:7} {(time.process_time() - start) / devices:6.1f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["unlike"]:
        main_unlike(int(sys.argv[2]) if len(sys.argv) > 2 else 8)
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 24)
