"""Training on the device: samples per CPU second at batch 1 on one core, beside the Sandia simulator and aihwkit.

The network is 784-300-10 with sigmoid and softmax. Inputs are MNIST's over 255, of which four fifths are 0, and the
same less their mean and over their standard deviation, of which none is 0 ("dense"). Without ../shared/data/mnist.npz
images are random numbers, four fifths of them 0. Steps are those of ../shared/cases/training/tables_two_grids, else of
the beta law 0.3/1.3 with 25 states and a scatter of 30 %.

    python benchmarks/training_speed.py [--sandia FOLDER] [--aihwkit FOLDER] [--seconds 1] [--rounds 3]
        [--range 6] [--no-growth]

The range is the weight at a whole window over the largest initial weight; fewer pulses are sent where it is larger.

Peers are not dependencies of the project, and the cells of one that is not given are empty. Folders can also be given
in the environment variables SANDIA_FOLDER and AIHWKIT_FOLDER. How to get them:

    git clone --branch v2.0 https://github.com/sandialabs/cross-sim FOLDER    (it needs pkg_resources: setuptools < 81)
    pip install --target FOLDER aihwkit==1.1.0 'torch==2.10.*'    (its wheel refuses the tensors of torch 2.13)

The Sandia simulator runs its own loop, ``Backprop.train``, with the same tables on one regular grid. "Plain numpy" is
its law in the fewest numpy calls for each sample. aihwkit runs its own presets of a Li device, each layer in one tile.
Every kind of engine has a process of its own; they take turns, and the median of the rounds counts. What is measured
comes after 300 samples of training, or after as many as take a fifth of the time. The project's own network begins
anew every 2000 samples, because one that has learned them sends few pulses.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import numpy as np

SHARED = Path(__file__).resolve().parents[2] / "shared"
INPUTS = ("zeros", "dense")
SIZES = (75, 150, 300, 600)
HIDDEN, RATE, BEFORE, PART = 300, 0.02, 300, 500
OWN = {
    "float": ("FLOAT", False),
    "continuous": ("CONTINUOUS", False),
    "continuous, noise": ("CONTINUOUS", True),
    "pulses, Poisson": ("POISSON", True),
    "pulses, Bernoulli": ("BERNOULLI", True),
    "pulses, streams": ("STREAMS", True),
    "accumulate": ("ACCUMULATE", True),
    "Tiki-Taka 2": ("TIKI_TAKA", True),
}
NUMPY = {"table": False, "table, noise": True}
SANDIA = {"float": None, "table": False, "table, noise": True}
AIHWKIT = {
    "float": None,
    "EcRam": "EcRamPreset",
    "mixed precision": "MixedPrecisionEcRamPreset",
    "Tiki-Taka 2": "TTv2EcRamPreset",
}
GOALS = (
    ("continuous, noise", "sandia: table, noise", 40, 15),
    ("pulses, Poisson", "sandia: table, noise", 250, 90),
    ("accumulate", "sandia: table, noise", 250, 90),
    ("pulses, streams", "aihwkit: EcRam", 20, None),
    ("pulses, Poisson", "aihwkit: EcRam", 20, None),
    ("accumulate", "aihwkit: mixed precision", 40, None),
    ("Tiki-Taka 2", "aihwkit: Tiki-Taka 2", 20, None),
    ("pulses, Bernoulli", "sandia: table, noise", 250, 90),
    ("pulses, streams", "sandia: table, noise", 250, 90),
    ("continuous, noise", "numpy: table, noise", None, None),
)
"""Own law, peer, and how many times the peer's rate is wanted with zeros and dense."""
GROWTH = (*OWN, "numpy: table, noise", "sandia: table, noise", "aihwkit: EcRam")

Work = Callable[[int], int]
Wanted = tuple[str, str, str, int]
"""Kind of engine, name of its law, inputs, hidden units."""


@dataclass(frozen=True)
class Settings:
    """Folder of a peer, CPU seconds of a measurement, range over the largest initial weight."""

    folder: str
    seconds: float
    range: float


@functools.cache
def samples(inputs: str) -> tuple[np.ndarray, np.ndarray]:
    """2000 images, shape (2000, 784), and their classes."""
    path = SHARED / "data" / "mnist.npz"
    if path.is_file():
        with np.load(path) as data:
            x, y = data["x_train"][:2000].reshape(2000, 784) / np.float32(255), data["y_train"][:2000].astype(np.int64)
    else:
        rng = np.random.default_rng(0)
        x, y = rng.random((2000, 784), np.float32), rng.integers(10, size=2000)
        x[rng.random(x.shape) < 0.8] = 0
    return (x if inputs == "zeros" else ((x - x.mean()) / x.std()).astype(np.float32)), y


@functools.cache
def device_steps():
    """The steps of all engines but aihwkit's."""
    from evaluator.training import device_steps as module
    from evaluator.training.config import UpdateConfig
    from models_va import load_card

    folder = SHARED / "cases" / "training" / "tables_two_grids"
    settings = {"source": "law", "beta_p": 0.3, "beta_d": 1.3, "states": 25, "step_sigma": 0.3}
    if folder.is_dir():
        files = {name: str(folder / f"dG_{name}.txt") for name in ("increasing", "decreasing")}
        settings = {"source": "tables", **files}
    return module.device_steps(load_card("au-lixcoo2-pt"), UpdateConfig(**settings))


def initial(hidden: int, range_: float) -> tuple[list[np.ndarray], np.ndarray]:
    """Weights of both layers, shape (inputs + 1, outputs), and the weights that a whole window stands for."""
    rng, units = np.random.default_rng(0), (784, hidden, 10)
    layers = list(itertools.pairwise(units))
    roots = np.array([np.sqrt(6 / (a + b)) for a, b in layers])
    weights = [rng.uniform(-1, 1, (a + 1, b)) * 4 * r for (a, b), r in zip(layers, roots, strict=True)]
    return weights, (4 * range_ * roots).astype(np.float32)


def own(name: str, inputs: str, hidden: int, settings: Settings) -> Work:
    """The project's ``train_part``."""
    from evaluator.training import kernel
    from evaluator.training.config import UpdateConfig

    law, noisy = OWN[name]
    (x, y), (*tables, fbar), (weights, ranges) = (
        samples(inputs),
        device_steps().compiled_tables(),
        initial(hidden, settings.range),
    )
    if law == "FLOAT":
        ranges = np.ones_like(ranges)
    flat = np.concatenate([(w / r).ravel() for w, r in zip(weights, ranges, strict=True)])
    halves = (flat, np.zeros_like(flat)) if law == "FLOAT" else (0.5 + flat / 2, 0.5 - flat / 2)
    g, n = np.stack(halves).astype(np.float32), np.array([784, hidden, 10])
    chi, bias, trained = np.zeros(g.shape[1], np.float32), np.zeros(hidden + 10, np.float32), [0]

    begun, fast = g.copy(), np.full_like(g, 0.5)
    update, read = UpdateConfig(), np.zeros(4)
    transfer = np.array([update.fast_rate, update.transfer, update.transfer_every], np.float64)

    def work(count: int) -> int:
        pulses = 0
        while count > 0:
            first = trained[0] % len(x)
            if first == 0:
                g[:], chi[:], fast[:] = begun, 0, 0.5
            part = min(count, PART, len(x) - first)
            pulses += kernel.train_part(
                getattr(kernel, law), kernel.PAIR, n, g, chi, bias, kernel.IN_ARRAY, ranges, RATE, 1, x, y,
                np.arange(first, first + part), trained[0], False, np.uint64(1), *tables, noisy, fbar,
                fast, transfer, read,
            )  # fmt: skip
            trained[0] += part
            count -= part
        return pulses

    return work


def plain_numpy(name: str, inputs: str, hidden: int, settings: Settings) -> Work:
    """The Sandia simulator's law in few numpy calls: outer product, table, a random number for each device, clip."""
    noisy, rng, trained = NUMPY[name], np.random.default_rng(0), [0]
    (x, y), (_, _, relative, spread, _), (weights, ranges) = (
        samples(inputs), device_steps().compiled_tables(), initial(hidden, settings.range),
    )  # fmt: skip
    g = [np.stack([0.5 + w / r / 2, 0.5 - w / r / 2]).astype(np.float32) for w, r in zip(weights, ranges, strict=True)]
    nodes, rows, columns = relative.shape[1] - 1, spread.shape[1] - 1, spread.shape[2] - 1

    def update(pair: np.ndarray, a: np.ndarray, d: np.ndarray, r: np.float32) -> None:
        wanted = np.outer(a, d) * np.float32(-RATE / 2 / r)
        size, root = np.abs(wanted), np.sqrt(np.abs(wanted))
        for device, down in enumerate((wanted <= 0, wanted > 0)):
            w, direction = pair[device], down.astype(np.intp)
            change = size * relative[direction, np.rint(w * nodes).astype(np.intp)]
            if noisy:
                unit = np.rint(rng.random(w.shape, np.float32) * columns).astype(np.intp)
                change += root * spread[direction, np.rint(w * rows).astype(np.intp), unit]
            np.clip(w + change, 0, 1, out=w)

    def work(count: int) -> int:
        for sample in range(trained[0], trained[0] + count):
            a = np.append(x[sample % len(x)], np.float32(1))
            h = 1 / (1 + np.exp(-(a @ (g[0][0] - g[0][1])) * ranges[0]))
            b, w = np.append(h, np.float32(1)), (g[1][0] - g[1][1]) * ranges[1]
            d = np.exp(b @ w)
            d /= d.sum()
            d[y[sample % len(x)]] -= 1
            e = (w[:-1] @ d) * h * (1 - h)
            update(g[0], a, e, ranges[0])
            update(g[1], b, d, ranges[1])
        trained[0] += count
        return 0

    return work


def sandia(name: str, inputs: str, hidden: int, settings: Settings) -> Work:
    """The Sandia simulator's ``Backprop.train``."""
    if settings.folder not in sys.path:
        sys.path.insert(0, settings.folder)
    from cross_sim import Backprop

    network, trained = Backprop(((1, 1, 784), (1, 1, hidden), (1, 1, 10)), seed=1), [0]
    network.set_activations(layer=0, style="SIGMOID", leakyslope=0, shift=0)
    network.set_activate_output(style="SOFTMAX", shift=0)
    network.set_learning_rate(RATE, False, None)
    network.layerTypes = ["dense"] * 2
    network.init_GPU(False, 0)
    with tempfile.TemporaryDirectory() as tables:
        for layer, largest in enumerate((0.218, 1.05), start=1):  # its own baseline_mat of MNIST
            if SANDIA[name] is None:
                network.ncore(which=layer, style="old_bias", wtmodel="POSNEG", truncate=0, useGPU=False)
            else:
                parameters = sandia_parameters(Path(tables), largest, noisy=bool(SANDIA[name]))
                network.ncore(which=layer, style="new_bias", params=parameters)
    network.random_weights(scale="bengio")
    x, y = samples(inputs)

    def work(count: int) -> int:
        order = np.arange(trained[0], trained[0] + count) % len(x)
        network.indata, network.answers, network.ndata = x[order], y[order], count
        network.train()
        trained[0] += count
        return 0

    return work


def sandia_parameters(folder: Path, largest: float, *, noisy: bool):
    """What its training/training_net.py sets for lookup tables without converters."""
    from cross_sim import Parameters

    found = Parameters()
    found.algorithm_params.crossbar_type, found.algorithm_params.sim_type = "BALANCED", "NUMERIC"
    found.xbar_params.weights.minimum, found.xbar_params.weights.maximum = 0.1, 1
    for side in ("col", "row"):
        for signal, limit in (("input", 100), ("update", 100), ("output", 100_000)):
            clipping = getattr(found.algorithm_params, f"{side}_{signal}")
            clipping.maximum, clipping.minimum = limit, -limit
            getattr(found.xbar_params, f"{side}_{signal}").bits = 0
    found.numeric_params.useGPU, found.numeric_params.update_model = False, "DG_LOOKUP"
    table = found.numeric_params.dG_lookup
    table.gpu_engaged, table.disable_writenoise = False, not noisy
    table.file_increasing, table.file_decreasing = sandia_tables(folder)
    table.Gmin_relative, table.Gmax_relative = 0.1, 0.9
    found.algorithm_params.weights.maximum, found.algorithm_params.weights.minimum = 1.5 * largest, -1.5 * largest
    return found.copy()


def sandia_tables(folder: Path) -> list[str]:
    """Files of the same steps on one regular grid, up and down."""
    from spicegen.devices.update_table import UpdateTable

    steps, files = device_steps(), []
    (low, high), (nodes, columns) = steps.window_siemens, steps.residual.shape[1:]
    grid = np.linspace(0, 1, nodes)
    for name, mean, residual in zip(("increasing", "decreasing"), steps.mean, steps.residual, strict=True):
        step = (np.interp(grid, np.linspace(0, 1, len(mean)), mean)[:, None] + residual).T * (high - low)
        table = UpdateTable(low + grid * (high - low), np.linspace(0, 1, columns), step)
        files.append(str(table.write(folder / f"dG_{name}.txt")))
    return files


def aihwkit(name: str, inputs: str, hidden: int, settings: Settings) -> Work:
    """aihwkit's ``AnalogSGD`` on its own presets."""
    if settings.folder not in sys.path:
        sys.path.append(settings.folder)
    import torch
    from aihwkit.nn import AnalogLinear, AnalogSequential
    from aihwkit.optim import AnalogSGD
    from aihwkit.simulator import presets
    from aihwkit.simulator.configs import FloatingPointRPUConfig

    torch.set_num_threads(1)
    torch.manual_seed(0)
    preset = AIHWKIT[name]
    config = FloatingPointRPUConfig() if preset is None else getattr(presets, preset)()
    config.mapping.max_input_size = config.mapping.max_output_size = 0
    network = AnalogSequential(
        AnalogLinear(784, hidden, True, rpu_config=config), torch.nn.Sigmoid(),
        AnalogLinear(hidden, 10, True, rpu_config=config), torch.nn.LogSoftmax(1),
    )  # fmt: skip
    optimizer = AnalogSGD(network.parameters(), lr=RATE)
    optimizer.regroup_param_groups(network)
    loss, trained = torch.nn.NLLLoss(), [0]
    x, y = (torch.from_numpy(a) for a in samples(inputs))

    def work(count: int) -> int:
        for k in range(trained[0], trained[0] + count):
            at = k % len(x)
            optimizer.zero_grad()
            loss(network(x[at : at + 1]), y[at : at + 1]).backward()
            optimizer.step()
        trained[0] += count
        return 0

    return work


KINDS = {"own": own, "numpy": plain_numpy, "sandia": sandia, "aihwkit": aihwkit}


@functools.cache
def prepared(wanted: Wanted, settings: Settings) -> Work:
    """Work of an engine that has trained for a while."""
    kind, name, inputs, hidden = wanted
    work = KINDS[kind](name, inputs, hidden, settings)
    start = time.process_time()
    for _ in range(BEFORE // 5):
        work(5)
        if time.process_time() - start > settings.seconds / 5:
            break
    return work


def rate(wanted: Wanted, settings: Settings) -> SimpleNamespace:
    """Samples per CPU second, and pulses per sample."""
    work, count = prepared(wanted, settings), 4
    while True:
        start = time.process_time()
        pulses = work(count)
        spent = time.process_time() - start
        if spent >= settings.seconds:
            return SimpleNamespace(rate=count / spent, pulses=pulses / count)
        count = int(count * min(10, 1.2 * settings.seconds / max(spent, 1e-3))) + 1


class Engines:
    """A process for each kind of engine that is there."""

    def __init__(self, folders: dict[str, str], seconds: float, range_: float, rounds: int) -> None:
        for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
            os.environ[f"{name}_NUM_THREADS"] = "1"
        there = {kind: str(Path(folder).resolve()) for kind, folder in folders.items() if folder}
        folders = {"own": "", "numpy": "", **there}
        self._settings = {kind: Settings(folder, seconds, range_) for kind, folder in folders.items()}
        self._pools = {kind: ProcessPoolExecutor(1, get_context("spawn")) for kind in self._settings}
        self._rounds = rounds

    def rates(self, wanted: list[Wanted]) -> dict[Wanted, SimpleNamespace]:
        """The median over the rounds for all whose engine is there."""
        found: dict[Wanted, list[SimpleNamespace]] = {w: [] for w in wanted if w[0] in self._settings}
        for _ in range(self._rounds):
            for w in found:
                task = self._pools[w[0]].submit(rate, w, self._settings[w[0]])
                found[w].append(task.result())
        return {w: sorted(rounds, key=lambda one: one.rate)[len(rounds) // 2] for w, rounds in found.items()}


def print_rates(engines: Engines) -> None:
    names = [(kind, name) for kind, laws in zip(KINDS, (OWN, NUMPY, SANDIA, AIHWKIT), strict=True) for name in laws]
    found = engines.rates([(kind, name, inputs, HIDDEN) for kind, name in names for inputs in INPUTS])
    print("| samples per CPU second | with zeros | dense | pulses a sample, zeros | dense |\n|---|---|---|---|---|")
    for kind, name in names:
        both = [found.get((kind, name, inputs, HIDDEN)) for inputs in INPUTS]
        rates = [f"{one.rate:,.0f}" if one else "" for one in both]
        pulses = [f"{one.pulses:,.0f}" if one and one.pulses else "" for one in both]
        print(f"| {title(kind, name)} | {' | '.join(rates + pulses)} |")
    print("\n| law | over | with zeros | goal | dense | goal |\n|---|---|---|---|---|---|")
    for name, peer, *goals in GOALS:
        kind, law = peer.split(": ")
        cells = []
        for inputs, goal in zip(INPUTS, goals, strict=True):
            one = found.get((kind, law, inputs, HIDDEN))
            cells += [f"{found['own', name, inputs, HIDDEN].rate / one.rate:.0f}" if one else "", str(goal or "")]
        print(f"| {name} | {title(kind, law)} | {' | '.join(cells)} |", flush=True)


def print_growth(engines: Engines) -> None:
    names = [tuple(name.split(": ")) if ": " in name else ("own", name) for name in GROWTH]
    found = engines.rates([(kind, name, "zeros", hidden) for kind, name in names for hidden in SIZES])
    weights = [785 * h + (h + 1) * 10 for h in SIZES]
    print(f"\n| hidden units, with zeros | {' | '.join(map(str, SIZES))} | exponent |\n|{'---|' * (len(SIZES) + 2)}")
    for kind, name in names:
        rates = [found[kind, name, "zeros", h].rate for h in SIZES if (kind, name, "zeros", h) in found]
        cells = [f"{one:,.0f}" for one in rates] or [""] * len(SIZES)
        exponent = f"{-np.polyfit(np.log(weights), np.log(rates), 1)[0]:.2f}" if rates else ""
        print(f"| {title(kind, name)} | {' | '.join(cells)} | {exponent} |")


def title(kind: str, name: str) -> str:
    return name if kind == "own" else f"{'plain numpy' if kind == 'numpy' else kind}: {name}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sandia", default=os.environ.get("SANDIA_FOLDER", ""))
    parser.add_argument("--aihwkit", default=os.environ.get("AIHWKIT_FOLDER", ""))
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--range", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-growth", action="store_true")
    given = parser.parse_args()
    engines = Engines({"sandia": given.sandia, "aihwkit": given.aihwkit}, given.seconds, given.range, given.rounds)
    print_rates(engines)
    if not given.no_growth:
        print_growth(engines)


if __name__ == "__main__":
    main()
