"""ArrayConfig: the description of an array that people write (YAML), and the crossbars it stands for."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from netlists.crossbar import Crossbar, Drive, Sense

Resistance = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Size = Annotated[int, Field(ge=1, le=4096)]


class ArrayConfig(BaseModel):
    """A passive array: size, wires, terminations, and what is read from it.

    ``evaluate`` takes size and wires from here for every tile; ``array`` all of it.

    Attributes:
        card: device card whose conductance window the cells fill.
        rows, columns: size of the array, or of a tile.
        r_row_ohm, r_col_ohm: wire resistance of one segment, ohm.
        r_source_ohm, r_sense_ohm: resistance of drivers and sense amplifiers, ohm.
        drive, sense: see Crossbar.
        cells: conductances over the card's window: all at its top (``"max"``), all at its bottom (``"min"``),
            or uniformly distributed (``"random"``). They are fixed conductances, unless variability is wanted:
        programming_error: cells are devices, programmed to these conductances with the card's sigma(G).
        device_to_device: cells are devices whose instance parameters differ by the card's device_to_device.
        inputs: row voltages: all at ``v_read_volt`` (``"ones"``) or uniform in 0 .. v_read_volt (``"random"``).
        v_read_volt: full-scale read voltage, V.
        seed: of all that is random here: cells, inputs and variability.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    card: str = "au-lixcoo2-pt"
    rows: Size = 16
    columns: Size = 16
    r_row_ohm: Resistance = 1.0
    r_col_ohm: Resistance = 1.0
    r_source_ohm: Resistance = 0.0
    r_sense_ohm: Resistance = 0.0
    drive: Drive = "left"
    sense: Sense = "bottom"
    cells: Literal["random", "max", "min"] = "random"
    programming_error: bool = False
    device_to_device: bool = False
    inputs: Literal["ones", "random"] = "ones"
    v_read_volt: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 0.1
    seed: Annotated[int, Field(ge=0)] = 0

    @property
    def varies(self) -> bool:
        """Whether the cells are devices that differ, not fixed conductances."""
        return self.programming_error or self.device_to_device

    def crossbar(self, g_siemens: NDArray[np.float64]) -> Crossbar:
        """The crossbar of these wires with the given conductances (any size up to rows x columns), S."""
        return Crossbar(
            g_siemens,
            r_row_ohm=self.r_row_ohm,
            r_col_ohm=self.r_col_ohm,
            r_source_ohm=self.r_source_ohm,
            r_sense_ohm=self.r_sense_ohm,
            drive=self.drive,
            sense=self.sense,
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
