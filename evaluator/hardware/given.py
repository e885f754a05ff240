"""Conductances that are given by a file, such as those that a training left, in the place of mapped ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluator.mapping.weights import Conductances, weight_layout
from evaluator.network.layer import Array, MappedLayer
from evaluator.settings import MappingConfig
from models_va.errors import InputError
from spicegen.files import one_line

_REMEDY = "give the network that was trained with it"


@dataclass(frozen=True, eq=False)
class GivenConductances:
    """Differential pairs of a network's layers, as ``spicegen train`` writes them (conductances.npz).

    Attributes:
        path: the file.
        arrays: its arrays: ``window_siemens`` (2,) and, for each layer, ``LAYER.plus_siemens`` and
            ``LAYER.minus_siemens``, shape (inputs + 1, outputs), whose last row are biases, and ``LAYER.range``.
        sha256: of the file's bytes.
    """

    path: Path
    arrays: dict[str, Array]
    sha256: str

    @classmethod
    def read(cls, path: Path) -> GivenConductances:
        """Read the conductances of a training from its file.

        Raises:
            InputError: it cannot be read, or has no window.
        """
        remedy = "give conductances.npz of a training"
        try:
            content = path.read_bytes()
            with np.load(path, allow_pickle=False) as stored:
                arrays = {name: np.asarray(stored[name], dtype=np.float64) for name in stored.files}
        except Exception as error:  # what zipfile and numpy raise on a damaged file has no common base
            raise InputError(f"{path}: cannot be read ({one_line(error)}): {remedy}") from error
        window = arrays.get("window_siemens")
        if window is None or window.shape != (2,) or not 0 <= window[0] < window[1]:
            raise InputError(f"{path}: window_siemens: not there, or no window: {remedy}")
        return cls(path, arrays, hashlib.sha256(content).hexdigest())

    def of(self, layer: MappedLayer) -> Conductances:
        """The conductances of a layer; its biases are digital.

        Raises:
            InputError: the file does not have this layer, or in another shape.
        """
        groups, outputs, inputs = layer.weights.shape
        names = [f"{layer.name}.{part}" for part in ("plus_siemens", "minus_siemens", "range")]
        missing = [name for name in names if name not in self.arrays]
        if missing:
            raise InputError(f"{self.path}: {missing[0]} is not there: {_REMEDY}")
        plus, minus, range_ = (self.arrays[name] for name in names)
        for name, g in zip(names, (plus, minus), strict=False):
            if groups != 1 or g.shape != (inputs + 1, outputs):
                wanted = f"the layer {inputs} inputs and {outputs} outputs"
                raise InputError(f"{self.path}: {name} has shape {g.shape}, and {wanted}: {_REMEDY}")
            if not np.all(np.isfinite(g) & (g >= 0)):
                raise InputError(f"{self.path}: {name}: conductances must be finite and not negative")
        low, high = self.arrays["window_siemens"]
        return Conductances(
            layout=weight_layout(MappingConfig(scheme="differential")),
            g_siemens=np.stack([plus[:-1], minus[:-1]], axis=-1)[None],
            reference_siemens=None,
            full_scale=np.full((1, outputs), float(range_)),
            span_siemens=float(high - low),
        )
