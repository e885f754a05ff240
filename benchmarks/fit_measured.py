"""Every model of the library fitted to measurements of devices that nobody here made: errors, and what is left.

    python benchmarks/fit_measured.py FOLDER                    # all: see README.md
    python benchmarks/fit_measured.py FOLDER taox enode         # some of the data sets

Into the folder go a report for each data set, of its best model, and the overlays of every model (PNG). Beside the
models stand a plain curve for each train, the better of the exponential and the power law with ends of its own, and a
smoothing spline through it: what no smooth curve can be much better than.

A table of changes against conductance (ENODe) is no train: it is walked from its lowest conductance to its highest and
back, each pulse making the mean change there.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from scipy.interpolate import make_smoothing_spline
from scipy.optimize import least_squares

from models_va import load_model, model_names
from spicegen.devices.update_table import read_update_table
from spicegen.files import output_folder, write_text
from spicegen.fit import MeasuredReport, card_name, fit_task
from spicegen.fit.model_fit import fit_model
from spicegen.fit.replay.from_measurements import typical_cycle
from spicegen.fit.result.card import fixed_by_data
from spicegen.metrics.laws import exponential_law, power_law
from spicegen.progress import track
from spicegen.reports.fit import fit_page
from spicegen.reports.fit_pictures import measured_against_fitted

HERE = Path(__file__).parent
DATA = HERE / "../../shared/data/devices"
SETS = {
    "taox": ("taox_set", "taox_reset"),
    "gong": ("gong_up", "gong_down"),
    **{f"ion_transistor_{n}": (f"ion_transistor_{n}_set", f"ion_transistor_{n}_reset") for n in ("0.05", "0.1", "0.5")},
    "enode": ("enode",),
}
MODELS = [name for name in model_names() if load_model(name).states]
REFERENCES = ("data set", "cycles x rows", "between cycles", "smoothing spline", "plain law")
MOST_PULSES = 10_000


def walk(folder):
    """ENODe's tables as a file of one train up and down; volts and seconds are assumed."""
    rising, falling = (read_update_table(DATA / f"enode_lut/dG_{d}.txt") for d in ("increasing", "decreasing"))
    low, high = rising.g_siemens[[0, -1]]
    g, rows = low, []
    for table, volt in ((rising, 1.0), (falling, -1.0)):
        while low <= g <= high and len(rows) < MOST_PULSES:
            g += table.mean_siemens(g)
            rows.append(f"{volt},{g:.6e}")
        g = np.clip(g, low, high)
    head = "# walked along the mean of dG against G\n# width_ms: 1\namplitude_V,conductance_S\n"
    return write_text(folder / "enode.csv", head + "\n".join(rows) + "\n")


def rms(log_error):
    """Of predicted over observed less one, as a fit reports it."""
    return float(np.sqrt(np.mean(np.expm1(log_error) ** 2)))


def branches(pulses):
    """Trains of one direction in the typical cycle: their logarithms, without rows that nothing was read after."""
    rows, g_siemens = typical_cycle(pulses)
    direction = pulses.direction[rows]
    return np.split(np.log(g_siemens), 1 + np.flatnonzero(np.diff(direction) * direction[:-1]))


def plain_curve(y):
    """What the better of two laws misses a train by: logarithms, ends and bend fitted to it alone."""
    w = np.linspace(0, 1, len(y))
    rising = y if y[-1] > y[0] else y[::-1]  # the power law runs backwards in a depression
    laws = (
        lambda p: np.exp(p[0]) + (np.exp(p[1]) - np.exp(p[0])) * exponential_law(w, p[2]),
        lambda p: np.exp(p[0]) + (np.exp(p[1]) - np.exp(p[0])) * power_law(w, p[2], np.exp(max(p[1] - p[0], 1e-9))),
    )
    ends = [rising[0], rising[-1]]
    found = [
        least_squares(lambda p, law=law: np.log(np.maximum(law(p), 1e-30)) - rising, [*ends, bend])
        for law in laws
        for bend in (-10, -3, 0.5, 3, 10)
    ]
    return min((f.fun for f in found), key=rms)


def smooth_curve(y):
    """What a smoothing spline misses it by; over the logarithm of the pulse's number, as trains begin steeply."""
    x = np.log(np.arange(len(y)) + 1.0)
    return make_smoothing_spline(x, y)(x) - y


def spread(pulses):
    """Standard deviation between cycles, relative: the median over the rows; NaN of one cycle."""
    y = np.log(np.where(pulses.g_siemens > 0, pulses.g_siemens, np.nan))
    several = y[np.isfinite(y).sum(axis=1) > 2]
    return float(np.median(np.nanstd(several, axis=1, ddof=1))) if len(several) else np.nan


def percent(*shares):
    return " / ".join("-" if np.isnan(s) else f"{100 * s:.3g}" for s in shares)


def references(name, seen):
    """A row: what the data set holds, how cycles differ, and what curves miss it by that are no models."""
    trains = [branches(m) for m in seen]
    return (
        name,
        " / ".join(f"{m.cycles} x {sum(map(len, t))}" for m, t in zip(seen, trains, strict=True)),
        percent(*map(spread, seen)),
        percent(*(rms(np.concatenate([smooth_curve(y) for y in t])) for t in trains)),
        percent(*(rms(np.concatenate([plain_curve(y) for y in t])) for t in trains)),
    )


def fitted(model, task, paths, folder):
    """A model's fit, its overlays drawn, and its CPU seconds."""
    began = time.process_time()
    found = fit_model(model, task.measurements, task.held[model], task.seed)
    seconds = time.process_time() - began
    for path, replay, predicted in zip(paths, found.replays, found.predicted, strict=True):
        figure, _ = measured_against_fitted([(replay, predicted)])
        figure.savefig(folder / f"{path.stem}-{model}.png", dpi=80)
    return found, seconds


def details(name, found, criterion, seconds):
    """A row: AICc, how many of the model's parameters the data fix, seconds."""
    fixed, free = fixed_by_data(found)
    return (
        name,
        found.model.name,
        percent(*found.errors),
        f"{criterion:.0f}",
        f"{fixed} of {free}",
        f"{seconds:.0f}",
    )


def show(row):
    print("|", " | ".join(row), "|", flush=True)


def main(folder, names):
    known, errors = [], []
    for name in names:
        paths = [walk(folder)] if name == "enode" else [HERE / f"measurements/{m}.yaml" for m in SETS[name]]
        task = fit_task(paths, MODELS, (), seed=1)
        known.append(references(name, task.measurements))
        fits = dict(fitted(model, task, paths, folder) for model in track(MODELS, name))
        report = MeasuredReport.of(task, list(fits), card_name(name))
        for found, criterion in report.ranked:
            show(details(name, found, criterion, fits[found]))
        fit_page(report).write(output_folder(folder / name), report.to_json())
        print(report.comparison(), *report.warnings, sep="\n", flush=True)
        errors.append((name, *(f"**{e}**" if f is report.best else e for f in fits for e in [percent(*f.errors)])))
    for head, rows in ((REFERENCES, known), (("data set", *MODELS), errors)):
        show(head)
        show(["---"] * len(head))
        for row in rows:
            show(row)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="DATA SET", help=", ".join(SETS))
    given = parser.parse_args()
    main(output_folder(given.folder), given.names or list(SETS))
