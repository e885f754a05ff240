"""EvaluationSetup: a network, its images and its planned arrays, ready for any number of trials."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.data import Dataset, load_calibration, load_dataset
from evaluator.hardware.activations import Activations, activations_of, check_activations
from evaluator.hardware.calibration import MOST_IMAGES, MOST_VALUES, plan_layers, with_ranges
from evaluator.hardware.compensation import fit_columns, reach_for_weights
from evaluator.hardware.programmed import Hardware
from evaluator.hardware.random_keys import FIT_NOISE
from evaluator.hardware.write_verify import Misfits, WriteVerifySampler
from evaluator.mapping.plan import LayerPlan
from evaluator.mapping.weights import Conductances
from evaluator.network.batch_norm import fold_batch_norm
from evaluator.network.layer import MappedLayer
from evaluator.network.onnx_model import Network, load_network
from evaluator.network.ops.layers import mapped_layers
from evaluator.operators.arrays import ArrayPart
from evaluator.operators.mapped import with_arrays
from models_va.errors import InputError, located
from spicegen.progress import Progress, track
from spicegen.result_cache import card_identity, engine_identity
from spicegen.simulate import simulator

_HELD_OUT = 5
"""One of this many test images is used for calibration, and not judged, where there are no other images."""


@dataclass(frozen=True)
class Circuits:
    """The tiles that a circuit simulator computes.

    Attributes:
        engine: name of the simulator.
        labels: labels of the tiles.
        cache: folder of stored results; None: nothing is stored.
    """

    engine: str
    labels: frozenset[str]
    cache: Path | None = None


@dataclass(frozen=True)
class EvaluationInputs:
    """Files and choices that an evaluation is set up from.

    Attributes:
        model, data: the files of network and images.
        hardware: the arrays that the network runs on.
        limit: largest number of images that are used, the first ones; None: all.
        calibration: images for ranges and corrections, instead of the data's own.
        calibrated: whether images give ranges even where nothing about the hardware needs them: tiles are to be read
            at their real voltages, or the same images judged as on other hardware.
        circuits: tiles that go to a circuit simulator; None: no tile does.
        misfits: misfits of programming by write-verify for each layer; None if not known yet, or not needed.
    """

    model: Path
    data: Path
    hardware: Hardware
    limit: int | None = None
    calibration: Path | None = None
    calibrated: bool = False
    circuits: Circuits | None = None
    misfits: tuple[Misfits, ...] | None = None


@dataclass(frozen=True, eq=False)
class EvaluationSetup:
    """Everything that the trials of an evaluation share.

    Attributes:
        inputs: files and choices that it was set up from.
        network: the network in floating point, BatchNormalization folded.
        images, labels: images that it is judged on, shape (n, ...), and their classes, shape (n,).
        plans: plans of its layers' arrays.
        calibration: images that ranges and corrections come from; None: nothing needs any.
        calibration_source: source of these images, a text for people.
        activations: activations of each layer for some of them, where corrections are fitted; else empty.

    """

    inputs: EvaluationInputs
    network: Network
    images: NDArray[Any]
    labels: NDArray[np.int64]
    plans: tuple[LayerPlan, ...]
    calibration: NDArray[Any] | None
    calibration_source: str
    activations: tuple[Activations, ...] = ()

    @property
    def hardware(self) -> Hardware:
        """The arrays that the network runs on."""
        return self.inputs.hardware

    @cached_property
    def key(self) -> str:
        """Digest of everything that the score of a trial depends on, apart from the trial's number."""
        hardware = self.hardware
        circuits = self.inputs.circuits
        simulated = circuits and (*engine_identity(simulator(circuits.engine)), *sorted(circuits.labels))
        given = [] if hardware.given is None else [hardware.given.sha256]
        device = (*card_identity(hardware.card), hardware.spread, *given)
        versions = [version(name) for name in ("spicegen", "onnxruntime")]
        settings = (*versions, *device, hardware.seed, hardware.config.model_dump_json(), simulated)
        digest = hashlib.sha256(repr(settings).encode())
        digest.update(self.network.graph.model.SerializeToString(deterministic=True))
        misfits = [a for m in self.inputs.misfits or () for a in (m.target_siemens, m.misfit_siemens)]
        for array in (self.images, self.labels, self.calibration, *misfits):
            digest.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:32]

    def uncorrected(self) -> EvaluationSetup:
        """The same setup with columns that have neither gain nor offset."""
        return replace(self, inputs=replace(self.inputs, hardware=self.hardware.uncompensated()), activations=())

    def parts(self, trial: int) -> list[ArrayPart]:
        """The layers' arrays in a trial; they do not depend on which trials were computed before."""
        return [self._part(plan, trial) for plan in self.plans]

    def on_arrays(self, parts: Sequence[ArrayPart]) -> Network:
        """The network with these arrays in its layers' places; no tile is in a circuit simulator."""
        graph, _ = with_arrays(self.network.graph, parts)
        return self.network.with_graph(graph)

    def programmed(self, plan: LayerPlan, trial: int) -> Conductances:
        """The conductances of a layer's devices in a trial, as a read finds them."""
        misfits = None if self.inputs.misfits is None else self.inputs.misfits[plan.number]
        return self.hardware.programmed(plan.target, trial, plan.number, misfits)

    def _part(self, plan: LayerPlan, trial: int) -> ArrayPart:
        """The arrays of a layer in a trial, with the gain and offset of each column where columns are corrected."""
        hardware = self.hardware
        part = hardware.part(plan, self.programmed(plan, trial), trial)
        if hardware.config.compensate != "columns":
            return part
        other_reads = replace(part, noise_seed=hardware.noise_seed(trial, FIT_NOISE))
        with located(self.network.source):
            gain, offset = fit_columns(self.network.graph, other_reads, self.activations[plan.number])
        return replace(part, gain=gain, offset=offset)


def prepare(
    inputs: EvaluationInputs,
    *,
    folder: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
    progress: Progress = track,
) -> EvaluationSetup:
    """Load, check and settle everything that trials need.

    Args:
        inputs: files and choices.
        folder: an existing folder for results that took long and may be wanted again; None: nothing is stored.
        say: takes a line about work that may take long.
        progress: shows how far that work is.

    Raises:
        InputError: any of the inputs is not usable; the message names file, place and remedy.

    """
    hardware = inputs.hardware
    dataset = load_dataset(inputs.data, inputs.limit)
    network, layers = _loaded(inputs.model, dataset)
    images, labels = dataset.images_as(network.image_shape, network.dtype), dataset.labels
    dataset.check_labels(network.logits(images[:1]).shape[1])
    others, where = None, ""
    if hardware.config.needs_images or inputs.calibrated:
        found, where = _calibration_images(inputs, images[0].size)
        if found is None:
            images, labels, others = _held_out(images, labels)
            where = f"the first {len(others)} images of {inputs.data}, which are not among the judged ones"
        else:
            others = _not_judged(found.images_as(network.image_shape, network.dtype), images, found.source)
    plans = _planned(network, layers, hardware, images[:1], others)
    if hardware.config.errors.programming == "write-verify" and inputs.misfits is None:
        cache = None if folder is None else folder / "write-verify"
        inputs = replace(inputs, misfits=tuple(_misfits(hardware, plans, cache, say, progress)))
    activations: tuple[Activations, ...] = ()
    if hardware.config.compensate == "columns" and others is not None:
        activations = activations_of(network, plans, others)
    return EvaluationSetup(inputs, network, images, labels, tuple(plans), others, where, activations)


def _loaded(path: Path, data: Dataset) -> tuple[Network, list[MappedLayer]]:
    """The network, BatchNormalization folded, and its layers on arrays."""
    network = load_network(path, data)
    with located(network.source):
        network = network.with_graph(fold_batch_norm(network.graph))
        return network, mapped_layers(network.graph)


def _planned(
    network: Network, layers: list[MappedLayer], hardware: Hardware, image: NDArray[Any], others: NDArray[Any] | None
) -> list[LayerPlan]:
    """Each layer's targets, tried on an image, and its ranges, where there are images to calibrate with."""
    plans = plan_layers(layers, hardware)
    check_activations(network, plans, image)
    if hardware.config.compensate == "conductances":
        plans = [replace(p, target=reach_for_weights(p, hardware)) for p in plans]
    return plans if others is None else with_ranges(network, plans, hardware, others)


def _misfits(
    hardware: Hardware, plans: list[LayerPlan], cache: Path | None, say: Callable[[str], None], progress: Progress
) -> list[Misfits]:
    """Misfit of programming by write-verify in each layer."""
    errors = hardware.config.errors
    sampler = WriteVerifySampler(
        hardware.card, hardware.config.array, hardware.seed, device_to_device=errors.device_to_device, cache=cache
    )
    return sampler.misfits([sampler.sampled_tiles(plan) for plan in plans], say, progress)


def _calibration_images(inputs: EvaluationInputs, size: int) -> tuple[Dataset | None, str]:
    """Training images of the data, or of the file that was given instead (where it has none, its test images)."""
    path, most = inputs.calibration or inputs.data, max(1, min(MOST_IMAGES, MOST_VALUES // size))
    found = load_calibration(path, most)
    if found is not None or inputs.calibration is None:
        return found, f"training images of {path}"
    return load_dataset(path, most), f"images of {path}"


def _not_judged(others: NDArray[Any], images: NDArray[Any], path: str) -> NDArray[Any]:
    """The calibration images without those that are judged too: public data hold some images twice.

    Raises:
        InputError: none is left.

    """
    judged = {x.tobytes() for x in others}.intersection(x.tobytes() for x in images)
    left = others[[x.tobytes() not in judged for x in others]]
    if not len(left):
        raise InputError(f"{path}: all its images are among those to judge on: give others to calibrate with")
    return left


def _held_out(images: NDArray[Any], labels: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[Any]]:
    """Images and labels to judge on, and the images held out of them to calibrate with."""
    if len(images) < 2:
        raise InputError("a single image: give at least two, or others to calibrate with (--calibration)")
    count = max(1, min(MOST_IMAGES, MOST_VALUES // images[0].size, len(images) // _HELD_OUT))
    return images[count:], labels[count:], images[:count]
