"""evaluate: the accuracy of an ONNX network on arrays of a device, beside its floating-point accuracy."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from evaluator.dataset import load_dataset
from evaluator.diagnosis import ERROR_IMAGES, ERROR_VECTORS, inspect_layer, sample_tile
from evaluator.graph.batch_norm import fold_batch_norm
from evaluator.graph.mapped import mapped_layers, with_weights
from evaluator.graph.onnx_model import Network, load_network
from evaluator.hardware import Hardware
from evaluator.layer import Array, MappedLayer
from evaluator.report import Report
from evaluator.scores import Score, score
from evaluator.tiles import check_array
from models_va import DeviceCard
from models_va.errors import InputError, located
from netlists import ArrayConfig
from spicegen.progress import track

Item = TypeVar("Item")
MOST_TRIALS = 10_000
_PROBE_VALUES = 2**20


class Progress(Protocol):
    """Iterates over items and shows how far it is; ``spicegen.progress.track`` is one."""

    def __call__(self, items: Iterable[Item], label: str, total: int | None = None) -> Iterator[Item]:
        """Yield the items."""


def evaluate(
    model: str | Path,
    data: str | Path,
    card: DeviceCard | str | Path,
    *,
    array: ArrayConfig | None = None,
    trials: int = 5,
    seed: int = 0,
    limit: int | None = None,
    ideal: bool = False,
    progress: Progress = track,
) -> Report:
    """Judge a network on simulated passive arrays.

    Weights go onto differential pairs in the card's conductance window, are programmed with its sigma(G)
    and read through the wires of their tile. The read is linear, so a trial is the network itself with the
    weights that the arrays have in effect; biases and everything else stay digital. No converters, no read
    noise, no drift.

    Args:
        model: an ONNX file.
        data: an .npz file with x_test and y_test.
        card: a device card with a conductance window, its name or its file.
        array: size and wires of a tile; by default 128 x 128 with 1 ohm a segment.
        trials: independent programmings, 1 to 10 000; a single one is computed where nothing is random.
        seed: of the programming errors; the same seed gives the same result.
        limit: use only so many images, the first ones.
        ideal: no programming error and no wires: the limit in which the arrays compute the network exactly.
        progress: shows how far the work is.

    Raises:
        InputError: any of these is not usable; the message names file, place and remedy.

    """
    started = time.perf_counter()
    _check_counts(trials, seed, limit)
    hardware = Hardware.of(card, array, seed, ideal=ideal)
    network = load_network(Path(model))
    study = _prepare(network, Path(data), hardware, limit)
    baseline = score(network.logits(study.images), study.labels)
    scores, first = _run_trials(study, trials if hardware.is_random else 1, progress)
    activations = _activations(study)
    return Report(
        model=str(model),
        data=str(data),
        hardware=hardware,
        n_images=len(study.images),
        baseline=baseline,
        trials=tuple(scores),
        layers=tuple(
            inspect_layer(index, layer, first[index], activations[index], hardware)
            for index, layer in progress(list(enumerate(study.layers)), "Errors of each layer")
        ),
        sample=sample_tile(study.layers, first, hardware),
        seconds=time.perf_counter() - started,
    )


@dataclass(frozen=True, eq=False)
class _Study:
    network: Network
    layers: Sequence[MappedLayer]
    images: NDArray[Any]
    labels: NDArray[np.int64]
    hardware: Hardware

    @property
    def probe(self) -> NDArray[Any]:
        """Images to look into the network with: fewer of large ones."""
        size = max(self.images[0].size, 1)
        return self.images[: max(1, min(ERROR_IMAGES, _PROBE_VALUES // size))]

    def with_weights(self, weights: Sequence[Array]) -> Network:
        return self.network.with_model(with_weights(self.network.model, self.layers, weights))


def _check_counts(trials: int, seed: int, limit: int | None) -> None:
    for name, value, least in (("trials", trials, 1), ("seed", seed, 0), ("limit", limit, 1)):
        if value is not None and value < least:
            raise InputError(f"evaluate: {name} = {value}: give {least} or more")
    if trials > MOST_TRIALS:
        raise InputError(
            f"evaluate: trials = {trials}: give {MOST_TRIALS} or fewer; the interval narrows with their square root"
        )


def _prepare(network: Network, data: Path, hardware: Hardware, limit: int | None) -> _Study:
    with located(network.source):
        network = network.with_model(fold_batch_norm(network.model))
        layers = mapped_layers(network.model)
    check_array(hardware.array)
    dataset = load_dataset(data, limit)
    images = dataset.images_as(network.image_shape, network.dtype)
    dataset.check_labels(network.logits(images[:1]).shape[1])
    return _Study(network, layers, images, dataset.labels, hardware)


def _run_trials(study: _Study, trials: int, progress: Progress) -> tuple[list[Score], list[Array]]:
    """The score of every trial, and the effective weights of the first."""
    targets = [study.hardware.target(layer.weights) for layer in study.layers]
    jobs = product(range(trials), range(len(targets)))  # lazy
    weights = (
        study.hardware.read(study.hardware.programmed(targets[layer], trial, layer), study.layers[layer])
        for trial, layer in progress(jobs, "Programming and reading", trials * len(targets))
    )
    scores: list[Score] = []
    first: list[Array] = []
    while effective := list(islice(weights, len(targets))):
        first = first or effective
        scores.append(score(study.with_weights(effective).logits(study.images), study.labels))
    return scores, first


def _activations(study: _Study) -> list[Array]:
    """Vectors that each layer's arrays see in the floating-point network, shape (groups, vectors, inputs) each."""
    nodes = study.network.model.graph.node
    found = []
    for layer in study.layers:  # one by one: all activations of a large network do not fit into memory
        (tensor,) = study.network.tensors([nodes[layer.node].input[layer.activation_input]], study.probe)
        found.append(layer.to_vectors(tensor, ERROR_VECTORS))
    return found
