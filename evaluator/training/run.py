"""One training: a network on its devices, and the same network in floating point beside it, for one seed.

Both begin with the same weights and see the same samples in the same order at the same rates, so that their accuracies
can be compared in pairs. Everything that is random follows from the seed and from counters (``random_bits``): a run
that is resumed from its last epoch ends with the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from evaluator.scores import top_k_accuracy
from evaluator.training import kernel
from evaluator.training.config import ReadConfig, TrainConfig
from evaluator.training.device_steps import DeviceSteps
from evaluator.training.samples import Single, TrainingSamples
from spicegen.result_cache import Array, ResultCache, digest

_INITIAL, _SUBSET, _ORDER, _KEY = range(4)
"""Second numbers of the seeds of the random generators, behind the run's seed."""
_PART = 500
"""Number of samples that compiled code trains on before it can be interrupted."""
_LAWS = {
    "continuous": kernel.CONTINUOUS,
    "accumulate": kernel.ACCUMULATE,
    "tiki-taka-2": kernel.TIKI_TAKA,
}
_PULSES = {"poisson": kernel.POISSON, "bernoulli": kernel.BERNOULLI, "streams": kernel.STREAMS}
_KINDS = {"pair": kernel.PAIR, "single": kernel.SINGLE, "one-sided": kernel.ONE_SIDED}
_BIASES = {"array": kernel.IN_ARRAY, "digital": kernel.DIGITAL, "none": kernel.NO_BIAS}
_FULL = 0.9
"""Conductance over the window beyond which a one-sided cell is written anew."""
EDITION = 2
"""Number that changes where the same settings give other results than before, so that old checkpoints are not used."""

Report = Callable[[int, float, float], None]
"""Function that is told the epoch, from 1, and the accuracies in floating point and on the devices."""


@dataclass(frozen=True, eq=False)
class Perceptron:
    """Weights of a perceptron, in floating point or as they stand on devices.

    Attributes:
        sizes: numbers of units from the inputs to the outputs.
        ranges: weight that the whole window stands for, by layer; 1 in floating point.
        g: conductances of the devices plus and minus over the window, layer after layer, each of the shape
            (inputs + 1, outputs), shape (2, devices). In floating point the first are the weights, the second 0.
        bias: digital biases, layer after layer.
        relu: whether hidden units are ReLU, and not sigmoid.
    """

    sizes: tuple[int, ...]
    ranges: Single
    g: Single
    bias: Single
    relu: bool

    def layers(self) -> Iterator[tuple[Single, Single]]:
        """Weights (inputs, outputs) and biases (outputs,) of every layer."""
        first = 0
        for range_, plus_minus in zip(self.ranges, self.by_layer(), strict=True):
            w = range_ * (plus_minus[0] - plus_minus[1])
            m = w.shape[1]
            yield w[:-1], w[-1] + self.bias[first : first + m]
            first += m

    def by_layer(self) -> list[Single]:
        """The conductances of every layer, shape (2, inputs + 1, outputs)."""
        found, start = [], 0
        for rows, m in pairwise(self.sizes):
            found.append(self.g[:, start : start + (rows + 1) * m].reshape(2, rows + 1, m))
            start += (rows + 1) * m
        return found

    def outputs(self, x: Single) -> Single:
        """The weighted sums of the last layer for inputs of shape (n, inputs), shape (n, outputs)."""
        layers = list(self.layers())
        for n, (w, b) in enumerate(layers):
            x = x @ w + b
            if n < len(layers) - 1:
                x = np.asarray(np.maximum(x, 0) if self.relu else 1 / (1 + np.exp(-np.clip(x, -80, 80))), np.float32)
        return x

    def accuracy(self, x: Single, y: NDArray[np.int64]) -> float:
        """Share of samples whose class has the largest output."""
        return top_k_accuracy(self.outputs(x).astype(np.float64), y)


@dataclass(frozen=True, eq=False)
class RunResult:
    """The result of one seed.

    Attributes:
        seed: the seed.
        floating, hardware: accuracy over the test samples before the first epoch and after each, shape (epochs + 1,).
        network: the network on its devices at the end.
        pulses: number of pulses that all devices got.
    """

    seed: int
    floating: Array
    hardware: Array
    network: Perceptron
    pulses: float


def initial_network(config: TrainConfig, sizes: tuple[int, ...], seed: int) -> tuple[list[Single], list[float]]:
    """Initial weights of every layer, shape (inputs + 1, outputs), and the largest that each may have."""
    rng, weights, limits = np.random.default_rng([seed, _INITIAL]), [], []
    for rows, m in pairwise(sizes):
        limit = config.network.initial * float(np.sqrt(6 / (rows + m)))
        w = rng.uniform(-limit, limit, (rows + 1, m)).astype(np.float32)
        if config.network.bias != "array":
            w[-1] = 0
        weights.append(w)
        limits.append(limit)
    return weights, limits


def _on_devices(w: Single, kind: str) -> Single:
    """Conductances (2, ...) over the window for weights over their range, -1 to 1."""
    w = np.clip(w, -1, 1)
    if kind == "pair":
        return np.stack([0.5 + w / 2, 0.5 - w / 2])
    if kind == "single":
        return np.stack([np.clip(0.5 + w, 0, 1), np.full_like(w, 0.5)])
    return np.stack([np.maximum(w, 0), np.maximum(-w, 0)])


class Training:
    """The training of one seed.

    Args:
        config: settings.
        steps: steps of the devices.
        samples: training and test samples.
        seed: of all that is random.
    """

    def __init__(self, config: TrainConfig, steps: DeviceSteps, samples: TrainingSamples, seed: int) -> None:
        self._config, self._steps, self._samples, self._seed = config, steps, samples, seed
        sizes = (samples.x.shape[1], *config.network.layers[1:-1], int(max(samples.y.max(), samples.y_test.max())) + 1)
        weights, limits = initial_network(config, sizes, seed)
        ranges = np.array(config.cell.ranges(limits), dtype=np.float32)
        flat = np.concatenate([w.ravel() for w in weights])
        over = np.concatenate([(w / r).ravel() for w, r in zip(weights, ranges, strict=True)])
        bias, relu = np.zeros(sum(sizes[1:]), np.float32), config.network.activation == "relu"
        ones = np.ones_like(ranges)
        self.floating = Perceptron(sizes, ones, np.stack([flat, np.zeros_like(flat)]), bias, relu)
        on_devices = np.ascontiguousarray(_on_devices(over, config.cell.kind), dtype=np.float32)
        self.hardware = Perceptron(sizes, ranges, on_devices, bias.copy(), relu)
        self._chi = np.zeros_like(flat)
        self._fast = np.full((2, flat.size if config.update.law == "tiki-taka-2" else 0), 0.5, np.float32)
        update = config.update
        self._ideal, self._read = np.zeros(4), _levels_of(config.read)
        self._transfer = np.array([update.fast_rate, update.transfer, update.transfer_every], dtype=np.float64)
        self._pulses = 0.0
        self._tables = steps.compiled_tables()

    def finished(self, cache: ResultCache, report: Report) -> RunResult:
        """Train all epochs, from the last one that ``cache`` has on.

        Args:
            cache: for the state after each epoch.
            report: is told every epoch and its accuracies.
        """
        floating, hardware = self._restored(cache)
        epochs = self._config.schedule.epochs
        if not floating:
            self._measure(floating, hardware)
        for epoch in range(len(floating) - 1, epochs):
            order = self._order(epoch)
            for begin in range(0, len(order), _whole(self._config.schedule.batch)):
                part = order[begin : begin + _whole(self._config.schedule.batch)]
                self._train(part, epoch, epoch * len(order) + begin)
            self._measure(floating, hardware)
            self._store(cache, floating, hardware)
            report(epoch + 1, floating[-1], hardware[-1])
        return RunResult(self._seed, np.array(floating), np.array(hardware), self.hardware, self._pulses)

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """The samples of an epoch in their order."""
        data, n = self._config.data, len(self._samples.x)
        size = min(data.subset or n, n)
        rng = np.random.default_rng([self._seed, _ORDER, epoch])
        if data.draw == "fresh":
            return rng.permutation(n)[:size]
        chosen = np.random.default_rng([self._seed, _SUBSET]).permutation(n)[:size]
        return rng.permutation(chosen)

    def _train(self, order: NDArray[np.int64], epoch: int, first_step: int) -> None:
        config = self._config
        law = _LAWS.get(config.update.law, _PULSES[config.update.pulses])
        rate = config.schedule.rate_in(epoch)
        key = np.uint64(np.random.default_rng([self._seed, _KEY]).integers(2**63))
        for network, rule, read in (
            (self.floating, kernel.FLOAT, self._ideal), (self.hardware, law, self._read),
        ):  # fmt: skip
            pulses = kernel.train_part(
                rule, _KINDS[config.cell.kind], np.array(network.sizes), network.g, self._chi, network.bias,
                _BIASES[config.network.bias], network.ranges, rate, config.schedule.batch,
                self._samples.x, self._samples.y, order, first_step, network.relu, key,
                *self._tables[:4], self._steps.noisy, self._tables[4], self._fast, self._transfer, read,
            )  # fmt: skip
            self._pulses += pulses
        if config.cell.kind == "one-sided":
            self._refresh()

    def _refresh(self) -> None:
        """Write the cells of which a device is near the end of its window anew: one device holds all of the weight."""
        plus, minus = self.hardware.g
        full = np.maximum(plus, minus) > _FULL
        w = plus[full] - minus[full]
        plus[full], minus[full] = np.maximum(w, 0), np.maximum(-w, 0)

    def _measure(self, floating: list[float], hardware: list[float]) -> None:
        x, y = self._samples.x_test, self._samples.y_test
        floating.append(self.floating.accuracy(x, y))
        hardware.append(self.hardware.accuracy(x, y))

    def _key(self) -> str:
        tables = (self._steps.mean, self._steps.residual)
        head = {
            "edition": EDITION,
            "config": _state_settings(self._config),
            "samples": self._samples.digest,
            "seed": self._seed,
        }
        return digest(head, tables)

    def _restored(self, cache: ResultCache) -> tuple[list[float], list[float]]:
        names = ("floating", "hardware", "w", "w_bias", "g", "g_bias", "chi", "fast", "pulses")
        found = cache.load(self._key(), names)
        if found is None or len(found["floating"]) - 1 > self._config.schedule.epochs:
            return [], []
        for target, name in (
            (self.floating.g, "w"), (self.floating.bias, "w_bias"), (self.hardware.g, "g"),
            (self.hardware.bias, "g_bias"), (self._chi, "chi"), (self._fast, "fast"),
        ):  # fmt: skip
            target[:] = found[name]
        self._pulses = float(found["pulses"][0])
        return found["floating"].tolist(), found["hardware"].tolist()

    def _store(self, cache: ResultCache, floating: list[float], hardware: list[float]) -> None:
        cache.store(
            self._key(),
            **{name: np.asarray(values, dtype=np.float64) for name, values in (
                ("floating", floating), ("hardware", hardware), ("w", self.floating.g), ("w_bias", self.floating.bias),
                ("g", self.hardware.g), ("g_bias", self.hardware.bias), ("chi", self._chi),
                ("fast", self._fast), ("pulses", [self._pulses]),
            )},
        )  # fmt: skip


def _state_settings(config: TrainConfig) -> dict[str, object]:
    """The settings that the state after an epoch depends on: not the number of epochs, nor names of files.

    A training with more epochs goes on from the last epoch of one with fewer.
    """
    tree = config.model_dump(mode="json")
    tree["schedule"].pop("epochs")
    for name in ("increasing", "decreasing", "interval_s"):
        tree["update"].pop(name)
    return tree


def _levels_of(read: ReadConfig) -> Array:
    """The converters and the noise of ``kernel.train_part``."""
    dac, adc = (0.0 if bits is None else 2.0 ** (bits - 1) - 1 for bits in (read.dac_bits, read.adc_bits))
    return np.array([dac, adc, read.adc_range, read.noise])


def _whole(batch: int) -> int:
    """Number of samples in a part of an epoch: whole batches."""
    return batch * max(1, _PART // batch)
