"""Hardware: what a network's weights are put onto."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evaluator.layer import Array, MappedLayer
from evaluator.mapping import DifferentialPairs, differential_pairs
from evaluator.tiles import effective_weights, has_wires, without_wires
from models_va import DeviceCard, ProgrammingError, load_card
from netlists import ArrayConfig
from spicegen.programming import program, stream

Engine = Literal["operator", "ideal"]


@dataclass(frozen=True)
class Hardware:
    """Arrays of one device.

    Attributes:
        card: the device.
        array: size and wires of a tile.
        error: programming error that applies; None: programming is exact.
        seed: of the programming errors.

    """

    card: DeviceCard
    array: ArrayConfig
    error: ProgrammingError | None
    seed: int

    @classmethod
    def of(cls, card: DeviceCard | str | Path, array: ArrayConfig | None, seed: int, *, ideal: bool) -> Hardware:
        """From what ``evaluate`` is given; ``ideal`` takes programming error and wires away.

        Raises:
            CardError: the card cannot be read or has no conductance window.

        """
        card = card if isinstance(card, DeviceCard) else load_card(card)
        card.window()
        array = array or ArrayConfig(rows=128, columns=128)
        if ideal:
            return cls(card, without_wires(array), None, seed)
        return cls(card, array, card.programming_error, seed)

    @property
    def is_random(self) -> bool:
        """Whether two programmings differ."""
        return self.error is not None and (self.error.slope.value > 0 or self.error.offset.value > 0)

    @property
    def engine(self) -> Engine:
        """How tiles are read: by the exact operator of the wires, or ideally where there are none."""
        return "operator" if has_wires(self.array) else "ideal"

    def target(self, weights: Array) -> DifferentialPairs:
        """The conductances that a layer of shape (groups, outputs, inputs) is mapped onto."""
        return differential_pairs(weights, *self.card.window())

    def programmed(self, target: DifferentialPairs, trial: int, layer: int) -> DifferentialPairs:
        """What programming number ``trial`` makes of layer number ``layer``, whatever the order of work."""
        return target.with_conductances(program(target.g_siemens, self.error, stream(self.seed, trial, layer)))

    def read(self, pairs: DifferentialPairs, layer: MappedLayer) -> Array:
        """The effective weights of a layer, wires included, shape (groups, outputs, inputs)."""
        return effective_weights(pairs, self.array, layer.block)
