"""Hardware: arrays of one device, and how the conductances of a layer are programmed and read on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from evaluator.hardware.given import GivenConductances
from evaluator.hardware.random_keys import INSTANCE, MAIN_DEVICES, READ_NOISE, REFERENCE_DEVICES, STUCK
from evaluator.hardware.write_verify import Misfits, WriteVerifySampler
from evaluator.mapping.plan import LayerPlan
from evaluator.mapping.tiles import LayerRead, check_tiles, output_ranges, read_layer
from evaluator.mapping.weights import Conductances, Traits, WeightLayout, map_weights, weight_layout
from evaluator.network.layer import Array, MappedLayer
from evaluator.operators.arrays import ArrayPart
from evaluator.settings import HardwareConfig
from models_va import DeviceCard, load_card
from models_va.errors import InputError, located
from spicegen.devices.drift import relaxed
from spicegen.devices.memory_state import check_within, reach
from spicegen.devices.programming import Spread, differing, nearest_levels, program, sigma_of, stream
from spicegen.devices.read_curve import ReadCurve, read_curve
from spicegen.devices.sigma_table import SigmaTable, read_sigma_table

Engine = Literal["operator", "ideal"]
_SEEDS = 2**63


@dataclass(frozen=True, eq=False)
class Hardware:
    """Arrays of one device.

    Attributes:
        card: card of the device.
        config: arrays, mapping, converters, errors.
        seed: seed of everything that is random.

    """

    card: DeviceCard
    config: HardwareConfig
    seed: int

    @classmethod
    def of(cls, card: DeviceCard | str | Path, config: HardwareConfig | None, seed: int) -> Hardware:
        """Hardware from the arguments of ``evaluate``, after checking that the card has what the config needs.

        Raises:
            CardError: the card cannot be read or lacks what the config wants of it.
            InputError: the array holds no output, the table of sigma cannot be read, the card's device does not reach
                the ends of its window, or the card's write pulses cannot have left the weights (errors.after: pulses).

        """
        made = cls(card if isinstance(card, DeviceCard) else load_card(card), config or HardwareConfig(), seed)
        window = np.array(made.card.window())
        if made._has_memory:
            check_within(made.card, window, *reach(made.card))
        check_tiles(made.config)
        _ = made.spread
        if made.config.errors.programming == "write-verify":
            WriteVerifySampler(made.card, made.config.array)
        made._check_rest(window)
        return made

    def _check_rest(self, window_siemens: Array) -> None:
        """Let the ends of the window rest a second, which fails where the weights cannot rest as the config wants."""
        errors = self.config.errors
        differ = differing(self.card, window_siemens.shape, 0) if errors.device_to_device else {}
        if errors.after == "pulses":
            with located("errors.after: pulses" + ", errors.device_to_device: true" * errors.device_to_device):
                relaxed(self.card, window_siemens, min(errors.time_s, 1.0), instance=differ, after=errors.after)
        elif errors.time_s > 0:
            relaxed(self.card, window_siemens, 1.0)

    @property
    def layout(self) -> WeightLayout:
        """The layout by which the columns of an output are combined into its weights."""
        return weight_layout(self.config.mapping)

    @cached_property
    def given(self) -> GivenConductances | None:
        """The conductances that a file gives, errors.programming: FILE.npz; None: weights are mapped.

        Raises:
            InputError: the file cannot be read, or weights are not to be mapped onto pairs.
        """
        kind = self.config.errors.programming
        if not kind.endswith(".npz"):
            return None
        if self.config.mapping.scheme != "differential":
            raise InputError(
                f"errors.programming: {kind} holds differential pairs, and mapping.scheme is "
                f"{self.config.mapping.scheme}: give mapping.scheme=differential"
            )
        return GivenConductances.read(Path(kind))

    @cached_property
    def spread(self) -> Spread | None:
        """Standard deviation of a programmed conductance; None: programming is exact.

        Of write-verify it is the tolerance of its reads: the best guess before the sampled tiles are programmed.

        Raises:
            CardError: the card has no programming_error and the config wants it.
            InputError: the table cannot be read.

        """
        kind = self.config.errors.programming
        if kind == "exact" or self.given is not None:
            return None
        if kind in ("card", "write-verify"):
            return sigma_of(self.card, ", or give a CSV of sigma(G) or exact as errors.programming")
        return read_sigma_table(kind)

    @cached_property
    def read_curve(self) -> ReadCurve:
        """The device's I-V curve up to the read voltage."""
        return read_curve(self.card, self.config.array.v_read_volt, self.config.errors.temperature_k)

    @property
    def is_random(self) -> bool:
        """Whether two trials can differ."""
        array, errors = self.config.array, self.config.errors
        stuck = array.stuck_low > 0 or array.stuck_high > 0
        differing_reach = errors.device_to_device and self._reach_is_known
        return self._scatters or differing_reach or errors.read_noise > 0 or stuck

    @property
    def _scatters(self) -> bool:
        """Whether programming has an error anywhere in the window; between the rows of a table sigma(G) is linear."""
        if self.config.errors.programming == "write-verify":
            return True
        spread, (low, high) = self.spread, self.card.window()
        rows = spread.g_siemens if isinstance(spread, SigmaTable) else ()
        points = np.array([low, *(g for g in rows if low < g < high), high])
        return spread is not None and bool(np.any(spread.sigma_siemens(points) > 0))

    @property
    def _has_memory(self) -> bool:
        """Whether the card's model says which state keeps a conductance, and so how far conductances reach."""
        return self.card.device_model.memory is not None

    @property
    def _reach_is_known(self) -> bool:
        """Whether conductances have an end: that of the memory state, or of the pulses that left the weights."""
        return self._has_memory or self.config.errors.after == "pulses"

    @property
    def engine(self) -> Engine:
        """Name of the way in which tiles are read: by the exact operator of the wires, or ideally without wires."""
        return "operator" if self.config.array.has_wires else "ideal"

    def target(self, layer: MappedLayer) -> Conductances:
        """The conductances that a layer is mapped onto, at the device's levels, before any programming."""
        return self.at_levels(self.wanted(layer))

    def wanted(self, layer: MappedLayer) -> Conductances:
        """The conductances that a layer is mapped onto where any can be programmed, or those that are given."""
        if self.given is not None:
            return self.given.of(layer)
        ranges = output_ranges(layer.shape[0], self.config.array, self.layout)
        return map_weights(layer.weights, self.config.mapping, self.card.window(), len(ranges))

    def at_levels(self, wanted: Conductances) -> Conductances:
        """The nearest conductances at the device's levels."""
        levels, shared, window = self.config.errors.levels, wanted.reference_siemens, self.card.window()
        if levels is None:
            return wanted
        if shared is None:
            return wanted.with_conductances(nearest_levels(wanted.g_siemens, *window, levels), None)
        reference = nearest_levels(shared, *window, levels)
        moved = wanted.g_siemens + (reference - shared).flat[0]  # weights are differences from the reference's level
        return wanted.with_conductances(nearest_levels(moved, *window, levels), reference)

    def programmed(self, target: Conductances, trial: int, layer: int, misfits: Misfits | None = None) -> Conductances:
        """Program a layer: its conductances in a trial, which do not depend on what was programmed before.

        Args:
            target: wanted conductances.
            trial: number of the trial.
            layer: number of the layer.
            misfits: misfits of sampled devices, where programming is the array's own write-verify.

        """
        shared, key = target.reference_siemens, (trial, layer)
        g, traits = self._as_read(target.g_siemens, key, MAIN_DEVICES, misfits)
        programmed = replace(target, g_siemens=g, traits=traits)
        if shared is None:
            return programmed
        g, traits = self._as_read(shared, key, REFERENCE_DEVICES, misfits)
        return replace(programmed, reference_siemens=g, reference_traits=traits)

    def _as_read(
        self, g_siemens: Array, key: tuple[int, int], part: int, misfits: Misfits | None
    ) -> tuple[Array, Traits]:
        """Conductances, S, and other properties of devices as a read finds them: programmed, drifted, some stuck."""
        array, errors = self.config.array, self.config.errors
        rng = stream(self.seed, *key, *[part] * (part != MAIN_DEVICES))
        g = program(g_siemens, self.spread, rng) if misfits is None else misfits.apply(g_siemens, rng)
        instance: dict[str, Array] = {}
        stuck = None
        if errors.device_to_device:
            drawn = stream(self.seed, *key, part, INSTANCE).integers(_SEEDS)
            instance = differing(self.card, g.shape, int(drawn))
        if self._reach_is_known:
            g = relaxed(self.card, g, errors.time_s, errors.temperature_k, instance, errors.after)
        if array.stuck_low > 0 or array.stuck_high > 0:
            chance = stream(self.seed, *key, part, STUCK).uniform(size=g.shape)
            at_low, at_high = chance < array.stuck_low, chance >= 1 - array.stuck_high
            low, high = self.card.window()
            g, stuck = np.where(at_low, low, np.where(at_high, high, g)), at_low | at_high
        return g, Traits(instance, stuck)

    def read(self, conductances: Conductances, layer: MappedLayer, *, powers: bool = False) -> LayerRead:
        """Operators of a layer's tiles, wires included; see ``read_layer``."""
        return read_layer(conductances, self.config.array, layer.block, powers=powers)

    def part(self, plan: LayerPlan, conductances: Conductances, trial: int | None = None) -> ArrayPart:
        """The arrays of a layer with these conductances; they have read noise only in a trial."""
        errors = self.config.errors
        noise = 0.0 if trial is None else errors.read_noise
        return ArrayPart(
            plan=plan,
            conductances=conductances,
            read=self.read(conductances, plan.layer, powers=noise > 0),
            converters=self.config.converters,
            curve=self.read_curve if errors.nonlinearity else None,
            read_noise=noise,
            noise_seed=0 if trial is None else self.noise_seed(trial),
        )

    def noise_seed(self, trial: int, use: int = READ_NOISE) -> int:
        """Seed of all read noise in a trial's graph."""
        return int(stream(self.seed, use, trial).integers(_SEEDS))

    def uncompensated(self) -> Hardware:
        """The same hardware without any compensation."""
        return replace(self, config=self.config.model_copy(update={"compensate": "none"}))

    def without_wires(self) -> Hardware:
        """The same hardware with wires and terminations of no resistance."""
        return replace(self, config=self.config.model_copy(update={"array": self.config.array.without_wires()}))
