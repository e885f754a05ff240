"""Energy and time of a write and of a read, and the parts that take the energy, against the size of the array."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from models_va import ROOM_TEMPERATURE_K, DeviceCard
from models_va.errors import InputError
from netlists import (
    SCHEMES,
    ArrayConfig,
    ArrayProgram,
    Circuit,
    Devices,
    Job,
    LineVoltages,
    Scheme,
    Transient,
    column_node,
    crossbar_circuit,
    read_voltages,
    row_node,
    write_voltages,
)
from spicegen.arrays.identity import array_identity
from spicegen.arrays.studies.sizes import check_sizes
from spicegen.devices.programming import program_devices
from spicegen.devices.write_pulses import given_or_card_pulses
from spicegen.printers.numpy_model import numpy_model
from spicegen.progress import track
from spicegen.simulate import REFERENCE, SimResult, simulator

Array = NDArray[np.float64]
PARTS = ("selected", "half-selected", "elsewhere", "wires")
READ = "read"
_LARGEST = 64


@dataclass(frozen=True, eq=False)
class EnergyStudy:
    """Result of ``study energy``.

    Attributes:
        config: description of the array: wires' ends, card, cells and read voltage; the size is swept.
        card: card of its devices.
        sizes: numbers of rows, and of columns, of the square arrays.
        v_write_volt, width_s: amplitude (V) and flat time (s) of the write pulse.
        kinds: the operations: a write with each scheme, and the read.
        energy_joule: energy that each part takes, shape (sizes, kinds, parts), J. In a read all cells are selected.
        supply_joule: energy that the sources deliver, shape (sizes, kinds), J.
        time_s: time that the operation takes, edges included, shape (kinds,), s.
    """

    config: ArrayConfig
    card: DeviceCard
    sizes: tuple[int, ...]
    v_write_volt: float
    width_s: float
    kinds: tuple[str, ...]
    energy_joule: Array
    supply_joule: Array
    time_s: Array

    head: ClassVar[tuple[str, ...]] = ("what", "N", "energy / nJ", *(f"{part} / %" for part in PARTS), "time / ms")

    @property
    def summary(self) -> str:
        """The result of the study in one sentence."""
        n = self.sizes[-1]
        found = ", ".join(f"{e * 1e9:.3g} nJ {k}" for e, k in zip(self.supply_joule[-1], self.kinds, strict=True))
        return f"Energy of one write by scheme, and of one read, in a {n} x {n} array: {found}"

    def rows(self) -> list[tuple[object, ...]]:
        """The rows of the result table, one for each kind of operation and size."""
        return [
            (kind, n, float(self.supply_joule[a, b] * 1e9),
             *(float(part / self.supply_joule[a, b] * 100) for part in self.energy_joule[a, b]),
             float(self.time_s[b] * 1e3))
            for b, kind in enumerate(self.kinds)
            for a, n in enumerate(self.sizes)
        ]  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            **array_identity(self.config, self.card),
            "sizes": self.sizes,
            "v_write_volt": self.v_write_volt,
            "width_s": self.width_s,
            "kinds": self.kinds,
            "parts": PARTS,
            "energy_joule": self.energy_joule,
            "supply_joule": self.supply_joule,
            "time_s": self.time_s,
        }


def study_energy(
    config: ArrayConfig,
    card: DeviceCard,
    sizes: tuple[int, ...] = (2, 4, 8, 16, 32),
    v_write_volt: float | None = None,
    width_s: float | None = None,
) -> EnergyStudy:
    """Simulate one write of the cell in the middle with every scheme, and one read, in square arrays.

    Args:
        config: description of wires, cells and read voltage; its size is not used.
        card: card of the devices.
        sizes: numbers of rows, and of columns, of the arrays.
        v_write_volt: voltage te - be across the cell that is written, V; None for that of the card's pulse that raises
            conductances.
        width_s: flat time of the write, s; None for that of the card's write pulses.

    Raises:
        InputError: a size is out of range, the array has faults, or the write's voltage or width cannot be.
        CardError: the card names no write pulse, and voltage and width are not both given.
        SimulationError: a transient failed.
    """
    check_sizes("energy", config, sizes, _LARGEST)
    pulses = given_or_card_pulses(card, v_write_volt, width_s)
    v_write_volt = pulses.up_volt if v_write_volt is None else v_write_volt
    width_s = pulses.width_s if width_s is None else width_s
    if not (0 < abs(v_write_volt) < math.inf and 0 < width_s < math.inf):
        raise InputError(
            f"energy: a write of {v_write_volt:g} V and {width_s:g} s: the voltage must be finite and not zero, the "
            "width positive and finite"
        )
    kinds = (*SCHEMES, READ)
    points = [(n, kind) for n in sizes for kind in kinds]
    energy, supply, time = [], [], []
    for n, kind in track(points, "energies"):
        selected = np.zeros((n, n), dtype=bool)
        program = pulses.array_program(n, n)
        if kind == READ:
            selected[:] = True
            voltages, width = read_voltages(np.full(n, config.v_read_volt), n), program.read_width_s
        else:
            selected[n // 2, n // 2] = True
            voltages, width = write_voltages(cast(Scheme, kind), n, n, n // 2, n // 2, v_write_volt), width_s
        parts, total, duration = _pulse(config, card, program, voltages, width, selected)
        energy.append(parts)
        supply.append(total)
        time.append(duration)
    shape = (len(sizes), len(kinds))
    return EnergyStudy(
        config, card, sizes, v_write_volt, width_s, kinds, np.reshape(energy, (*shape, len(PARTS))),
        np.reshape(supply, shape), np.array(time[: len(kinds)]),
    )  # fmt: skip


def _pulse(
    config: ArrayConfig,
    card: DeviceCard,
    program: ArrayProgram,
    voltages: LineVoltages,
    width_s: float,
    selected: NDArray[np.bool_],
) -> tuple[list[float], float, float]:
    """Energy by part (J), energy of all sources (J), and duration (s) of one pulse."""
    n = program.rows
    square = config.model_copy(update={"rows": n, "columns": n})
    cells = square.draw_cells(*card.window())
    devices = program_devices(card, cells, config.seed, programming_error=False).devices
    crossbar = square.crossbar(cells)
    program.pulse(voltages, width_s)
    (stage,) = program.stages
    circuit = crossbar_circuit(crossbar, devices, stage.lines)
    result = simulator(REFERENCE).run(Job(circuit, Transient(stage.stop_s, stage.max_step_s, 1e-5), "energy"))
    assert result.time_s is not None
    across = np.array(
        [
            [result.voltage_volt[row_node(crossbar, i, j)] - result.voltage_volt[column_node(crossbar, i, j)]
             for j in range(n)]
            for i in range(n)
        ]
    )  # fmt: skip
    per_cell = np.asarray(np.trapezoid(across * _currents(devices, result, across), result.time_s, axis=-1))
    line = np.logical_or.outer(np.asarray(selected.any(axis=1)), np.asarray(selected.any(axis=0)))
    parts = [float(per_cell[where].sum()) for where in (selected, line & ~selected, ~line)]
    supply = _supply(circuit, result)
    return [*parts, supply - sum(parts)], supply, stage.stop_s


def _currents(devices: Devices, result: SimResult, across_volt: Array) -> Array:
    """Current through each cell over time, shape (rows, columns, points), A."""
    model, (rows, columns) = devices.card.device_model, devices.shape
    found = np.empty_like(across_volt)
    for i in range(rows):
        for j in range(columns):
            states = np.stack([result.state[f"d{i}_{j}.{name}"] for name in model.state_names], axis=1)
            values = {**devices.card.values, **{name: float(v[i, j]) for name, v in devices.instance.items()}}
            found[i, j] = numpy_model(model).current(across_volt[i, j], states, values, ROOM_TEMPERATURE_K)
    return found


def _supply(circuit: Circuit, result: SimResult) -> float:
    """Energy that all sources together deliver, J."""
    assert result.time_s is not None
    power = -sum(s.waveform.at(result.time_s) * result.current_amp[s.name] for s in circuit.sources)
    return float(np.trapezoid(power, result.time_s))
