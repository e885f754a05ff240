"""ArrayConfig: the description of an array that people write (YAML), and the crossbars that it describes."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from models_va import DeviceCard
from models_va.errors import InputError
from netlists.array_program import ArrayProgram
from netlists.array_steps import PulseStep, Step, WriteStep
from netlists.crossbar import Crossbar, Drive, Sense
from netlists.faults import NO_FAULTS, LineFaults

Resistance = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Capacitance = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Index = Annotated[int, Field(ge=0)]
Size = Annotated[int, Field(ge=1, le=4096)]
_RESISTANCES = ("r_row_ohm", "r_col_ohm", "r_source_ohm", "r_sense_ohm")


class StuckCell(BaseModel):
    """One cell that is stuck at a fixed conductance.

    Attributes:
        row, column: place of the cell.
        g_siemens: its conductance, S; 0 means that nothing is there, a large one that row and column are shorted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: Index
    column: Index
    g_siemens: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class ArrayConfig(BaseModel):
    """A passive array: size, wires, terminations, faults, and the program that is run on it.

    ``evaluate`` takes the size and the wires of every tile from here; ``array`` uses all fields.

    Attributes:
        card: device card whose conductance window the cells fill.
        rows, columns: size of the array, or of a tile.
        r_row_ohm, r_col_ohm: wire resistance of one segment, ohm.
        r_source_ohm, r_sense_ohm: resistance of drivers and sense amplifiers, ohm.
        c_row_farad, c_col_farad: capacitance of one segment, F; it is used by programs only.
        drive, sense: ends of the lines that are driven and sensed, see Crossbar.
        faults: breaks and bridges of the lines.
        stuck: cells that are stuck, named by row and column.
        stuck_low, stuck_high: share of all other cells that is stuck at the window's bottom or top; the seed
            determines which.
        cells: conductances over the card's window: all at its top (``"max"``), all at its bottom (``"min"``),
            or uniformly distributed (``"random"``). Cells are fixed conductances, unless one of the next two is set.
        programming_error: whether cells are devices, programmed to these conductances with the card's sigma(G).
        device_to_device: whether cells are devices whose instance parameters differ by the card's device_to_device.
        inputs: row voltages: all at ``v_read_volt`` (``"ones"``) or uniform in 0 .. v_read_volt (``"random"``).
        v_read_volt: full-scale read voltage, V.
        program: steps done one after another, beginning with the cells at their conductances; if empty, one read.
        seed: seed of all random numbers: cells, inputs, variability and stuck cells.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    card: str = "au-lixcoo2-pt"
    rows: Size = 16
    columns: Size = 16
    r_row_ohm: Resistance = 1.0
    r_col_ohm: Resistance = 1.0
    r_source_ohm: Resistance = 0.0
    r_sense_ohm: Resistance = 0.0
    c_row_farad: Capacitance = 0.0
    c_col_farad: Capacitance = 0.0
    drive: Drive = "left"
    sense: Sense = "bottom"
    faults: LineFaults = NO_FAULTS
    stuck: tuple[StuckCell, ...] = ()
    stuck_low: Share = 0.0
    stuck_high: Share = 0.0
    cells: Literal["random", "max", "min"] = "random"
    programming_error: bool = False
    device_to_device: bool = False
    inputs: Literal["ones", "random"] = "ones"
    v_read_volt: Annotated[float, Field(ge=1e-6, le=10, allow_inf_nan=False)] = 0.1
    program: tuple[Step, ...] = ()
    seed: Annotated[int, Field(ge=0)] = 0

    @property
    def varies(self) -> bool:
        """Whether the cells are devices that differ, and not fixed conductances."""
        return self.programming_error or self.device_to_device

    @property
    def has_wires(self) -> bool:
        """Whether any resistance is above zero, or a line is broken or touches another."""
        return any(getattr(self, name) > 0 for name in _RESISTANCES) or bool(self.faults)

    def without_wires(self) -> ArrayConfig:
        """The array with every wire resistance at zero and no faults of lines."""
        return self.model_copy(update={**dict.fromkeys(_RESISTANCES, 0.0), "faults": NO_FAULTS})

    def crossbar(self, g_siemens: NDArray[np.float64]) -> Crossbar:
        """The crossbar of these wires with conductances ``g_siemens``, S, whose shape is at most (rows, columns)."""
        return Crossbar(
            g_siemens,
            r_row_ohm=self.r_row_ohm,
            r_col_ohm=self.r_col_ohm,
            r_source_ohm=self.r_source_ohm,
            r_sense_ohm=self.r_sense_ohm,
            drive=self.drive,
            sense=self.sense,
            c_row_farad=self.c_row_farad,
            c_col_farad=self.c_col_farad,
            faults=self.faults,
        )

    def draw_cells(self, g_min_siemens: float, g_max_siemens: float) -> NDArray[np.float64]:
        """Conductances of the array's cells, shape (rows, columns), S."""
        shape = (self.rows, self.columns)
        if self.cells == "random":
            return np.random.default_rng([self.seed, 0]).uniform(g_min_siemens, g_max_siemens, shape)
        return np.full(shape, g_max_siemens if self.cells == "max" else g_min_siemens)

    def draw_inputs(self) -> NDArray[np.float64]:
        """Row voltages of the read, shape (rows,), V."""
        if self.inputs == "ones":
            return np.full(self.rows, self.v_read_volt)
        return np.random.default_rng([self.seed, 1]).uniform(0, self.v_read_volt, self.rows)

    def draw_stuck(self, g_min_siemens: float, g_max_siemens: float) -> NDArray[np.float64]:
        """Conductance of each stuck cell, NaN where the cell works, shape (rows, columns), S.

        Raises:
            InputError: a stuck cell is not in the array, or the shares add up to more than 1.
        """
        if self.stuck_low + self.stuck_high > 1:
            raise InputError(f"array: stuck_low + stuck_high = {self.stuck_low + self.stuck_high:g}: at most 1")
        drawn = np.random.default_rng([self.seed, 2]).uniform(size=(self.rows, self.columns))
        found = np.full(drawn.shape, np.nan)
        found[drawn < self.stuck_low] = g_min_siemens
        found[drawn >= 1 - self.stuck_high] = g_max_siemens
        for cell in self.stuck:
            if cell.row >= self.rows or cell.column >= self.columns:
                raise InputError(
                    f"array: stuck cell ({cell.row}, {cell.column}) is not in an array of {self.rows} x {self.columns}"
                )
            found[cell.row, cell.column] = cell.g_siemens
        return found

    def array_program(self, device: DeviceCard) -> ArrayProgram:
        """The program that the steps describe, with edges and reads that suit its shortest pulse.

        Those of a program without pulses suit the write pulses of ``device``, the array's card, if it names some.

        Raises:
            InputError: a step names a line that does not exist.
        """
        widths = [step.width_s for step in self.program if isinstance(step, WriteStep | PulseStep)]
        if not widths and device.write_pulse:
            widths = [device.write_pulse.width_s.value]
        size, v_in = (self.rows, self.columns), self.draw_inputs()
        program = ArrayProgram.for_pulses_of(min(widths), *size) if widths else ArrayProgram(*size)
        for number, step in enumerate(self.program):
            try:
                step.add(program, v_in)
            except InputError as error:
                raise InputError(f"program: step {number + 1}: {error}") from error
        return program
