"""Programming by the array's own pulses: a few tiles of a layer really are programmed, and tell what all devices miss.

A network has thousands of tiles, and one of 8 x 8 takes half a minute. So of each layer some tiles, with the
targets that they have, are programmed in the native circuit solver: pulses through the wires, half-selected
neighbours, rests, reads. What becomes of these is exact. Every device of the layer then misses its target by what a
sampled device with a target near its own missed, drawn with replacement: a bootstrap (Efron, Ann. Stat. 7, 1 (1979)).
What a tile's devices have in common, its place in a row say, is lost in that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from evaluator.hardware.random_keys import SAMPLED_DEVICES, SAMPLED_TILES
from evaluator.mapping.plan import LayerPlan
from evaluator.mapping.tiles import tiles_of
from evaluator.network.layer import Array
from models_va import DeviceCard, ProgrammingError
from models_va.errors import InputError
from netlists import ArrayConfig, Devices
from spicegen.arrays.write_verify import WritePlan, write_verify
from spicegen.devices.programming import program_devices, sigma_of, stream
from spicegen.files import output_folder
from spicegen.progress import Progress
from spicegen.result_cache import ResultCache, card_identity, digest, engine_identity
from spicegen.simulate import REFERENCE, simulator

_MOST_PULSES = 40
LARGEST = 8
"""Largest number of rows, and of columns: 16 x 16 cells take so many pauses that devices forget, so that errors of 1.5
sigma(G) were the best that was seen."""
_EDITION = 1
"""Edition of stored programmings, which is raised when the same tile is to be programmed differently: old files are
then no longer found."""
_SECONDS_A_DEVICE = 0.5
"""Time that programming takes per device, s of one processor: 27 to 38 s were measured on 8 x 8 devices of the card
au-lixcoo2-pt."""
_NEIGHBOURS = 16
"""Number of sampled devices, those with the nearest targets, from which a misfit is drawn; more, if more have the same
target."""


@dataclass(frozen=True, eq=False)
class Misfits:
    """By how much programming missed the targets of a layer's sampled devices.

    Attributes:
        target_siemens: target conductances in rising order, shape (devices,), S.
        misfit_siemens: conductance at v = 0 after the array's last write, minus target, same shape, S.
        unverified: share of the devices whose last read was out of tolerance: their pulses were used up.

    """

    target_siemens: Array
    misfit_siemens: Array
    unverified: float

    def apply(self, g_siemens: Array, rng: np.random.Generator) -> Array:
        """Program devices once: each gets the misfit of a sampled device with a target near its own.

        Args:
            g_siemens: targets, any shape, S.
            rng: random generator, from which one number is drawn for each device.

        Returns:
            Conductances, of that shape, not negative, S.

        """
        count = len(self.target_siemens)
        first = np.searchsorted(self.target_siemens, g_siemens, "left")
        last = np.searchsorted(self.target_siemens, g_siemens, "right")
        more = np.maximum(_NEIGHBOURS - (last - first), 0)
        first = np.clip(first - more // 2, 0, max(count - _NEIGHBOURS, 0))
        last = np.minimum(np.maximum(last + more - more // 2, first + _NEIGHBOURS), count)
        drawn = first + np.floor(rng.random(g_siemens.shape) * (last - first)).astype(np.int64)
        return np.asarray(np.maximum(g_siemens + self.misfit_siemens[drawn], 0.0))


@dataclass(frozen=True, eq=False)
class _Sample:
    """A tile to be programmed: its targets (rows, columns), S, its erased devices, and the key of its result."""

    target_siemens: Array
    fresh: Devices
    key: str


@dataclass(frozen=True, eq=False)
class WriteVerifySampler:
    """Programs sampled tiles of each layer by write-verify in the native circuit solver.

    Attributes:
        card: card of every device; its sigma(G) is the tolerance of the reads, and it says which pulses write.
        array: largest number of rows and columns of a tile, wires, terminations, read voltage.
        seed: seed of the choice of tiles and of the differences between their devices.
        device_to_device: whether the card's spread of instance parameters applies.
        tiles_a_layer: number of tiles of each layer that are programmed, or all where it has no more.
        cache: folder of stored results, created if needed; None: nothing is stored.

    Raises:
        InputError: the array is too large.
        CardError: the card has no programming_error: without a tolerance there is nothing to verify against.

    """

    card: DeviceCard
    array: ArrayConfig
    seed: int = 0
    device_to_device: bool = False
    tiles_a_layer: int = 3
    cache: Path | None = None

    def __post_init__(self) -> None:
        rows, columns = self.array.rows, self.array.columns
        if max(rows, columns) > LARGEST:
            raise InputError(
                f"array: {rows} x {columns}: programming by write-verify takes at most {LARGEST} x {LARGEST}, beyond "
                "which half-selected cells are disturbed faster than they are written (see spicegen study programming)"
                f": give array.rows={LARGEST} and array.columns={LARGEST}, or errors.programming=card"
            )
        _ = self._tolerance, self.plan

    @cached_property
    def plan(self) -> WritePlan:
        """The plan by which tiles are programmed: the card's, with pauses between cells that share a line."""
        plan = WritePlan.of(self.card)
        return replace(plan, v_read_volt=self.array.v_read_volt, pause_s=plan.rest_s, most_pulses=_MOST_PULSES)

    def misfits(
        self, layers: Sequence[Sequence[Array]], say: Callable[[str], None], progress: Progress
    ) -> list[Misfits]:
        """The misfit of programming in each layer.

        Args:
            layers: sampled tiles of each layer (see ``sampled_tiles``): targets, shape (rows, columns) of the tile, S.
            say: function that is told the expected time before anything runs.
            progress: progress bar of the work.

        Raises:
            InputError: the folder cannot be used.
            SimulationError: a pulse could not be simulated; tiles that were finished are stored.

        """
        if self.cache is not None:
            output_folder(self.cache)
        samples = [[self._sample(t, layer, k) for k, t in enumerate(tiles)] for layer, tiles in enumerate(layers)]
        programmed = self._programmed({s.key: s for some in samples for s in some}, say, progress)
        return [self._misfits([(s.target_siemens, *programmed[s.key]) for s in some]) for some in samples]

    def sampled_tiles(self, plan: LayerPlan) -> list[Array]:
        """The targets of a layer's tiles that are to be programmed, shapes (rows, columns), S."""
        groups, inputs, outputs, _ = plan.target.g_siemens.shape
        tiles = tiles_of((groups, outputs, inputs), self.array, plan.target.layout, plan.layer.block)
        count = min(self.tiles_a_layer, len(tiles))
        chosen = stream(self.seed, SAMPLED_TILES, plan.number).choice(len(tiles), count, replace=False)
        return [tiles[k].conductances(plan.target) for k in sorted(chosen)]

    @cached_property
    def _tolerance(self) -> ProgrammingError:
        """The card's sigma(G), within which a read accepts a conductance."""
        return sigma_of(self.card, ": it is the tolerance of write-verify")

    def _sample(self, target: Array, layer: int, tile: int) -> _Sample:
        """A tile with erased devices that differ as the card says."""
        erased = np.full(target.shape, self.card.window()[0])
        key = np.random.SeedSequence(self.seed, spawn_key=(SAMPLED_DEVICES, layer, tile))
        fresh = program_devices(
            self.card, erased, key, programming_error=False, device_to_device=self.device_to_device
        ).devices  # fmt: skip
        return _Sample(target, fresh, self._key(target, fresh))

    def _key(self, target: Array, fresh: Devices) -> str:
        """Digest of everything that the programming of a tile depends on."""
        wires = vars(self.array.crossbar(np.zeros(target.shape)))
        head = {
            "edition": _EDITION,
            "engine": engine_identity(simulator(REFERENCE)),
            "card": card_identity(self.card),
            "plan": asdict(self.plan),
            "wires": {k: v for k, v in wires.items() if k not in ("g_siemens", "faults")},
            "faults": self.array.faults.model_dump(mode="json"),
            "shape": [target.shape, sorted(fresh.instance)],
        }
        return digest(head, [target, *(fresh.instance[name] for name in sorted(fresh.instance))])

    def _programmed(
        self, samples: dict[str, _Sample], say: Callable[[str], None], progress: Progress
    ) -> dict[str, tuple[Array, Array]]:
        """Conductances at the end and as last read of each tile, by key."""
        found = {key: stored for key, s in samples.items() if (stored := self._stored(s)) is not None}
        missing = [s for key, s in samples.items() if key not in found]
        if missing:
            minutes = _SECONDS_A_DEVICE * sum(s.target_siemens.size for s in missing) / 60
            say(
                f"write-verify: {len(missing)} sampled tiles are programmed pulse by pulse: about "
                f"{max(minutes, 1):.0f} min ({len(found)} more are kept from before)"
            )
        for sample in progress(missing, "Programming sampled tiles", len(missing)):
            found[sample.key] = self._program(sample)
        return {key: (both[0], both[1]) for key, both in found.items()}

    def _stored(self, sample: _Sample) -> Array | None:
        """Conductances of a tile at the end and as last read, S, shape (2, rows, columns); None: none are stored."""
        stored = ResultCache(self.cache).load(sample.key, ["both_siemens"])
        return None if stored is None else stored["both_siemens"]

    def _program(self, sample: _Sample) -> Array:
        """Program a tile; its conductances at the end and as last read, S, shape (2, rows, columns)."""
        target = sample.target_siemens
        crossbar, sigma = self.array.crossbar(np.zeros(target.shape)), self._tolerance.sigma_siemens(target)
        written = write_verify(crossbar, sample.fresh, target, sigma, self.plan, simulator(REFERENCE))
        both = np.stack([written.g_siemens, written.verified_siemens])
        ResultCache(self.cache).store(sample.key, both_siemens=both)
        return both

    def _misfits(self, tiles: Sequence[tuple[Array, Array, Array]]) -> Misfits:
        """The misfits of a layer from its tiles: targets, conductances at the end and as last read, S."""
        target, g, verified = (np.concatenate([t[k].ravel() for t in tiles]) for k in range(3))
        order = np.argsort(target, kind="stable")
        off = np.abs(verified - target) > self._tolerance.sigma_siemens(target)
        return Misfits(target[order], (g - target)[order], float(np.mean(off)))
