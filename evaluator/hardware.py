"""Hardware: what a network's weights are put onto, and what becomes of them there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from evaluator.graph.arrays import ArrayPart
from evaluator.layer import Array, MappedLayer
from evaluator.mapping import Conductances, Layout, layout, map_weights
from evaluator.plan import LayerPlan
from evaluator.settings import HardwareConfig
from evaluator.tiles import LayerRead, check_tiles, output_ranges, read_layer
from evaluator.write_verify import Misfits, WriteVerify
from models_va import DeviceCard, load_card
from spicegen.programming import Spread, differing, nearest_levels, program, stream
from spicegen.read_curve import ReadCurve, read_curve
from spicegen.relaxation import relaxed
from spicegen.sigma_table import read_sigma_table

Engine = Literal["operator", "ideal"]
_MAIN, _REFERENCE = 0, 1
_STUCK, _INSTANCE, _NOISE = 2, 3, 4
"""What random numbers are for: parts of their stream's key."""
_SEEDS = 2**63


@dataclass(frozen=True, eq=False)
class Hardware:
    """Arrays of one device.

    Attributes:
        card: the device.
        config: arrays, mapping, converters, errors.
        seed: of all that is random.

    """

    card: DeviceCard
    config: HardwareConfig
    seed: int

    @classmethod
    def of(cls, card: DeviceCard | str | Path, config: HardwareConfig | None, seed: int) -> Hardware:
        """From what ``evaluate`` is given.

        Raises:
            CardError: the card cannot be read or lacks what the config wants of it.
            InputError: the array holds no output, or the table of sigma cannot be read.

        """
        made = cls(card if isinstance(card, DeviceCard) else load_card(card), config or HardwareConfig(), seed)
        made.card.window()
        check_tiles(made.config)
        _ = made.spread
        if made.config.errors.programming == "write-verify":
            WriteVerify(made.card, made.config.array)
        if made.config.errors.device_to_device:
            differing(made.card, (1,), 0)
        if made.config.errors.time_s > 0:
            relaxed(made.card, np.array(made.card.window()), 1.0)
        return made

    @property
    def layout(self) -> Layout:
        """How columns make weights."""
        return layout(self.config.mapping)

    @cached_property
    def spread(self) -> Spread | None:
        """Standard deviation of a programmed conductance; None: programming is exact."""
        kind = self.config.errors.programming
        if kind == "exact":
            return None
        if kind == "write-verify":  # for lack of anything better before the sampled tiles are programmed
            return self.card.programming_error
        return self.card.programming_error if kind == "card" else read_sigma_table(kind)

    @cached_property
    def read_curve(self) -> ReadCurve:
        """The device's current over voltage up to the read voltage."""
        return read_curve(self.card, self.config.array.v_read_volt, self.config.errors.temperature_k)

    @property
    def is_random(self) -> bool:
        """Whether two trials differ."""
        array, errors, window = self.config.array, self.config.errors, np.array(self.card.window())
        programming = self.spread is not None and bool(np.any(self.spread.sigma_siemens(window) > 0))
        aged = errors.device_to_device and errors.time_s > 0
        return programming or aged or errors.read_noise > 0 or array.stuck_low > 0 or array.stuck_high > 0

    @property
    def engine(self) -> Engine:
        """How tiles are read: by the exact operator of the wires, or ideally where there are none."""
        return "operator" if self.config.array.has_wires else "ideal"

    def target(self, layer: MappedLayer) -> Conductances:
        """The conductances that a layer is mapped onto, before any programming."""
        ranges = output_ranges(layer.shape[0], self.config.array, self.layout)
        return self.at_levels(map_weights(layer.weights, self.config.mapping, self.card.window(), len(ranges)))

    def at_levels(self, wanted: Conductances) -> Conductances:
        """The nearest conductances that can be programmed."""
        levels, shared, window = self.config.errors.levels, wanted.reference_siemens, self.card.window()
        if levels is None:
            return wanted
        if shared is None:
            return wanted.with_conductances(nearest_levels(wanted.g_siemens, *window, levels), None)
        reference = nearest_levels(shared, *window, levels)
        moved = wanted.g_siemens + (reference - shared).flat[0]  # weights are differences from the reference's level
        return wanted.with_conductances(nearest_levels(moved, *window, levels), reference)

    def programmed(
        self, target: Conductances, trial: int, layer: int, misfits: Misfits | None = None
    ) -> Conductances:
        """What trial number ``trial`` makes of layer number ``layer``, whatever the order of work.

        Args:
            target: what is wanted.
            trial: number of the programming.
            layer: number of the layer.
            misfits: what programming misses, where it is the array's own write-verify.

        """
        shared = target.reference_siemens
        return target.with_conductances(
            self._as_read(target.g_siemens, (trial, layer), _MAIN, misfits),
            None if shared is None else self._as_read(shared, (trial, layer), _REFERENCE, misfits),
        )

    def _as_read(self, g_siemens: Array, key: tuple[int, int], part: int, misfits: Misfits | None) -> Array:
        """Devices as a read finds them: programmed, aged, some of them stuck."""
        array, errors = self.config.array, self.config.errors
        # the main devices' programming hangs on trial and layer alone, as it always has
        rng = stream(self.seed, *key, *[part] * (part != _MAIN))
        g = program(g_siemens, self.spread, rng) if misfits is None else misfits.apply(g_siemens, rng)
        if errors.time_s > 0:
            drawn = stream(self.seed, *key, part, _INSTANCE).integers(2**63)
            instance = differing(self.card, g.shape, int(drawn)) if errors.device_to_device else None
            g = relaxed(self.card, g, errors.time_s, errors.temperature_k, instance)
        if array.stuck_low > 0 or array.stuck_high > 0:
            chance = stream(self.seed, *key, part, _STUCK).uniform(size=g.shape)
            low, high = self.card.window()
            g = np.where(chance < array.stuck_low, low, np.where(chance >= 1 - array.stuck_high, high, g))
        return g

    def read(self, conductances: Conductances, layer: MappedLayer, *, powers: bool = False) -> LayerRead:
        """What a layer's tiles compute, wires included; see ``read_layer``."""
        return read_layer(conductances, self.config.array, layer.block, powers=powers)

    def part(self, plan: LayerPlan, conductances: Conductances, trial: int | None = None) -> ArrayPart:
        """What stands in the graph for a layer with these conductances; read noise only in a trial."""
        errors = self.config.errors
        noise = 0.0 if trial is None else errors.read_noise
        return ArrayPart(
            plan=plan,
            conductances=conductances,
            read=self.read(conductances, plan.layer, powers=noise > 0),
            converters=self.config.converters,
            curve=self.read_curve if errors.nonlinearity else None,
            read_noise=noise,
            noise_seed=int(stream(self.seed, trial or 0, plan.number, _NOISE).integers(_SEEDS)),
        )

    def without_wires(self) -> Hardware:
        """The same with lines that take nothing."""
        return replace(self, config=self.config.model_copy(update={"array": self.config.array.without_wires()}))
