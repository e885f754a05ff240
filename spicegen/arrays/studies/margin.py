"""Reads of one cell of a passive array: read margin and sneak current against the size, for several read schemes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from models_va import ROOM_TEMPERATURE_K, DeviceCard
from netlists import SCHEMES, ArrayConfig, Job, Lines, ReadVectors, Waveform, crossbar_circuit, write_voltages
from spicegen.arrays.identity import array_identity
from spicegen.arrays.studies.sizes import check_sizes
from spicegen.devices.programming import program_devices
from spicegen.printers.numpy_model import numpy_model
from spicegen.progress import track
from spicegen.simulate import REFERENCE, simulator

Array = NDArray[np.float64]
OTHERS = ("low", "high")
_LARGEST = 256
"""Largest number of rows, and of columns: beyond it, an operating point takes minutes."""


@dataclass(frozen=True, eq=False)
class MarginStudy:
    """Result of ``study margin``.

    Attributes:
        config: description of the array: wires' ends, card and read voltage; the size is swept.
        card: device card with the conductance window.
        sizes: numbers of rows, and of columns, of the square arrays.
        current_amp: current of the selected column with the selected cell at the window's bottom and top (last axis)
            and all others at its bottom and top (last but one), shape (sizes, schemes, 2, 2), A.
        sneak_amp: the part of this current that does not come through the selected cell, same shape, A.
        supply_watt: power that all sources together deliver, same shape, W.
    """

    config: ArrayConfig
    card: DeviceCard
    sizes: tuple[int, ...]
    current_amp: Array
    sneak_amp: Array
    supply_watt: Array

    head: ClassVar[tuple[str, ...]] = ("scheme", "N", "margin", "worst others", "sneak share", "supply / uW")

    @property
    def margin(self) -> Array:
        """Read margin (I_high - I_low) / I_high for the worst states of the other cells, shape (sizes, schemes).

        I_high is the smallest current of a high cell and I_low the largest current of a low cell over the other cells'
        states: the currents that a fixed reference has to tell apart (Chen, IEEE Trans. Electron Devices 60, 1318
        (2013)). Where the margin is negative, no reference can.
        """
        high, low = self.current_amp[..., 1].min(axis=2), self.current_amp[..., 0].max(axis=2)
        return np.asarray((high - low) / high)

    @property
    def sneak_share(self) -> Array:
        """Largest share of the selected column's current that does not come through the selected cell."""
        return np.asarray(np.abs(self.sneak_amp / self.current_amp).max(axis=(2, 3)))

    @property
    def summary(self) -> str:
        """The result of the study in one sentence."""
        found = ", ".join(f"{m:.2f} {scheme}" for scheme, m in zip(SCHEMES, self.margin[-1], strict=True))
        n = self.sizes[-1]
        return f"Read margin of one cell in a {n} x {n} array by what the other lines do: {found}"

    def rows(self) -> list[tuple[object, ...]]:
        """The rows of the result table, one for each scheme and size."""
        return [
            (scheme, n, self.margin[a, b], OTHERS[int(self.current_amp[a, b, :, 0].argmax())],
             self.sneak_share[a, b], float(self.supply_watt[a, b].max() * 1e6))
            for b, scheme in enumerate(SCHEMES)
            for a, n in enumerate(self.sizes)
        ]  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            **array_identity(self.config, self.card),
            "sizes": self.sizes,
            "schemes": SCHEMES,
            "current_amp": self.current_amp,
            "sneak_amp": self.sneak_amp,
            "supply_watt": self.supply_watt,
            "margin": self.margin,
        }


def study_margin(config: ArrayConfig, card: DeviceCard, sizes: tuple[int, ...] = (2, 4, 8, 16, 32, 64)) -> MarginStudy:
    """Read the worst-placed cell of square arrays, whose other cells are all alike, with every scheme.

    Raises:
        InputError: a size is out of range, or the array has faults.
        SimulationError: an operating point failed.
    """
    check_sizes("margin", config, sizes, _LARGEST)
    points = [(n, scheme, others, cell) for n in sizes for scheme in range(len(SCHEMES)) for others in (0, 1)
              for cell in (0, 1)]  # fmt: skip
    found = np.array([_read(config, card, *point) for point in track(points, "reads")])
    current, sneak, supply = np.moveaxis(found.reshape(len(sizes), len(SCHEMES), 2, 2, 3), -1, 0)
    return MarginStudy(config, card, sizes, current, sneak, supply)


def _read(config: ArrayConfig, card: DeviceCard, n: int, scheme: int, others: int, cell: int) -> tuple[float, ...]:
    """Current of the selected column (A), its part from other cells (A), and the power of all sources (W)."""
    window, row, column = card.window(), 0, n - 1  # the cell far from the driver at the left and the amplifier below
    g = np.full((n, n), window[others])
    g[row, column] = window[cell]
    devices = program_devices(card, g, config.seed, programming_error=False).devices
    crossbar = config.model_copy(update={"rows": n, "columns": n}).crossbar(g)
    volts = write_voltages(SCHEMES[scheme], n, n, row, column, config.v_read_volt)
    rows, columns = (
        tuple(None if np.isnan(v) else Waveform.constant(float(v)) for v in line)
        for line in (volts.rows, volts.columns)
    )
    circuit = crossbar_circuit(crossbar, devices, Lines(rows, columns))
    v = np.array([[s.waveform.value_volt[0] for s in circuit.sources]])
    result = simulator(REFERENCE).run(Job(circuit, ReadVectors(v), "margin"))
    ends = [name for name in (f"vb{column}", f"vt{column}") if name in result.current_amp]
    current = sum(float(result.current_amp[name][0]) for name in ends)
    supply = -sum(float(result.current_amp[s.name][0]) * volt for s, volt in zip(circuit.sources, v[0], strict=True))
    found = next(c for c in circuit.cells if c.name == f"d{row}_{column}")
    across = (float(result.voltage_volt[node][0]) for node in (found.te, found.be))
    through = _cell_current(card, dict(found.instance), next(across) - next(across))
    return current, current - through, supply


def _cell_current(card: DeviceCard, instance: dict[str, float], v_volt: float) -> float:
    """Current through a device in its initial state at ``v_volt``, A."""
    model, values = card.device_model, {**card.values, **instance}
    states = np.array([[values[s.initial] for s in model.states]])
    return float(numpy_model(model).current(np.array([v_volt]), states, values, ROOM_TEMPERATURE_K)[0])
